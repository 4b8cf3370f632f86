#include <lanc/backends/cpu/index_kernel.h>

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <vector>

#include <lanc/ops/index.h>
#include <lanc/ops/scatter.h>

namespace lanc::cpu {
namespace {

constexpr int64_t part_elements = 16384;

// What is checked of an index, and the first that was wrong within a part.
struct Bounds {
  int64_t size = 0;
  bool from_end = true;
};
struct Wrong {
  int64_t position = -1;  // none
  int64_t value = 0;
};

// The index from the front; -1 and a note when it is out of range.
inline int64_t checked(int64_t value, int64_t position, Bounds bounds, Wrong& wrong) {
  const int64_t index = bounds.from_end && value < 0 ? value + bounds.size : value;
  if (static_cast<uint64_t>(index) < static_cast<uint64_t>(bounds.size)) return index;
  if (wrong.position < 0 || position < wrong.position) wrong = {position, value};
  return -1;
}

// Part `part` of a division of [0, size) into `count`.
struct Range {
  int64_t begin = 0, end = 0;
};
Range share(int64_t size, int64_t part, int64_t count) { return {size * part / count, size * (part + 1) / count}; }

class IndexKernel : public Kernel {
 public:
  IndexKernel(const std::vector<Type>& types, const IndexAttrs& attrs)
      : attrs_(attrs), indices_(sizes_of(types[1].shape)), e_(index_extents(sizes_of(types[0].shape), indices_, attrs)),
        bounds_{e_.size, attrs.from_end}, dtype_(types[0].dtype), wide_indices_(types[1].dtype == i64) {}
  int parts(int) const override { return static_cast<int>(wrong_.size()); }
  bool failed() const override {
    return std::any_of(wrong_.begin(), wrong_.end(), [](const Wrong& w) { return w.position >= 0; });
  }
  std::string take_failure() override {
    Wrong first;
    for (Wrong& w : wrong_) {
      if (w.position >= 0 && (first.position < 0 || w.position < first.position)) first = w;
      w = {};
    }
    return first.position < 0 ? "" : index_failure(attrs_, e_.size, first.value, first.position, indices_);
  }

 protected:
  IndexAttrs attrs_;
  Sizes indices_;
  IndexExtents e_;
  Bounds bounds_;
  DType dtype_;
  bool wide_indices_;
  std::vector<Wrong> wrong_;  // one per part
};

// Rows of the result are (outer, position) pairs; a part has some of them, and all or some of their columns.
class GatherKernel : public IndexKernel {
 public:
  GatherKernel(const std::vector<Type>& types, const IndexAttrs& attrs) : IndexKernel(types, attrs), rows_(e_.outer * e_.count) {
    const int64_t wanted = std::clamp<int64_t>(rows_ * e_.inner / part_elements, 1, 32);
    row_parts_ = std::clamp<int64_t>(rows_, 1, wanted);
    column_parts_ = std::clamp<int64_t>(e_.inner / 256, 1, wanted / row_parts_);
    wrong_.resize(static_cast<size_t>(row_parts_ * column_parts_));
  }
  std::string name() const override { return attrs_.slices ? "gather of rows" : "gather of elements"; }
  double microseconds(int) const override {
    const auto elements = static_cast<double>(rows_) * static_cast<double>(e_.inner);
    return 0.2 + (attrs_.slices ? 0.005 * static_cast<double>(rows_) + 0.0001 * elements * static_cast<double>(size_of(dtype_)) : 0.001 * elements);
  }
  void run(int, int part, const KernelArgs& args) noexcept override {
    const Range rows = share(rows_, part / column_parts_, row_parts_), columns = share(e_.inner, part % column_parts_, column_parts_);
    Wrong& wrong = wrong_[static_cast<size_t>(part)];
    wrong = {};
    if (rows.begin == rows.end || columns.begin == columns.end) return;
    const auto with_index = [&]<class I>(const I* indices) {
      switch (size_of(dtype_)) {
        case 8: return run_part<uint64_t>(indices, args, rows, columns, wrong);
        case 4: return run_part<uint32_t>(indices, args, rows, columns, wrong);
        case 2: return run_part<uint16_t>(indices, args, rows, columns, wrong);
        default: return run_part<uint8_t>(indices, args, rows, columns, wrong);
      }
    };
    if (wide_indices_) with_index(reinterpret_cast<const int64_t*>(args.inputs[1]));
    else with_index(reinterpret_cast<const int32_t*>(args.inputs[1]));
  }

