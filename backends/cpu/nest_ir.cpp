#include <lanc/backends/cpu/nest_ir.h>

#include <algorithm>
#include <bit>

#include <lanc/backends/cpu/program_ir.h>
#include <lanc/backends/reduction_start.h>

// The shape of the code, for W lanes:
//
//   entry:      addresses, buffers; what is the same in all rows
//   row:        what is the same along this row
//               left = columns; to body while left >= W, to tail for the rest
//   tail:       the rest of the row is copied to buffers, and results will be written to buffers: the body is there once
//   body:       load W, compute, store or reduce W
//   fold:       after 256 elements and at the end of the row: the 32 lanes of each reduction along the row become one value
//   tail.out:   results of the rest are copied from their buffers
//   row.end:    next row

namespace lanc::cpu {
namespace {

template <class N>
std::string text(N n) {
  return std::to_string(n);
}

uint64_t start_bits(FusedKind kind, DType t) {
  const auto k = static_cast<size_t>(kind);
  switch (t) {
    case DType::f32: return std::bit_cast<uint32_t>(reduction_start<float>[k]);
    case DType::f64: return std::bit_cast<uint64_t>(reduction_start<double>[k]);
    case DType::i64: return static_cast<uint64_t>(reduction_start<int64_t>[k]);
    case DType::i32: return static_cast<uint32_t>(reduction_start<int32_t>[k]);
    case DType::u8: return reduction_start<uint8_t>[k];
    default: return reduction_start<bool>[k];
  }
}

class NestWriter {
 public:
  NestWriter(const NestShape& shape, CpuTier tier)
      : s_(shape), p_(shape.program), tier_(tier), width_(width_of(shape, tier)), program_(shape.program, w_, tier, width_) {}

  std::string write() {
    place_instructions();
    entry();
    row();
    tail();
    body();
    end_of_body();
    row_end();
    return cat({w_.module, "define void @", nest_entry, "(ptr %bases, ptr %extent) #0 {\nentry:\n", w_.body, "}\nattributes #0 = { nounwind \"target-cpu\"=\"",
                llvm_processor(tier_), "\" \"target-features\"=\"", llvm_features(tier_), "\" \"prefer-vector-width\"=\"512\" ",
                "\"denormal-fp-math\"=\"preserve-sign,preserve-sign\" \"no-trapping-math\"=\"true\" }\n"});
  }

 private:
  enum class Level : uint8_t { once, row, element };

  // Measured on Zen 4: two vectors side by side hide the latency of one another, four where there is next to nothing to compute; a long
  // program then runs out of registers.
  static int width_of(const NestShape& shape, CpuTier tier) {
    int operations = 0;
    int64_t element = 4;
    for (const Instruction& i : shape.program.code) {
      if (i.op != MachineOp::constant && i.op != MachineOp::load) ++operations;
      if (i.op != MachineOp::constant) element = std::max(element, size_of(i.type));
    }
    const int lanes = static_cast<int>((tier == CpuTier::avx512 ? 64 : tier == CpuTier::avx2 ? 32 : 16) / element);
    const int vectors = operations <= 4 ? 4 : operations <= 48 ? 2 : 1;
    return std::min<int>(lanes * vectors, fused_sum_lanes);
  }

  // ---- which value lives where
  void place_instructions() {
    level_.resize(p_.code.size());
    value_.resize(p_.code.size());
    vector_.resize(p_.code.size());
    splatted_.assign(p_.code.size(), 0);
    for (size_t k = 0; k < p_.code.size(); ++k) {
      const Instruction& i = p_.code[k];
      Level level = Level::once;
      if (i.op == MachineOp::load) {
        const auto& operand = s_.operands[static_cast<size_t>(i.index)];
        level = operand.access != NestShape::Access::still ? Level::element : operand.same_in_all_rows ? Level::once : Level::row;
      }
      for (int o : {i.a, i.b, i.c})
        if (o >= 0) level = std::max(level, level_[static_cast<size_t>(o)]);
      level_[k] = level;
      if (level != Level::element) continue;
      for (int o : {i.a, i.b, i.c})
        if (o >= 0 && level_[static_cast<size_t>(o)] != Level::element) splatted_[static_cast<size_t>(o)] = 1;
    }
    for (int o : p_.outputs)
      if (level_[static_cast<size_t>(o)] != Level::element) splatted_[static_cast<size_t>(o)] = 1;
    for (const auto& r : s_.results) reduces_along_row_ |= r.kind != FusedKind::map && r.along_row;
  }

