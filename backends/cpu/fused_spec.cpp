#include <lanc/backends/cpu/fused_spec.h>

#include <algorithm>

#include <lanc/ops/elementwise.h>
#include <lanc/ops/reduce.h>
#include <lanc/schedule/backend.h>

namespace lanc::cpu {
namespace {

Sizes strides_of(const Sizes& sizes, const std::vector<int64_t>& axes, size_t rank) {
  const Sizes own = row_major(sizes);
  Sizes strides(rank, 0);
  for (size_t i = 0; i < axes.size(); ++i)
    if (axes[i] >= 0 && sizes[i] != 1) strides[static_cast<size_t>(axes[i])] = own[i];
  return strides;
}

Sizes output_strides(const Sizes& sizes, const std::vector<int64_t>& reduced) {
  Sizes strides(sizes.size(), 0);
  int64_t stride = 1;
  for (size_t a = sizes.size(); a-- > 0;) {
    if (std::find(reduced.begin(), reduced.end(), static_cast<int64_t>(a)) != reduced.end()) continue;
    strides[a] = sizes[a] == 1 ? 0 : stride;
    stride *= sizes[a];
  }
  return strides;
}

Program identity(DType t) {
  const DType types[] = {t};
  FormulaBuilder builder;
  const int output[] = {builder.input(0)};
  return lower(builder.finish(1, output), types);
}

std::vector<int64_t> iota(size_t n) {
  std::vector<int64_t> axes;
  for (size_t i = 0; i < n; ++i) axes.push_back(static_cast<int64_t>(i));
  return axes;
}

}  // namespace

std::optional<Spec> spec_of(const Graph& graph, const Node& node) {
  const std::vector<Type> types = input_types(graph, node);
  const std::string_view name = node.op->name;
  Spec spec;
  const auto add_input = [&](size_t i, const std::vector<int64_t>& axes) {
    spec.inputs.push_back({types[i].dtype, strides_of(sizes_of(types[i].shape), axes, spec.sizes.size())});
  };
  if (name == fused_op.name) {
    const auto& attrs = node.attrs<FusedAttrs>();
    spec.sizes = sizes_of(attrs.shape);
    std::vector<DType> dtypes;
    for (size_t i = 0; i < types.size(); ++i) {
      dtypes.push_back(types[i].dtype);
      add_input(i, attrs.inputs[i].axes);
    }
    spec.program = lower(attrs.formula, dtypes);
    for (size_t k = 0; k < attrs.outputs.size(); ++k) {
      spec.outputs.push_back({spec.program.output_types[k], output_strides(spec.sizes, attrs.outputs[k].reduced)});
      spec.kinds.push_back(attrs.outputs[k].kind);
    }
    return spec;
  }
  if (const Formula* formula = formula_of(*node.op, node.attributes)) {
    spec.sizes = sizes_of(node.outputs[0].shape);
    std::vector<DType> dtypes;
    for (size_t i = 0; i < types.size(); ++i) {
      dtypes.push_back(types[i].dtype);
      add_input(i, iota(spec.sizes.size()));
    }
    spec.program = lower(*formula, dtypes);
    for (DType t : spec.program.output_types) {
      spec.outputs.push_back({t, output_strides(spec.sizes, {})});
      spec.kinds.push_back(FusedKind::map);
    }
    return spec;
  }
  if (name != sum_op.name && name != reduce_max_op.name && name != reduce_min_op.name) return std::nullopt;
  if (types[0].dtype != node.outputs[0].dtype || !accumulates(types[0].dtype)) return std::nullopt;
  spec.sizes = sizes_of(types[0].shape);
  add_input(0, iota(spec.sizes.size()));
  std::vector<int64_t> reduced = node.attrs<ReduceAttrs>().axes;
  if (reduced.empty()) reduced = iota(spec.sizes.size());
  for (int64_t& a : reduced)
    if (a < 0) a += static_cast<int64_t>(spec.sizes.size());
  spec.outputs.push_back({types[0].dtype, output_strides(spec.sizes, reduced)});
  spec.kinds.push_back(name == sum_op.name ? FusedKind::sum : name == reduce_max_op.name ? FusedKind::max : FusedKind::min);
  spec.program = identity(types[0].dtype);
  return spec;
}

void collapse(Spec& spec) {
  std::vector<Lane*> lanes;
  for (Lane& l : spec.inputs) lanes.push_back(&l);
  for (Lane& l : spec.outputs) lanes.push_back(&l);
  const auto drop = [&](size_t axis) {
    spec.sizes.erase(spec.sizes.begin() + static_cast<std::ptrdiff_t>(axis));
    for (Lane* l : lanes) l->strides.erase(l->strides.begin() + static_cast<std::ptrdiff_t>(axis));
  };
  for (size_t a = spec.sizes.size(); a-- > 0;)
    if (spec.sizes[a] == 1) drop(a);
  const bool reduces = std::any_of(spec.kinds.begin(), spec.kinds.end(), [](FusedKind k) { return k != FusedKind::map; });
  for (size_t a = reduces ? 0 : spec.sizes.size(); a-- > 1;) {
    const bool join = std::all_of(lanes.begin(), lanes.end(), [&](Lane* l) { return l->strides[a - 1] == l->strides[a] * spec.sizes[a]; });
    if (!join) continue;
    spec.sizes[a - 1] *= spec.sizes[a];
    for (Lane* l : lanes) l->strides[a - 1] = l->strides[a];
    drop(a);
  }
  if (spec.sizes.empty()) {
    spec.sizes = {1};
    for (Lane* l : lanes) l->strides = {0};
  }
}

int parts_of(const Spec& spec) {
  constexpr int64_t least_elements = 16384, most_parts = 16;
  return static_cast<int>(std::min(std::clamp<int64_t>(numel_of(spec.sizes) / least_elements, 1, most_parts), std::max<int64_t>(1, spec.sizes[0])));
}

}  // namespace lanc::cpu