 private:
  template <class T, class I>
  void run_part(const I* indices, const KernelArgs& args, Range rows, Range columns, Wrong& wrong) const {
    const T* x = reinterpret_cast<const T*>(args.inputs[0]);
    T* y = reinterpret_cast<T*>(args.outputs[0]);
    const auto bytes = static_cast<size_t>(columns.end - columns.begin) * sizeof(T);
    int64_t outer = rows.begin / e_.count, j = rows.begin % e_.count;
    for (int64_t row = rows.begin; row < rows.end; ++row, ++j) {
      if (j == e_.count) j = 0, ++outer;
      T* to = y + row * e_.inner;
      const T* from = x + outer * e_.size * e_.inner;
      if (!e_.slices) {
        const I* index = indices + row * e_.inner;
        for (int64_t c = columns.begin; c < columns.end; ++c) {
          const int64_t k = checked(index[c], row * e_.inner + c, bounds_, wrong);
          to[c] = k < 0 ? T(0) : from[k * e_.inner + c];
        }
        continue;
      }
      const int64_t k = checked(indices[j], j, bounds_, wrong);
      if (k < 0) std::memset(to + columns.begin, 0, bytes);
      else if (e_.inner == 1) *to = from[k];
      else std::memcpy(to + columns.begin, from + k * e_.inner + columns.begin, bytes);
    }
  }

  int64_t rows_, row_parts_ = 1, column_parts_ = 1;
};

enum class Meeting { set, add, max };

template <Meeting meeting, class T>
inline T met(T a, T b) {
  if constexpr (meeting == Meeting::set) return b;
  else if constexpr (meeting == Meeting::max) return b != b || b > a ? b : a;
  else if constexpr (std::is_integral_v<T>) return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  else return a + b;
}

float widened(DType t, uint16_t bits) { return t == bf16 ? from_bf16_bits(bits) : from_f16_bits(bits); }
uint16_t narrowed(DType t, float value) { return t == bf16 ? to_bf16_bits(value) : to_f16_bits(value); }

// The result's elements [outer, size, inner] are divided into boxes, one per part.
template <Meeting meeting>
class ScatterKernel : public IndexKernel {
 public:
  ScatterKernel(const std::vector<Type>& types, const IndexAttrs& attrs) : IndexKernel(types, attrs) {
    const int64_t work = e_.outer * (e_.count + e_.size) * e_.inner;
    int64_t wanted = std::clamp<int64_t>(work / part_elements, 1, 16);
    outer_parts_ = std::clamp<int64_t>(e_.outer, 1, wanted);
    wanted /= outer_parts_;
    // Every part of the axis looks at all indices: cheap beside whole slices, else worth it for two parts only. Many slices are divided among
    // the parts, so that each copies memory that lies side by side; of few, each part has some of the columns.
    const bool wide = e_.slices && e_.inner >= 16;
    if (!wide || e_.size < 4 * wanted) column_parts_ = std::clamp<int64_t>(e_.inner * size_of(dtype_) / 64, 1, wanted);
    wanted /= column_parts_;
    axis_parts_ = std::clamp<int64_t>(std::min<int64_t>(wanted, wide ? 16 : 2), 1, std::max<int64_t>(1, e_.size));
    wrong_.resize(static_cast<size_t>(outer_parts_ * axis_parts_ * column_parts_));
    widens_ = is_storage_only(dtype_) && meeting != Meeting::set;
  }
  std::string name() const override {
    const char* how = meeting == Meeting::set ? "scatter" : meeting == Meeting::add ? "scatter-add" : "scatter-max";
    return std::string(how) + (attrs_.slices ? " of rows" : " of elements");
  }
  // 16-bit floats meet in f32 and are rounded once.
  int64_t scratch_bytes() const override { return widens_ ? e_.outer * e_.size * e_.inner * 4 : 0; }
  bool in_place(int input, int output) const override { return input == 0 && output == 0; }
  double microseconds(int) const override {
    const auto size = static_cast<double>(e_.outer * e_.inner);
    return 0.2 + size * (static_cast<double>(e_.count) * (attrs_.slices && e_.inner >= 8 ? 0.0005 : 0.002) + static_cast<double>(e_.size) * 0.0003);
  }
  void run(int, int part, const KernelArgs& args) noexcept override {
    Box box{share(e_.outer, part / (axis_parts_ * column_parts_), outer_parts_), share(e_.size, part / column_parts_ % axis_parts_, axis_parts_),
            share(e_.inner, part % column_parts_, column_parts_)};
    Wrong& wrong = wrong_[static_cast<size_t>(part)];
    wrong = {};
    if (wide_indices_) with_index(reinterpret_cast<const int64_t*>(args.inputs[1]), args, box, wrong);
    else with_index(reinterpret_cast<const int32_t*>(args.inputs[1]), args, box, wrong);
  }

 private:
  struct Box {
    Range outer, axis, columns;
  };