  // An operand as the reader wants it.
  std::string operand(int id, bool wide) const {
    if (id < 0) return "";
    const auto k = static_cast<size_t>(id);
    const Instruction& i = p_.code[k];
    if (!wide) return value_[k];
    if (level_[k] == Level::element) return value_[k];
    if (i.op == MachineOp::constant && vector_[k].empty()) return ir_constant(i.type, i.bits, width_);
    return vector_[k];
  }

  // All instructions of one level, in order.
  void compute(Level level) {
    const bool wide = level == Level::element;
    for (size_t k = 0; k < p_.code.size(); ++k) {
      if (level_[k] != level) continue;
      const Instruction& i = p_.code[k];
      const int id = static_cast<int>(k);
      if (i.op == MachineOp::constant) {
        const bool opaque = is_opaque(p_, id);
        value_[k] = opaque ? program_.opaque_constant(id) : ir_constant(i.type, i.bits, 1);
        if (!opaque) continue;
      } else if (i.op == MachineOp::load) {
        const std::string n = text(i.index);
        const DType stored = s_.operands[static_cast<size_t>(i.index)].stored;
        value_[k] = program_.load(stored, level == Level::once ? "%base." + n : level == Level::row ? "%row." + n : element_pointer(i.index), wide ? width_ : 1);
      } else {
        value_[k] = program_.instruction(id, operand(i.a, wide), operand(i.b, wide), operand(i.c, wide), wide ? width_ : 1, wide && needs_mask() ? "%mask" : "");
      }
      if (!wide && splatted_[k] != 0) vector_[k] = program_.splat(i.type, value_[k]);
    }
  }

  bool calls_rarely() const {
    return std::any_of(p_.code.begin(), p_.code.end(), [](const Instruction& i) { return i.op == MachineOp::rare_call; });
  }
  bool needs_mask() const { return reduces_along_row_ || calls_rarely(); }

  // ---- memory that the body walks through, one pointer each: dense and strided operands, dense results
  struct Stream {
    std::string name;  // "0": of operand 0; results count on
    DType stored;
    bool strided = false, read = true, written = false;
    int64_t bytes() const { return size_of(stored); }
  };
  std::vector<Stream> streams() const {
    std::vector<Stream> list;
    for (size_t i = 0; i < s_.operands.size(); ++i)
      if (s_.operands[i].access != NestShape::Access::still && is_loaded(static_cast<int>(i)))
        list.push_back({.name = text(i), .stored = s_.operands[i].stored, .strided = s_.operands[i].access == NestShape::Access::strided});
    for (size_t k = 0; k < s_.results.size(); ++k)
      if (!s_.results[k].along_row)
        list.push_back({.name = result(k), .stored = s_.results[k].stored, .read = s_.results[k].kind != FusedKind::map, .written = true});
    return list;
  }
  bool is_loaded(int input) const {
    return std::any_of(p_.code.begin(), p_.code.end(), [&](const Instruction& i) { return i.op == MachineOp::load && i.index == input; });
  }
  std::string result(size_t k) const { return text(s_.operands.size() + k); }
  size_t all_bases() const { return s_.operands.size() + s_.results.size(); }
  std::string element_pointer(int input) const {
    const bool strided = s_.operands[static_cast<size_t>(input)].access == NestShape::Access::strided;
    return (strided ? "%buffer." : "%at.") + text(input);
  }

  void name_extent(std::string_view value, size_t index) {
    const std::string slot = w_.value(cat({"getelementptr i64, ptr %extent, i64 ", text(index)}));
    name(value, cat({"load i64, ptr ", slot}));
  }
  void name(std::string_view name, std::string_view text) { w_.line(cat({name, " = ", text})); }

  bool in_memory() const { return width_ < fused_sum_lanes; }  // where the 32 lanes of a reduction are kept

