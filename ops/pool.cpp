#include <lanc/ops/pool.h>

#include <lanc/ops/constructors.h>
#include <lanc/ops/contract.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/index.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/reduce.h>
#include <lanc/ops/requirements.h>
#include <lanc/ops/scatter.h>
#include <lanc/ops/window_rules.h>

namespace lanc {
namespace {

std::span<const Dim> spatial(const Shape& shape) { return std::span(shape).subspan(2); }

void require_rank(const InferArgs& args) {
  const size_t rank = args.shape(0).size();
  if (rank < 3 || rank > 5) args.fail("the operand must have one, two or three spatial axes behind two others", args.types_text());
}

// Each window must hold an element of x, so that there is a largest one and a number to divide by.
void require_elements(const InferArgs& args, const PoolAttrs& attrs, const Shape& x) {
  for (size_t a = 0; a + 2 < x.size(); ++a) {
    const Margin& margin = attrs.padding[a];
    if (margin.low == Dim(0) && margin.high == Dim(0)) continue;
    const std::string axis = " for spatial axis " + std::to_string(a) + " of " + args.types_text();
    const Dim span = window_span(attrs.kernel[a], attrs.dilations[a]);
    for (const Dim& d : {margin.low, margin.high})
      require_at_most(args, d + 1, span, "paddings must be below the size of the window", d.text() + " for " + span.text() + axis);
    require_at_most(args, attrs.dilations[a], x[a + 2], "a dilation must not be above the size where there is padding",
                    std::to_string(attrs.dilations[a]) + " for " + x[a + 2].text() + axis);
  }
}

Shape pooled(const InferArgs& args, const Shape& x) {
  const auto& attrs = args.attrs<PoolAttrs>();
  if (attrs.kernel.size() + 2 != x.size())
    args.fail("needs a size of the window for each of " + std::to_string(x.size() - 2) + " spatial axes",
              std::to_string(attrs.kernel.size()) + " for " + args.types_text());
  const std::vector<Dim> kernel(attrs.kernel.begin(), attrs.kernel.end());
  require_windows(args, attrs.windows(), spatial(x), kernel);
  require_elements(args, attrs, x);
  Shape y = {x[0], x[1]};
  for (size_t a = 0; a < kernel.size(); ++a) y.push_back(window_count(x[a + 2], kernel[a], attrs.windows(), a));
  return y;
}

Types max_pool_types(const InferArgs& args) {
  args.require_number();
  require_rank(args);
  const Shape y = pooled(args, args.shape(0));
  return {{args.dtype(0), y}, {i32, y}};
}

Types average_pool_types(const InferArgs& args) {
  args.require_float();
  require_rank(args);
  return {{args.dtype(0), pooled(args, args.shape(0))}};
}

Types average_pool_gradient_types(const InferArgs& args) {
  args.require_float();
  require_rank(args);
  const Shape &x = args.attrs<PoolAttrs>().shape, &dy = args.shape(0);
  if (x.size() != dy.size()) args.fail("the result must have as many axes as the operand", shape_text(x) + " for " + args.types_text());
  for (const Dim& d : x) require_at_most(args, 0, d, "sizes must be >= 0", shape_text(x) + " for " + args.types_text());
  const Shape y = pooled(args, x);
  for (size_t a = 0; a < y.size(); ++a)
    args.require_equal(dy[a], y[a], a < 2 ? "batch and channels must be those of the result" : "there must be one element for each window");
  return {{args.dtype(0), x}};
}

// dx = dy where the largest elements stood.
Cotangents max_pool_vjp(const VjpArgs& args) {
  if (!is_float(args.input_type(0).dtype)) return {std::nullopt};
  const Shape& x = args.input_shape(0);
  return {max_unpool(args.cotangent(), args.output(1), {x.begin() + 2, x.end()})};
}

// dx_i = the sum over the windows around i of dy / their number of elements, and the other way round.
Cotangents average_pool_vjp(const VjpArgs& args) {
  PoolAttrs attrs = args.attrs<PoolAttrs>();
  attrs.shape = args.input_shape(0);
  return {average_pool_gradient(args.cotangent(), std::move(attrs))};
}
Cotangents average_pool_gradient_vjp(const VjpArgs& args) {
  PoolAttrs attrs = args.attrs<PoolAttrs>();
  attrs.shape = {};
  return {apply(average_pool_op, {args.cotangent()}, std::move(attrs))};
}

Cost pool_cost(const Type& y, const CostArgs& args) {
  Dim taps = 1;
  for (int64_t k : args.attributes.as<PoolAttrs>().kernel) taps = taps * k;
  return {y.numel() * taps, args.inputs[0].bytes() + args.outputs[0].bytes()};
}
Cost forward_cost(const CostArgs& args) { return pool_cost(args.outputs[0], args); }
Cost gradient_cost(const CostArgs& args) { return pool_cost(args.inputs[0], args); }

size_t spatial_axes(const Value& x, int64_t most = 5) {
  if (x.rank() < 3 || x.rank() > most) refuse("the operand must have one, two or three spatial axes behind two others", x.type().text(), x);
  return static_cast<size_t>(x.rank() - 2);
}

PoolAttrs attrs_for(const Value& x, PoolOptions options) {
  const size_t axes = spatial_axes(x);
  if (options.kernel.empty()) refuse("windows must have a size", "none", x);
  PoolAttrs attrs{.kernel = for_each_axis<int64_t>(std::move(options.kernel), axes, 1, "window sizes")};
  attrs.strides = options.strides.empty() ? attrs.kernel : for_each_axis<int64_t>(std::move(options.strides), axes, 1, "strides");
  attrs.padding = for_each_axis<Margin>(std::move(options.padding), axes, 0, "paddings");
  attrs.dilations = for_each_axis<int64_t>(std::move(options.dilations), axes, 1, "dilations");
  return attrs;
}

std::vector<int64_t> spatial_list(const Value& x) {
  std::vector<int64_t> axes;
  for (int64_t a = 2; a < x.rank(); ++a) axes.push_back(a);
  return axes;
}

// Windows of one axis of n elements: their first elements, and how many they have.
struct Adaptive {
  int64_t n = 0, m = 0;
  int64_t begin(int64_t i) const { return i * n / m; }
  int64_t end(int64_t i) const { return ((i + 1) * n + m - 1) / m; }
  bool equal() const { return n % m == 0; }
};

// Axis by axis; `reduce` makes one element, `windows` the wanted number of them.
template <class Reduce, class Apart, class Overlapping>
Value adaptive(const Value& x, std::vector<int64_t> sizes, Reduce reduce, Apart apart, Overlapping overlapping) {
  const size_t axes = spatial_axes(x);
  sizes = for_each_axis<int64_t>(std::move(sizes), axes, 1, "sizes");
  Value y = x;
  std::vector<int64_t> whole, kernel(axes, 1);
  std::vector<std::pair<int64_t, Adaptive>> uneven;
  for (size_t a = 0; a < axes; ++a) {
    const Dim& n = x.shape()[a + 2];
    const auto axis = static_cast<int64_t>(a) + 2;
    if (sizes[a] < 1) refuse("sizes must be at least 1", std::to_string(sizes[a]) + " for spatial axis " + std::to_string(a), x);
    if (n == Dim(0)) refuse("there must be elements along each axis", x.type().text(), x);
    if (sizes[a] == 1) {
      whole.push_back(axis);
      continue;
    }
    if (!n.is_number()) refuse("sizes of the operand must be numbers where more than one window is wanted", x.type().text(), x);
    const Adaptive windows{n.number(), sizes[a]};
    if (windows.equal()) kernel[a] = windows.n / windows.m;
    else uneven.emplace_back(axis, windows);
  }
  if (!whole.empty()) y = reduce(y, whole);
  if (kernel != std::vector<int64_t>(axes, 1)) y = apart(y, kernel);
  for (const auto& [axis, windows] : uneven) y = overlapping(y, axis, windows);
  return y;
}

// y_i = the sum of x_j / length over window i: a product with a matrix {windows, elements}.
Value mean_of_windows(const Value& x, int64_t axis, const Adaptive& windows) {
  Tensor matrix(f64, {windows.m, windows.n});
  for (int64_t i = 0; i < windows.m; ++i)
    for (int64_t j = windows.begin(i); j < windows.end(i); ++j)
      matrix.set(i * windows.n + j, 1 / static_cast<double>(windows.end(i) - windows.begin(i)));
  const Value y = contract(x, constant(x.graph(), matrix.to(x.dtype())), {.lhs = {axis}, .rhs = {1}});  // the new axis is the last
  std::vector<int64_t> order;
  for (int64_t a = 0; a + 1 < x.rank(); ++a) order.push_back(a);
  order.insert(order.begin() + axis, x.rank() - 1);
  return permute(y, order);
}

// The elements of each window side by side, the last one repeated where windows are shorter than the longest.
Value max_of_windows(const Value& x, int64_t axis, const Adaptive& windows) {
  int64_t longest = 0;
  for (int64_t i = 0; i < windows.m; ++i) longest = std::max(longest, windows.end(i) - windows.begin(i));
  Tensor places(i32, {windows.m, longest});
  for (int64_t i = 0; i < windows.m; ++i)
    for (int64_t j = 0; j < longest; ++j) places.set(i * longest + j, static_cast<double>(std::min(windows.begin(i) + j, windows.end(i) - 1)));
  return reduce_max(take(x, constant(x.graph(), places), axis), {.axes = {axis + 1}});
}

}  // namespace

const OpDef max_pool_op{.name = "max_pool", .family = "pool", .attributes = attributes<PoolAttrs>, .infer = max_pool_types, .vjp = max_pool_vjp,
                        .residuals = 1, .reads = {.inputs = false, .outputs = true}, .cost = forward_cost,
                        .doc = "The largest element of each window and its position in the plane; the first of equal ones, NaN wins."};
const OpDef average_pool_op{.name = "average_pool", .family = "pool", .attributes = attributes<PoolAttrs>, .infer = average_pool_types,
                            .vjp = average_pool_vjp, .reads = {.inputs = false}, .cost = forward_cost,
                            .doc = "The mean of each window, padding counted as zeros or not at all. 16-bit floats are summed in f32."};
const OpDef average_pool_gradient_op{.name = "average_pool_gradient", .family = "pool", .attributes = attributes<PoolAttrs>,
                                     .infer = average_pool_gradient_types, .vjp = average_pool_gradient_vjp, .reads = {.inputs = false},
                                     .cost = gradient_cost, .doc = "The adjoint of average_pool."};

Value max_pool(Operand x, PoolOptions options) {
  const CallSite site("max_pool", {x});
  return apply(max_pool_op, {x}, attrs_for(x, std::move(options)));
}

std::vector<Value> max_pool_with_positions(Operand x, PoolOptions options) {
  const CallSite site("max_pool_with_positions", {x});
  return apply_all(max_pool_op, {x}, attrs_for(x, std::move(options)));
}

Value max_unpool(Operand x, Operand positions, Shape plane) {
  const CallSite site("max_unpool", {x, positions});
  const size_t axes = spatial_axes(x);
  if (plane.size() != axes) refuse("the plane must have as many axes as the operand has spatial ones", shape_text(plane) + " for " + x.type().text(), x);
  if (positions.dtype() != i32 && positions.dtype() != i64) refuse("positions must be i32 or i64", positions.type().text(), x);
  if (positions.rank() != x.rank()) refuse("there must be a position for each element", "x " + x.type().text() + " and positions " + positions.type().text(), x);
  for (size_t a = 0; a < x.shape().size(); ++a)
    require_equal_dims(x, x.shape()[a], positions.shape()[a], "there must be a position for each element",
                       "x " + x.type().text() + " and positions " + positions.type().text());
  Dim windows = 1, elements = 1;
  for (size_t a = 0; a < axes; ++a) windows = windows * x.shape()[a + 2], elements = elements * plane[a];
  const Shape lines = {x.shape()[0], x.shape()[1], windows};
  const Value none = zeros(x.graph(), {x.shape()[0], x.shape()[1], elements}, x.dtype());
  Shape shape = {x.shape()[0], x.shape()[1]};
  shape.insert(shape.end(), plane.begin(), plane.end());
  return reshape(scatter_add(none, reshape(positions, lines), reshape(x, lines), 2), shape);
}

Value average_pool(Operand x, PoolOptions options) {
  const CallSite site("average_pool", {x});
  PoolAttrs attrs = attrs_for(x, options);
  attrs.count_padding = options.count_padding;
  return apply(average_pool_op, {x}, std::move(attrs));
}

Value average_pool_gradient(Operand dy, PoolAttrs attrs) { return apply(average_pool_gradient_op, {dy}, std::move(attrs)); }

Value global_average_pool(Operand x) {
  const CallSite site("global_average_pool", {x});
  spatial_axes(x);
  return mean(x, {.axes = spatial_list(x), .keep = true});
}

Value global_max_pool(Operand x) {
  const CallSite site("global_max_pool", {x});
  spatial_axes(x);
  return reduce_max(x, {.axes = spatial_list(x), .keep = true});
}

Value adaptive_average_pool(Operand x, std::vector<int64_t> sizes) {
  const CallSite site("adaptive_average_pool", {x});
  if (!is_float(x.dtype())) refuse("the operand must be of a float dtype", x.type().text(), x);
  const auto reduce = [](const Value& v, const std::vector<int64_t>& axes) { return mean(v, {.axes = axes, .keep = true}); };
  const auto apart = [](const Value& v, const std::vector<int64_t>& kernel) { return average_pool(v, {.kernel = kernel}); };
  return cast(adaptive(cast(x, compute_type(x.dtype())), std::move(sizes), reduce, apart, mean_of_windows), x.dtype());
}

Value adaptive_max_pool(Operand x, std::vector<int64_t> sizes) {
  const CallSite site("adaptive_max_pool", {x});
  if (x.dtype() == boolean) refuse("the operand must be a number", x.type().text(), x);
  const auto reduce = [](const Value& v, const std::vector<int64_t>& axes) { return reduce_max(v, {.axes = axes, .keep = true}); };
  const auto apart = [](const Value& v, const std::vector<int64_t>& kernel) { return max_pool(v, {.kernel = kernel}); };
  return adaptive(x, std::move(sizes), reduce, apart, max_of_windows);
}

}  // namespace lanc
