#include <lanc/backends/cpu/interpreted_nest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>

namespace lanc::cpu {
namespace {

constexpr int64_t short_row = 128;  // elements; blocks hold several rows below it

int64_t aligned(int64_t bytes) { return (bytes + 63) / 64 * 64; }
bool compares(MachineOp op) { return op >= MachineOp::lt && op <= MachineOp::ge; }

// The operation as the interpreter runs it: an instruction alone, or with the comparisons before it.
BlockOp operation_for(const Program& program, int id, const Tier& tier) {
  const auto at = [&](int i) -> const Instruction& { return program.code[static_cast<size_t>(i)]; };
  const Instruction& i = at(id);
  BlockOp op{.loop = tier.loop_for(i), .to = id, .a = i.a, .b = i.b, .c = i.c, .d = -1, .instruction = &i};
  for (int k = 0; const int operand : {i.a, i.b, i.c}) op.types[k++] = operand < 0 ? i.type : at(operand).type;
  if (i.op != MachineOp::select) return op;
  const Instruction& condition = at(i.a);
  const auto is_nan_test = [&](const Instruction& c) { return c.op == MachineOp::ne && c.a == c.b && c.a == i.b; };
  // (x > y) | (x != x) ? x : y
  if (condition.op == MachineOp::bit_or && is_nan_test(at(condition.b))) {
    const Instruction& order = at(condition.a);
    Loop loop = nullptr;
    if (order.op == MachineOp::gt) loop = tier.maximum(i.type);
    if (order.op == MachineOp::lt) loop = tier.minimum(i.type);
    if (loop != nullptr && order.a == i.b && order.b == i.c) return {.loop = loop, .to = id, .a = i.b, .b = i.c, .instruction = &i};
  }
  if (compares(condition.op))
    if (const Loop loop = tier.select_by(condition.op, condition.from, i.type))
      return {.loop = loop, .to = id, .a = condition.a, .b = condition.b, .c = i.b, .d = i.c, .instruction = &i};
  return op;
}

double nanoseconds_of(const Instruction& i) {
  if (i.op == MachineOp::call || i.op == MachineOp::int_div || i.op == MachineOp::int_rem) return 10;
  if (i.op == MachineOp::div || i.op == MachineOp::sqrt) return 0.25;
  return 0.06;
}

}  // namespace

// What changes while a part is walked. All of it lies in the scratch.
struct InterpretedNest::Part {
  const std::byte* const* inputs;
  std::byte* const* outputs;
  std::byte** slots;                   // of each instruction
  const std::byte** loaded;            // of each entry of loads_: from where its lanes were copied last
  int64_t* loaded_elements;
  std::byte* memory;
};

InterpretedNest::InterpretedNest(const Spec& spec) : spec_(spec), tier_(tier()) {
  choose_blocks();
  find_operations();
  place_constants();
  place_lanes();
}

bool InterpretedNest::still(const Lane& lane) const {
  return std::all_of(lane.strides.begin(), lane.strides.end(), [](int64_t s) { return s == 0; });
}

bool InterpretedNest::in_place(size_t input, size_t output) const {
  const Lane &in = spec_.inputs[input], &out = spec_.outputs[output];
  return spec_.kinds[output] == FusedKind::map && in.strides == out.strides && size_of(in.dtype) == size_of(out.dtype);
}

void InterpretedNest::choose_blocks() {
  const Sizes& sizes = spec_.sizes;
  const size_t rank = sizes.size();
  several_rows_ = rank >= 2 && sizes[rank - 1] < short_row;
  walked_axes_ = several_rows_ ? rank - 2 : rank - 1;
  const int64_t columns = std::max<int64_t>(1, sizes[rank - 1]);
  step_ = several_rows_ ? block_elements / columns : block_elements;
  step_ = std::clamp<int64_t>(sizes[walked_axes_], 1, step_);
  lanes_ = static_cast<int>(several_rows_ ? step_ * columns : step_);
}

// Which instructions run, in order, and where their operands come from.
void InterpretedNest::find_operations() {
  const Program& program = spec_.program;
  const size_t count = program.code.size(), rank = spec_.sizes.size();
  std::vector<BlockOp> all(count);
  std::vector<char> live(count, 0);
  for (int o : program.outputs) live[static_cast<size_t>(o)] = 1;
  for (size_t k = count; k-- > 0;) {
    if (!live[k]) continue;
    const MachineOp op = program.code[k].op;
    if (op == MachineOp::constant || op == MachineOp::load) continue;
    all[k] = operation_for(program, static_cast<int>(k), tier_);
    for (int operand : {all[k].a, all[k].b, all[k].c, all[k].d})
      if (operand >= 0) live[static_cast<size_t>(operand)] = 1;
  }
  from_.assign(count, From::nowhere);
  for (size_t k = 0; k < count; ++k) {
    if (!live[k]) continue;
    const Instruction& i = program.code[k];
    const auto id = static_cast<int>(k);
    if (i.op == MachineOp::constant) {
      from_[k] = From::constant;
    } else if (i.op == MachineOp::load) {
      const Lane& lane = spec_.inputs[static_cast<size_t>(i.index)];
      Load l{.instruction = id, .input = i.index, .inner = lane.strides[rank - 1], .row = several_rows_ ? lane.strides[rank - 2] : 0, .stored = lane.dtype,
             .type = i.type};
      const bool once = still(lane);
      // An operand that is a result as well is copied: its memory may be that of another result, which is written first.
      const bool result = std::find(program.outputs.begin(), program.outputs.end(), id) != program.outputs.end();
      l.direct = !once && l.inner == 1 && (!several_rows_ || l.row == spec_.sizes[rank - 1]) && !is_storage_only(lane.dtype) &&
                 !(result && program.outputs.size() > 1);
      from_[k] = once ? From::once : l.direct ? From::memory : From::block;
      (once ? once_loads_ : loads_).push_back(l);
    } else {
      bool once = true;
      for (int operand : {all[k].a, all[k].b, all[k].c, all[k].d}) once &= operand < 0 || from_[static_cast<size_t>(operand)] <= From::once;
      from_[k] = once ? From::once : From::block;
      (once ? once_ops_ : ops_).push_back(all[k]);
      if (!once) nanoseconds_ += nanoseconds_of(i);
    }
  }
  nanoseconds_ += 0.1 * static_cast<double>(loads_.size() + program.outputs.size());
}

void InterpretedNest::place_constants() {
  const Program& program = spec_.program;
  place_.assign(program.code.size(), 0);
  int64_t bytes = 0;
  for (size_t k = 0; k < program.code.size(); ++k) {
    if (from_[k] != From::constant) continue;
    place_[k] = bytes;
    bytes += aligned(lanes_ * size_of(program.code[k].type));
  }
  constants_.resize(static_cast<size_t>(bytes));
  for (size_t k = 0; k < program.code.size(); ++k) {
    if (from_[k] != From::constant) continue;
    const auto size = static_cast<size_t>(size_of(program.code[k].type));
    for (size_t e = 0; e < static_cast<size_t>(lanes_); ++e) std::memcpy(constants_.data() + place_[k] + e * size, &program.code[k].bits, size);
  }
}

// Which results are written in their place at once, and memory for all other lanes.
void InterpretedNest::place_lanes() {
  const Program& program = spec_.program;
  const size_t count = program.code.size(), rank = spec_.sizes.size();
  constexpr int after_all = std::numeric_limits<int>::max();
  std::vector<int> last_use(count, -1), made(count, -1);  // positions in ops_
  for (size_t p = 0; p < ops_.size(); ++p) {
    made[static_cast<size_t>(ops_[p].to)] = static_cast<int>(p);
    for (int operand : {ops_[p].a, ops_[p].b, ops_[p].c, ops_[p].d})
      if (operand >= 0) last_use[static_cast<size_t>(operand)] = static_cast<int>(p);
  }
  std::vector<char> in_place_of_result(count, 0);
  for (size_t k = 0; k < program.outputs.size(); ++k) {
    const auto v = static_cast<size_t>(program.outputs[k]);
    const Lane& lane = spec_.outputs[k];
    Store s{.output = k, .instruction = program.outputs[k], .inner = lane.strides[rank - 1], .row = several_rows_ ? lane.strides[rank - 2] : 0, .stored = lane.dtype,
            .type = program.code[v].type};
    // Not before the last use of an operand in whose memory it may lie.
    s.direct = spec_.kinds[k] == FusedKind::map && made[v] >= 0 && !is_storage_only(lane.dtype) && !in_place_of_result[v] && ops_.size() > 0;
    for (const Load& l : loads_)
      if (l.direct && in_place(static_cast<size_t>(l.input), k) && last_use[static_cast<size_t>(l.instruction)] > made[v]) s.direct = false;
    in_place_of_result[v] |= s.direct ? 1 : 0;
    stores_.push_back(s);
  }
  for (int o : program.outputs) last_use[static_cast<size_t>(o)] = after_all;

  int64_t bytes = aligned(static_cast<int64_t>(count * sizeof(std::byte*))) +
                  aligned(static_cast<int64_t>(loads_.size() * (sizeof(std::byte*) + sizeof(int64_t))));
  std::map<int64_t, std::vector<int64_t>> free;  // by bytes of an element
  const auto take = [&](size_t id) {
    const int64_t size = size_of(program.code[id].type);
    std::vector<int64_t>& list = free[size];
    if (list.empty()) {
      list.push_back(bytes);
      bytes += aligned(lanes_ * size);
    }
    place_[id] = list.back();
    list.pop_back();
  };
  for (size_t k = 0; k < count; ++k)
    if (from_[k] == From::once) take(k);
  for (const Load& l : loads_)
    if (!l.direct) take(static_cast<size_t>(l.instruction));
  for (size_t p = 0; p < ops_.size(); ++p) {
    const auto to = static_cast<size_t>(ops_[p].to);
    if (!in_place_of_result[to]) take(to);
    // Only lanes of other operations are used again: copied operands may serve several blocks.
    int operands[] = {ops_[p].a, ops_[p].b, ops_[p].c, ops_[p].d};
    std::sort(std::begin(operands), std::end(operands));
    const auto end = std::unique(std::begin(operands), std::end(operands));
    for (auto o = std::begin(operands); o != end; ++o) {
      const auto v = static_cast<size_t>(std::max(*o, 0));
      if (*o >= 0 && made[v] >= 0 && last_use[v] == static_cast<int>(p) && !in_place_of_result[v]) free[size_of(program.code[v].type)].push_back(place_[v]);
    }
  }
  scratch_bytes_ = aligned(bytes);
}

void InterpretedNest::run(const std::byte* const* inputs, std::byte* const* outputs, std::byte* scratch, int64_t begin, int64_t end) const {
  const size_t count = spec_.program.code.size();
  if (begin >= end) return;
  Part part{.inputs = inputs, .outputs = outputs, .slots = reinterpret_cast<std::byte**>(scratch), .loaded = nullptr, .loaded_elements = nullptr, .memory = scratch};
  std::byte* lists = scratch + aligned(static_cast<int64_t>(count * sizeof(std::byte*)));
  part.loaded = reinterpret_cast<const std::byte**>(lists);
  part.loaded_elements = reinterpret_cast<int64_t*>(lists + loads_.size() * sizeof(std::byte*));
  for (size_t k = 0; k < count; ++k)
    part.slots[k] = from_[k] == From::constant ? const_cast<std::byte*>(constants_.data()) + place_[k] : scratch + place_[k];
  for (size_t l = 0; l < loads_.size(); ++l) part.loaded[l] = nullptr;

  int64_t index[max_rank] = {begin};
  if (walked_axes_ == 0) {
    load_once(part, static_cast<int>(std::min<int64_t>(lanes_, several_rows_ ? (end - begin) * spec_.sizes[1] : end - begin)));
    return run_from(part, index, begin, end);
  }
  load_once(part, lanes_);
  for (;;) {
    run_from(part, index, 0, spec_.sizes[walked_axes_]);
    size_t a = walked_axes_;
    while (a-- > 0) {
      if (++index[a] < (a == 0 ? end : spec_.sizes[a])) break;
      if (a == 0) return;
      index[a] = 0;
    }
  }
}

void InterpretedNest::load_once(Part& part, int lanes) const {
  for (const Load& l : once_loads_) {
    std::byte* slot = part.slots[l.instruction];
    const std::byte* from = part.inputs[l.input];
    if (is_storage_only(l.stored)) {
      tier_.widen(l.stored, from, 0, lanes, reinterpret_cast<float*>(slot));
      continue;
    }
    const auto size = static_cast<size_t>(size_of(l.type));
    for (size_t e = 0; e < static_cast<size_t>(lanes); ++e) std::memcpy(slot + e * size, from, size);
  }
  for (const BlockOp& op : once_ops_) op.loop(op, part.slots, lanes);
}

// All blocks along the axis `walked_axes_`, for one index of the axes before it.
void InterpretedNest::run_from(Part& part, const int64_t* index, int64_t first, int64_t last) const {
  const auto base = [&](const Lane& lane) {
    int64_t at = 0;
    for (size_t a = 0; a < walked_axes_; ++a) at += index[a] * lane.strides[a];
    return at;
  };
  const auto address = [&](const Lane& lane, int64_t at) { return (base(lane) + at * lane.strides[walked_axes_]) * size_of(lane.dtype); };
  for (int64_t at = first; at < last; at += step_) {
    const auto taken = static_cast<int>(std::min(step_, last - at));
    const int rows = several_rows_ ? taken : 1, columns = several_rows_ ? static_cast<int>(spec_.sizes.back()) : taken;
    for (size_t l = 0; l < loads_.size(); ++l) {
      const auto input = static_cast<size_t>(loads_[l].input);
      load(part, l, part.inputs[input] + address(spec_.inputs[input], at), rows, columns);
    }
    for (const Store& s : stores_)
      if (s.direct) part.slots[s.instruction] = part.outputs[s.output] + address(spec_.outputs[s.output], at);
    for (const BlockOp& op : ops_) op.loop(op, part.slots, rows * columns);
    for (const Store& s : stores_)
      if (!s.direct) store(part, s, part.outputs[s.output] + address(spec_.outputs[s.output], at), rows, columns);
  }
}

namespace {

template <class T>
void copy_strided(const std::byte* from, int64_t row, int64_t inner, int rows, int columns, std::byte* to) {
  const T* a = reinterpret_cast<const T*>(from);
  T* r = reinterpret_cast<T*>(to);
  for (int y = 0; y < rows; ++y, a += row, r += columns) {
    if (inner == 1) {
      std::memcpy(r, a, static_cast<size_t>(columns) * sizeof(T));
    } else if (inner == 0) {
      const T value = *a;
      for (int x = 0; x < columns; ++x) r[x] = value;
    } else {
      for (int x = 0; x < columns; ++x) r[x] = a[x * inner];
    }
  }
}

}  // namespace

void InterpretedNest::load(Part& part, size_t which, const std::byte* from, int rows, int columns) const {
  const Load& l = loads_[which];
  if (l.direct) {
    part.slots[l.instruction] = const_cast<std::byte*>(from);
    return;
  }
  // An operand that stands still from block to block is there already, where it was copied in the same arrangement.
  const bool stands = several_rows_ ? l.row == 0 : l.inner == 0;
  const int64_t elements = int64_t{rows} * columns;
  if (stands && part.loaded[which] == from && part.loaded_elements[which] >= elements) return;
  part.loaded[which] = from;
  part.loaded_elements[which] = elements;
  std::byte* slot = part.slots[l.instruction];
  if (is_storage_only(l.stored)) {
    auto* to = reinterpret_cast<float*>(slot);
    for (int y = 0; y < rows; ++y) tier_.widen(l.stored, from + y * l.row * size_of(l.stored), l.inner, columns, to + int64_t{y} * columns);
    return;
  }
  switch (size_of(l.type)) {
    case 8: copy_strided<uint64_t>(from, l.row, l.inner, rows, columns, slot); break;
    case 4: copy_strided<uint32_t>(from, l.row, l.inner, rows, columns, slot); break;
    default: copy_strided<uint8_t>(from, l.row, l.inner, rows, columns, slot); break;
  }
}

void InterpretedNest::store(const Part& part, const Store& s, std::byte* to, int rows, int columns) const {
  const std::byte* values = part.slots[s.instruction];
  const FusedKind kind = spec_.kinds[s.output];
  if (kind == FusedKind::map) {  // dense: results are row-major over the iteration space
    if (is_storage_only(s.stored)) tier_.narrow(s.stored, reinterpret_cast<const float*>(values), rows * columns, to);
    else std::memmove(to, values, static_cast<size_t>(rows) * static_cast<size_t>(columns) * static_cast<size_t>(size_of(s.stored)));
    return;
  }
  const int64_t size = size_of(s.stored);
  for (int y = 0; y < rows; ++y) {
    const std::byte* row = values + int64_t{y} * columns * size;
    std::byte* accumulator = to + y * s.row * size;
    if (s.inner == 0) tier_.reduce(kind, s.stored, row, columns, accumulator);
    else tier_.accumulate(kind, s.stored, row, columns, accumulator);
  }
}

}  // namespace lanc::cpu