  // ---- the blocks
  void entry() {
    w_.declare("declare ptr @memcpy(ptr, ptr, i64)");
    name_extent("%rows", 0);
    name_extent("%columns", 1);
    for (size_t i = 0; i < all_bases(); ++i) {
      const std::string slot = w_.value(cat({"getelementptr ptr, ptr %bases, i64 ", text(i)}));
      name("%base." + text(i), cat({"load ptr, ptr ", slot}));
      name_extent("%step." + text(i), 2 + i);
    }
    for (const Stream& s : streams()) {
      w_.line(cat({"%buffer.", s.name, " = alloca [", text(std::max<int64_t>(64, width_ * s.bytes())), " x i8], align 64"}));
      if (s.strided) {
        name_extent("%stride." + s.name, 2 + all_bases() + static_cast<size_t>(std::stoi(s.name)));
        w_.declare(cat({"declare void @lanc_lanes_gather_", text(s.bytes()), "(ptr, ptr, i64, i64)"}));
      }
    }
    for (size_t k = 0; k < s_.results.size(); ++k)
      if (s_.results[k].along_row && in_memory()) w_.line(cat({"%lanes.", result(k), " = alloca ", ir_type(s_.results[k].stored, fused_sum_lanes), ", align 64"}));
    program_.prepare();
    compute(Level::once);
    name("%wide", cat({"icmp sge i64 %columns, ", text(width_)}));
    name("%some", "icmp sgt i64 %columns, 0");
    name("%any", "icmp sgt i64 %rows, 0");
    before_rows_ = w_.block();
    w_.line("br i1 %any, label %row, label %exit");
  }

  void row() {
    w_.label("row");
    name("%r", cat({"phi i64 [ 0, %", before_rows_, " ], [ %r.next, %row.end ]"}));
    for (size_t i = 0; i < all_bases(); ++i)
      name("%row." + text(i), cat({"phi ptr [ %base.", text(i), ", %", before_rows_, " ], [ %row.next.", text(i), ", %row.end ]"}));
    compute(Level::row);
    for (size_t k = 0; k < s_.results.size(); ++k) {
      if (!s_.results[k].along_row) continue;
      const DType t = s_.results[k].stored;
      name("%sum.first." + result(k), cat({"load ", ir_type(t, 1), ", ptr %row.", result(k)}));
      if (in_memory()) clear_lanes(k);
    }
    before_body_ = w_.block();
    w_.line("br i1 %wide, label %body, label %row.short");
    w_.label("row.short");
    w_.line("br i1 %some, label %tail, label %row.end");
  }

  void clear_lanes(size_t k) {
    const std::string t = ir_type(s_.results[k].stored, fused_sum_lanes);
    w_.line(cat({"store ", t, " ", start(k, fused_sum_lanes), ", ptr %lanes.", result(k)}));
  }
  std::string start(size_t k, int lanes) const {
    return ir_constant(s_.results[k].stored, start_bits(s_.results[k].kind, s_.results[k].stored), lanes);
  }

  // Pointers and counts of the rest; what is read of it is copied.
  void tail() {
    w_.label("tail");
    for (const Stream& s : streams()) name("%rest." + s.name, cat({"phi ptr [ %row.", s.name, ", %row.short ], [ %at.next.", s.name, ", %more ]"}));
    name("%left.rest", "phi i64 [ %columns, %row.short ], [ %left.next, %more ]");
    for (size_t k = 0; k < s_.results.size(); ++k) {
      if (!s_.results[k].along_row) continue;
      const std::string n = result(k), t = ir_type(s_.results[k].stored, 1);
      name("%sum.rest." + n, cat({"phi ", t, " [ %sum.first.", n, ", %row.short ], [ %sum.next.", n, ", %more ]"}));
      if (!in_memory())
        name("%lanes.rest." + n, cat({"phi ", ir_type(s_.results[k].stored, width_), " [ ", start(k, width_), ", %row.short ], [ %lanes.next.", n, ", %more ]"}));
    }
    name("%mask.rest", first_lanes("%left.rest"));
    for (const Stream& s : streams())
      if (s.read && !s.strided) copy_rest(s, "%rest." + s.name, "%buffer." + s.name, "%left.rest", "%mask.rest", /*out=*/false);
    w_.line("br label %body");
  }

  // Lanes 0 to n - 1; n at most the width.
  std::string first_lanes(std::string_view n) {
    const std::string t = cat({"<", text(width_), " x i32>"});
    const std::string short_n = w_.value(cat({"trunc i64 ", n, " to i32"}));
    const std::string one = w_.value(cat({"insertelement ", t, " poison, i32 ", short_n, ", i32 0"}));
    const std::string all = w_.value(cat({"shufflevector ", t, " ", one, ", ", t, " poison, ", t, " zeroinitializer"}));
    std::string numbers;
    for (int k = 0; k < width_; ++k) numbers += cat({k == 0 ? "" : ", ", "i32 ", text(k)});
    return cat({"icmp slt ", t, " <", numbers, ">, ", all});
  }