  template <class I>
  void with_index(const I* indices, const KernelArgs& args, const Box& box, Wrong& wrong) const {
    const auto same = [&]<class T>() {
      T* y = reinterpret_cast<T*>(args.outputs[0]);
      copy(reinterpret_cast<const T*>(args.inputs[0]), y, box, [](T v) { return v; });
      scatter(indices, reinterpret_cast<const T*>(args.inputs[2]), y, box, wrong, [](T v) { return v; });
    };
    if (widens_) {
      const auto widen = [t = dtype_](uint16_t v) { return widened(t, v); };
      auto* y = reinterpret_cast<float*>(args.scratch);
      copy(reinterpret_cast<const uint16_t*>(args.inputs[0]), y, box, widen);
      scatter(indices, reinterpret_cast<const uint16_t*>(args.inputs[2]), y, box, wrong, widen);
      copy(y, reinterpret_cast<uint16_t*>(args.outputs[0]), box, [t = dtype_](float v) { return narrowed(t, v); });
      return;
    }
    if constexpr (meeting == Meeting::set) {
      switch (size_of(dtype_)) {
        case 8: return same.template operator()<uint64_t>();
        case 4: return same.template operator()<uint32_t>();
        case 2: return same.template operator()<uint16_t>();
        default: return same.template operator()<uint8_t>();
      }
    } else {
      switch (dtype_) {
        case DType::f64: return same.template operator()<double>();
        case DType::f32: return same.template operator()<float>();
        case DType::i64: return same.template operator()<int64_t>();
        case DType::i32: return same.template operator()<int32_t>();
        default: return same.template operator()<uint8_t>();
      }
    }
  }

  template <class From, class To, class Convert>
  void copy(const From* from, To* to, const Box& box, Convert convert) const {
    if (static_cast<const void*>(from) == static_cast<const void*>(to)) return;
    // Whole columns lie side by side along the axis.
    const bool whole = box.columns.begin == 0 && box.columns.end == e_.inner;
    const int64_t rows = whole ? 1 : box.axis.end - box.axis.begin;
    const int64_t length = whole ? (box.axis.end - box.axis.begin) * e_.inner : box.columns.end - box.columns.begin;
    for (int64_t o = box.outer.begin; o < box.outer.end; ++o)
      for (int64_t row = 0; row < rows; ++row) {
        const int64_t at = (o * e_.size + box.axis.begin + row) * e_.inner + box.columns.begin;
        if constexpr (std::is_same_v<From, To>) {
          if (length > 0) std::memcpy(to + at, from + at, static_cast<size_t>(length) * sizeof(To));
        } else {
          for (int64_t i = 0; i < length; ++i) to[at + i] = convert(from[at + i]);
        }
      }
  }

  template <class I, class U, class T, class Convert>
  void scatter(const I* indices, const U* updates, T* y, const Box& box, Wrong& wrong, Convert convert) const {
    T nowhere = {};
    for (int64_t o = box.outer.begin; o < box.outer.end; ++o) {
      T* to = y + o * e_.size * e_.inner;
      for (int64_t j = 0; j < e_.count; ++j) {
        const int64_t row = (o * e_.count + j) * e_.inner;
        if (!e_.slices) {
          for (int64_t c = box.columns.begin; c < box.columns.end; ++c) {
            const int64_t k = checked(indices[row + c], row + c, bounds_, wrong);
            // Others' elements go to nowhere: a branch that cannot be foreseen costs more.
            T& value = k >= box.axis.begin && k < box.axis.end ? to[k * e_.inner + c] : nowhere;
            value = met<meeting>(value, static_cast<T>(convert(updates[row + c])));
          }
          continue;
        }
        const int64_t k = checked(indices[j], j, bounds_, wrong);
        if (k < box.axis.begin || k >= box.axis.end) continue;
        T* value = to + k * e_.inner;
        const U* update = updates + row;
        for (int64_t c = box.columns.begin; c < box.columns.end; ++c) value[c] = met<meeting>(value[c], static_cast<T>(convert(update[c])));
      }
    }
  }

  int64_t outer_parts_ = 1, axis_parts_ = 1, column_parts_ = 1;
  bool widens_ = false;
};

}  // namespace

std::unique_ptr<Kernel> make_index_kernel(const Graph& graph, const Node& node) {
  if (node.op->family != "index" || !node.attributes.is<IndexAttrs>()) return nullptr;
  const std::vector<Type> types = input_types(graph, node);
  const auto& attrs = node.attrs<IndexAttrs>();
  if (node.op->name == gather_op.name || node.op->name == pick_op.name) return std::make_unique<GatherKernel>(types, attrs);
  if (node.op->name == scatter_set_op.name) return std::make_unique<ScatterKernel<Meeting::set>>(types, attrs);
  if (node.op->name == scatter_add_op.name) return std::make_unique<ScatterKernel<Meeting::add>>(types, attrs);
  if (node.op->name == scatter_max_op.name) return std::make_unique<ScatterKernel<Meeting::max>>(types, attrs);
  return nullptr;
}

}  // namespace lanc::cpu