  // The first elements from a stream to its buffer, or back. By a masked move where the processor has one for this size.
  void copy_rest(const Stream& s, std::string_view stream, std::string_view buffer, std::string_view count, std::string_view mask, bool out) {
    const bool masked = tier_ == CpuTier::avx512 || (tier_ == CpuTier::avx2 && s.bytes() >= 4);
    if (!masked) {
      const std::string bytes = w_.value(cat({"mul i64 ", count, ", ", text(s.bytes())}));
      w_.value(cat({"call ptr @memcpy(ptr ", out ? stream : buffer, ", ptr ", out ? buffer : stream, ", i64 ", bytes, ")"}));
      return;
    }
    const std::string t = memory_type(s.stored, width_), bits = cat({"<", text(width_), " x i1>"}), align = text(s.bytes());
    const std::string suffix = cat({".v", text(width_), (is_float(s.stored) && !is_storage_only(s.stored)) ? "f" : "i", text(8 * s.bytes()), ".p0"});
    if (out) {
      w_.declare(cat({"declare void @llvm.masked.store", suffix, "(", t, ", ptr, i32, ", bits, ")"}));
      const std::string v = w_.value(cat({"load ", t, ", ptr ", buffer, ", align 64"}));
      w_.line(cat({"call void @llvm.masked.store", suffix, "(", t, " ", v, ", ptr ", stream, ", i32 ", align, ", ", bits, " ", mask, ")"}));
    } else {
      w_.declare(cat({"declare ", t, " @llvm.masked.load", suffix, "(ptr, i32, ", bits, ", ", t, ")"}));
      const std::string v = w_.value(cat({"call ", t, " @llvm.masked.load", suffix, "(ptr ", stream, ", i32 ", align, ", ", bits, " ", mask, ", ", t, " zeroinitializer)"}));
      w_.line(cat({"store ", t, " ", v, ", ptr ", buffer, ", align 64"}));
    }
  }

  void body() {
    w_.label("body");
    for (const Stream& s : streams())
      name("%at." + s.name, cat({"phi ptr [ %row.", s.name, ", %", before_body_, " ], [ ", s.strided ? "%rest." : "%buffer.", s.name, ", %tail ], [ %at.next.", s.name, ", %again ]"}));
    name("%left", cat({"phi i64 [ %columns, %", before_body_, " ], [ %left.rest, %tail ], [ %left.next, %again ]"}));
    for (size_t k = 0; k < s_.results.size(); ++k) {
      if (!s_.results[k].along_row) continue;
      const std::string n = result(k), t = ir_type(s_.results[k].stored, 1);
      name("%sum." + n, cat({"phi ", t, " [ %sum.first.", n, ", %", before_body_, " ], [ %sum.rest.", n, ", %tail ], [ %sum.next.", n, ", %again ]"}));
      if (!in_memory())
        name("%lanes." + n, cat({"phi ", ir_type(s_.results[k].stored, width_), " [ ", start(k, width_), ", %", before_body_, " ], [ %lanes.rest.", n,
                                 ", %tail ], [ %lanes.next.", n, ", %again ]"}));
    }
    name("%left.next", cat({"sub i64 %left, ", text(width_)}));
    name("%full", "icmp sge i64 %left.next, 0");
    name("%count", cat({"select i1 %full, i64 ", text(width_), ", i64 %left"}));
    if (needs_mask()) name("%mask", first_lanes("%count"));
    for (const Stream& s : streams())
      if (s.strided) w_.line(cat({"call void @lanc_lanes_gather_", text(s.bytes()), "(ptr %buffer.", s.name, ", ptr %at.", s.name, ", i64 %stride.", s.name, ", i64 %count)"}));
    compute(Level::element);
    for (size_t k = 0; k < s_.results.size(); ++k) {
      const NestShape::Result& r = s_.results[k];
      const std::string v = operand(p_.outputs[k], true), n = result(k);
      if (r.kind == FusedKind::map) {
        program_.store(r.stored, v, "%at." + n, width_);
      } else if (!r.along_row) {
        program_.store(r.stored, combined(k, program_.load(r.stored, "%at." + n, width_), v, width_), "%at." + n, width_);
      } else {
        add_to_lanes(k, v);
      }
    }
    for (const Stream& s : streams()) {
      const std::string step = s.strided ? w_.value(cat({"mul i64 %stride.", s.name, ", ", text(width_ * s.bytes())})) : text(width_ * s.bytes());
      name("%at.next." + s.name, cat({"getelementptr i8, ptr %at.", s.name, ", i64 ", step}));
    }
  }

  // Lane (position in the row mod 32) takes the value; lanes beyond the end of the row stay.
  void add_to_lanes(size_t k, std::string_view v) {
    const DType t = s_.results[k].stored;
    const std::string n = result(k), type = ir_type(t, width_);
    const auto masked = [&](std::string_view old) {
      return cat({"select <", text(width_), " x i1> %mask, ", type, " ", combined(k, old, v, width_), ", ", type, " ", old});
    };
    if (!in_memory()) return name("%lanes.added." + n, masked("%lanes." + n));
    if (lane_offset_.empty()) {
      const std::string done = w_.value("sub i64 %columns, %left");
      lane_offset_ = w_.value(cat({"and i64 ", done, ", ", text(fused_sum_lanes - 1)}));
    }
    const std::string place = w_.value(cat({"getelementptr ", ir_type(t, 1), ", ptr %lanes.", n, ", i64 ", lane_offset_}));
    const std::string old = w_.value(cat({"load ", type, ", ptr ", place, ", align ", text(std::min<int64_t>(64, width_ * size_of(t)))}));
    const std::string fresh = w_.value(masked(old));
    w_.line(cat({"store ", type, " ", fresh, ", ptr ", place, ", align ", text(std::min<int64_t>(64, width_ * size_of(t)))}));
  }

  // a then b, in this order; NaN stays.
  std::string combined(size_t k, std::string_view a, std::string_view b, int lanes) {
    const DType t = s_.results[k].stored;
    const FusedKind kind = s_.results[k].kind;
    const std::string type = ir_type(t, lanes), bits = lanes == 1 ? "i1" : cat({"<", text(lanes), " x i1>"});
    if (kind == FusedKind::sum) return w_.value(cat({is_float(t) ? "fadd " : "add ", type, " ", a, ", ", b}));
    const bool max = kind == FusedKind::max;
    std::string better;
    if (is_float(t)) {
      const std::string beyond = w_.value(cat({"fcmp ", max ? "ogt " : "olt ", type, " ", b, ", ", a}));
      const std::string nan = w_.value(cat({"fcmp uno ", type, " ", b, ", ", b}));
      better = w_.value(cat({"or ", bits, " ", beyond, ", ", nan}));
    } else {
      const std::string sign = t == i64 || t == i32 ? "s" : "u";
      better = w_.value(cat({"icmp ", sign, max ? "gt " : "lt ", type, " ", b, ", ", a}));
    }
    return w_.value(cat({"select ", bits, " ", better, ", ", type, " ", b, ", ", type, " ", a}));
  }

  void end_of_body() {
    if (reduces_along_row_) fold();
    name("%go.on", cat({"icmp sge i64 %left.next, ", text(width_)}));
    w_.line("br i1 %go.on, label %again, label %short");
    w_.label("again");
    w_.line("br label %body");
    w_.label("short");
    name("%is.rest", "icmp sgt i64 %left.next, 0");
    w_.line("br i1 %is.rest, label %more, label %done");
    w_.label("more");
    w_.line("br label %tail");
    w_.label("done");
    w_.line("br i1 %full, label %row.whole, label %tail.out");
    w_.label("tail.out");
    const auto all = streams();
    if (std::any_of(all.begin(), all.end(), [](const Stream& s) { return s.written; })) {
      name("%mask.out", first_lanes("%left"));
      name("%before", "sub i64 %columns, %left");
      for (const Stream& s : all) {
        if (!s.written) continue;
        const std::string offset = w_.value(cat({"mul i64 %before, ", text(s.bytes())}));
        const std::string to = w_.value(cat({"getelementptr i8, ptr %row.", s.name, ", i64 ", offset}));
        copy_rest(s, to, "%buffer." + s.name, "%left", "%mask.out", /*out=*/true);
      }
    }
    w_.line("br label %row.whole");
    w_.label("row.whole");
    w_.line("br label %row.end");
  }

  // The lanes of ops/fused.h: halves onto halves; then the block onto what the row has so far.
  void fold() {
    name("%position", "sub i64 %columns, %left.next");
    name("%in.block", cat({"and i64 %position, ", text(fused_sum_block - 1)}));
    name("%block.full", "icmp eq i64 %in.block, 0");
    name("%row.over", "icmp sle i64 %left.next, 0");
    name("%folds", "or i1 %block.full, %row.over");
    const std::string before = w_.block();
    w_.line("br i1 %folds, label %fold, label %folded");
    w_.label("fold");
    std::vector<std::string> sums;
    for (size_t k = 0; k < s_.results.size(); ++k) {
      if (!s_.results[k].along_row) continue;
      const DType t = s_.results[k].stored;
      const std::string n = result(k);
      std::string v = in_memory() ? w_.value(cat({"load ", ir_type(t, fused_sum_lanes), ", ptr %lanes.", n, ", align 64"})) : "%lanes.added." + n;
      for (int half = fused_sum_lanes / 2; half >= 1; half /= 2) {
        const std::string type = ir_type(t, 2 * half);
        std::string parts[2];
        for (int part = 0; part < 2; ++part) {
          std::string numbers;
          for (int lane = 0; lane < half; ++lane) numbers += cat({lane == 0 ? "" : ", ", "i32 ", text(part * half + lane)});
          parts[part] = half == 1 ? w_.value(cat({"extractelement ", type, " ", v, ", i32 ", text(part)}))
                                  : w_.value(cat({"shufflevector ", type, " ", v, ", ", type, " poison, <", text(half), " x i32> <", numbers, ">"}));
        }
        v = combined(k, parts[0], parts[1], half);
      }
      sums.push_back(combined(k, "%sum." + n, v, 1));
      if (in_memory()) clear_lanes(k);
    }
    const std::string folded = w_.block();
    w_.line("br label %folded");
    w_.label("folded");
    for (size_t k = 0, nth = 0; k < s_.results.size(); ++k) {
      if (!s_.results[k].along_row) continue;
      const std::string n = result(k);
      name("%sum.next." + n, cat({"phi ", ir_type(s_.results[k].stored, 1), " [ %sum.", n, ", %", before, " ], [ ", sums[nth++], ", %", folded, " ]"}));
      if (!in_memory())
        name("%lanes.next." + n, cat({"phi ", ir_type(s_.results[k].stored, width_), " [ %lanes.added.", n, ", %", before, " ], [ ", start(k, width_), ", %", folded, " ]"}));
    }
  }

  void row_end() {
    w_.label("row.end");
    for (size_t k = 0; k < s_.results.size(); ++k) {
      if (!s_.results[k].along_row) continue;
      const std::string n = result(k), t = ir_type(s_.results[k].stored, 1);
      name("%sum.last." + n, cat({"phi ", t, " [ %sum.first.", n, ", %row.short ], [ %sum.next.", n, ", %row.whole ]"}));
    }
    for (size_t k = 0; k < s_.results.size(); ++k)
      if (s_.results[k].along_row) w_.line(cat({"store ", ir_type(s_.results[k].stored, 1), " %sum.last.", result(k), ", ptr %row.", result(k)}));
    for (size_t i = 0; i < all_bases(); ++i) name("%row.next." + text(i), cat({"getelementptr i8, ptr %row.", text(i), ", i64 %step.", text(i)}));
    name("%r.next", "add i64 %r, 1");
    name("%is.row", "icmp slt i64 %r.next, %rows");
    w_.line("br i1 %is.row, label %row, label %exit");
    w_.label("exit");
    w_.line("ret void");
  }

  const NestShape& s_;
  const Program& p_;
  CpuTier tier_;
  int width_;
  IrWriter w_;
  ProgramIr program_;
  std::vector<Level> level_;
  std::vector<std::string> value_, vector_;
  std::vector<char> splatted_;
  bool reduces_along_row_ = false;
  std::string before_rows_, before_body_, lane_offset_;
};

}  // namespace

std::string nest_ir(const NestShape& shape, CpuTier tier) { return NestWriter(shape, tier).write(); }

const char* llvm_processor(CpuTier) {
#if defined(__x86_64__)
  return "x86-64";
#else
  return "generic";
#endif
}

const char* llvm_features(CpuTier tier) {
  return tier == CpuTier::avx512 ? "+avx2,+fma,+f16c,+avx512f,+avx512bw,+avx512dq,+avx512vl" : tier == CpuTier::avx2 ? "+avx2,+fma,+f16c" : "";
}

}  // namespace lanc::cpu
