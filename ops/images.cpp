#include <lanc/ops/images.h>

#include <algorithm>
#include <cmath>

#include <lanc/ops/concat.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/index.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/pad.h>
#include <lanc/ops/requirements.h>
#include <lanc/ops/slice.h>
#include <lanc/ops/window_rules.h>

namespace lanc {
namespace {

size_t spatial_axes(const Value& x) {
  if (x.rank() < 3 || x.rank() > 5) refuse("the operand must have one, two or three spatial axes behind two others", x.type().text(), x);
  return static_cast<size_t>(x.rank() - 2);
}

void require_at_least_1(const Value& x, const std::vector<int64_t>& numbers, const char* what) {
  for (int64_t n : numbers)
    if (n < 1) refuse(std::string(what) + " must be at least 1", std::to_string(n), x);
}

// Windows over a plane: where the elements of each lie in the padded plane.
struct Unfolding {
  std::vector<int64_t> kernel;
  Windows windows;
  Shape padded, counts;

  Unfolding(const Value& x, std::span<const Dim> plane, UnfoldOptions options) {
    const size_t axes = plane.size();
    if (options.kernel.empty()) refuse("windows must have a size", "none", x);
    kernel = for_each_axis<int64_t>(std::move(options.kernel), axes, 1, "window sizes");
    windows = {for_each_axis<int64_t>(std::move(options.strides), axes, 1, "strides"), for_each_axis<Margin>(std::move(options.padding), axes, 0, "paddings"),
               for_each_axis<int64_t>(std::move(options.dilations), axes, 1, "dilations")};
    require_at_least_1(x, kernel, "window sizes");
    require_at_least_1(x, windows.strides, "strides");
    require_at_least_1(x, windows.dilations, "dilations");
    for (size_t a = 0; a < axes; ++a) {
      const Margin& m = windows.padding[a];
      if (at_most(0, m.low) == Truth::no || at_most(0, m.high) == Truth::no) refuse("paddings must be >= 0", m.low.text() + " and " + m.high.text(), x);
      padded.push_back(plane[a] + m.low + m.high);
      const Dim span = window_span(kernel[a], windows.dilations[a]);
      if (at_most(span, padded[a]) == Truth::no) refuse("a window must not be larger than the padded input", span.text() + " over " + padded[a].text(), x);
      counts.push_back(window_count(plane[a], kernel[a], windows, a));
    }
  }
  int64_t taps() const {
    int64_t n = 1;
    for (int64_t k : kernel) n *= k;
    return n;
  }
  Dim number() const {
    Dim n = 1;
    for (const Dim& d : counts) n = n * d;
    return n;
  }
  /// Where element `tap` of all windows begins: behind the first two axes.
  std::vector<Dim> starts(int64_t tap) const {
    std::vector<Dim> out(kernel.size() + 2, 0);
    for (size_t a = kernel.size(); a-- > 0; tap /= kernel[a]) out[a + 2] = tap % kernel[a] * windows.dilations[a];
    return out;
  }
  std::vector<Dim> steps() const {
    std::vector<Dim> out = {1, 1};
    out.insert(out.end(), windows.strides.begin(), windows.strides.end());
    return out;
  }
};

Shape joined(Shape first, const Shape& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

// The elements at these places of an axis.
Value at_places(const Value& x, int64_t axis, const std::vector<int64_t>& places) {
  Tensor t(i32, {static_cast<int64_t>(places.size())});
  for (size_t i = 0; i < places.size(); ++i) t.set(static_cast<int64_t>(i), static_cast<double>(places[i]));
  return take(x, constant(x.graph(), t), axis);
}

// Calls each(axis, elements, wanted elements) for the axes whose size changes.
template <class F>
void for_each_resized(const Value& x, std::vector<int64_t> sizes, F each) {
  sizes = for_each_axis<int64_t>(std::move(sizes), spatial_axes(x), 1, "sizes");
  require_at_least_1(x, sizes, "sizes");
  for (int64_t axis = 2; axis < x.rank(); ++axis) {
    if (!x.size(axis).is_number()) refuse("sizes of the operand must be numbers", x.type().text(), x);
    if (x.size(axis).number() == 0) refuse("there must be elements along each axis", x.type().text(), x);
  }
  for (int64_t axis = 2; axis < x.rank(); ++axis)
    if (const int64_t n = x.size(axis).number(), m = sizes[static_cast<size_t>(axis) - 2]; n != m) each(axis, n, m);
}

Value interpolated(const Value& x, int64_t axis, int64_t n, int64_t m, bool align_corners) {
  std::vector<int64_t> below, above;
  Sizes along(static_cast<size_t>(x.rank() - axis), 1);
  along[0] = m;
  Tensor shares(f64, along);
  for (int64_t i = 0; i < m; ++i) {
    const double place = align_corners ? (m == 1 ? 0 : static_cast<double>(i * (n - 1)) / static_cast<double>(m - 1))
                                       : std::max(0.0, (static_cast<double>(i) + 0.5) * static_cast<double>(n) / static_cast<double>(m) - 0.5);
    below.push_back(std::min(static_cast<int64_t>(place), n - 1));
    above.push_back(std::min(below.back() + 1, n - 1));
    shares.set(i, place - static_cast<double>(below.back()));
  }
  const Value share = constant(x.graph(), shares.to(x.dtype()));
  return at_places(x, axis, below) * (1 - share) + at_places(x, axis, above) * share;
}

Value resized_linearly(const Value& x, std::vector<int64_t> sizes, const ResizeOptions& options) {
  if (!is_float(x.dtype())) refuse("the operand must be of a float dtype", x.type().text(), x);
  Value y = cast(x, compute_type(x.dtype()));
  for_each_resized(x, std::move(sizes), [&](int64_t axis, int64_t n, int64_t m) { y = interpolated(y, axis, n, m, options.align_corners); });
  return cast(y, x.dtype());
}

void require_image(const Value& x, int64_t factor) {
  if (x.rank() != 4) refuse("the operand must be {batch, channels, height, width}", x.type().text(), x);
  require_at_least_1(x, {factor}, "factors");
}

// size / by, refused when that is surely no whole number, else checked when dims are bound.
Dim part_of(const Value& x, const Dim& size, int64_t by, const std::string& requirement) {
  const Dim part = floordiv(size, by);
  require_equal_dims(x, part * by, size, requirement, std::to_string(by) + " for " + size.text() + " of " + x.type().text());
  return part;
}

}  // namespace

Value unfold(Operand x, UnfoldOptions options) {
  const CallSite site("unfold", {x});
  spatial_axes(x);
  const Unfolding u(x, std::span(x.shape()).subspan(2), std::move(options));
  std::vector<Padding> paddings(2);
  for (const Margin& m : u.windows.padding) paddings.push_back({m.low, m.high, 0});
  const Value padded = pad(x, paddings);
  std::vector<Operand> taps;
  for (int64_t tap = 0; tap < u.taps(); ++tap)
    taps.push_back(strided_slice(padded, {u.starts(tap), joined({x.shape()[0], x.shape()[1]}, u.counts), u.steps()}));
  return reshape(stack_of(std::move(taps), 2), {x.shape()[0], x.shape()[1] * u.taps(), u.number()});
}

Value fold(Operand x, std::vector<int64_t> plane, UnfoldOptions options) {
  const CallSite site("fold", {x});
  if (x.rank() != 3) refuse("the operand must be {batch, channels * elements of a window, windows}", x.type().text(), x);
  if (x.dtype() == boolean) refuse("the operand must be a number", x.type().text(), x);
  if (plane.empty() || plane.size() > 3) refuse("there must be one, two or three spatial axes", std::to_string(plane.size()), x);
  require_at_least_1(x, plane, "sizes of the plane");
  const std::vector<Dim> sizes(plane.begin(), plane.end());
  const Unfolding u(x, sizes, std::move(options));
  const Dim channels = part_of(x, x.shape()[1], u.taps(), "the elements of a window must divide the channels");
  require_equal_dims(x, x.shape()[2], u.number(), "there must be as many windows as the plane has", x.shape()[2].text() + " for " + u.number().text());
  const Value windows = reshape(cast(x, is_float(x.dtype()) ? compute_type(x.dtype()) : x.dtype()), joined({x.shape()[0], channels, u.taps()}, u.counts));
  std::optional<Value> sum;
  for (int64_t tap = 0; tap < u.taps(); ++tap) {
    const Value one = squeeze(slice_axis(windows, 2, {.start = Dim(tap), .stop = Dim(tap + 1)}), {2});
    const Value put = strided_pad(one, {u.starts(tap), joined({x.shape()[0], channels}, u.padded), u.steps()}, 0);
    sum = sum ? *sum + put : put;
  }
  SliceAttrs inner{.starts = {0, 0}, .sizes = joined({x.shape()[0], channels}, sizes), .steps = std::vector<Dim>(plane.size() + 2, 1)};
  for (const Margin& m : u.windows.padding) inner.starts.push_back(m.low);
  return cast(strided_slice(*sum, std::move(inner)), x.dtype());
}

Value pixel_shuffle(Operand x, int64_t factor) {
  const CallSite site("pixel_shuffle", {x});
  require_image(x, factor);
  const Dim &n = x.shape()[0], &h = x.shape()[2], &w = x.shape()[3];
  const Dim channels = part_of(x, x.shape()[1], factor * factor, "the square of the factor must divide the channels");
  const Value apart = permute(reshape(x, {n, channels, factor, factor, h, w}), {0, 1, 4, 2, 5, 3});
  return reshape(apart, {n, channels, h * factor, w * factor});
}

Value pixel_unshuffle(Operand x, int64_t factor) {
  const CallSite site("pixel_unshuffle", {x});
  require_image(x, factor);
  const Dim &n = x.shape()[0], &channels = x.shape()[1];
  const Dim h = part_of(x, x.shape()[2], factor, "the factor must divide the sizes"), w = part_of(x, x.shape()[3], factor, "the factor must divide the sizes");
  const Value apart = permute(reshape(x, {n, channels, h, factor, w, factor}), {0, 1, 3, 5, 2, 4});
  return reshape(apart, {n, channels * (factor * factor), h, w});
}

Value upsample_nearest(Operand x, std::vector<int64_t> factors) {
  const CallSite site("upsample_nearest", {x});
  factors = for_each_axis<int64_t>(std::move(factors), spatial_axes(x), 1, "factors");
  require_at_least_1(x, factors, "factors");
  Value y = x;
  for (size_t a = 0; a < factors.size(); ++a)
    if (factors[a] > 1) y = repeat(y, factors[a], static_cast<int64_t>(a) + 2);
  return y;
}

Value resize_nearest(Operand x, std::vector<int64_t> sizes) {
  const CallSite site("resize_nearest", {x});
  Value y = x;
  for_each_resized(x, std::move(sizes), [&](int64_t axis, int64_t n, int64_t m) {
    std::vector<int64_t> places;
    for (int64_t i = 0; i < m; ++i) places.push_back(i * n / m);
    y = at_places(y, axis, places);
  });
  return y;
}

Value resize_linear(Operand x, std::vector<int64_t> sizes, ResizeOptions options) {
  const CallSite site("resize_linear", {x});
  return resized_linearly(x, std::move(sizes), options);
}

Value upsample_linear(Operand x, std::vector<int64_t> factors, ResizeOptions options) {
  const CallSite site("upsample_linear", {x});
  factors = for_each_axis<int64_t>(std::move(factors), spatial_axes(x), 1, "factors");
  require_at_least_1(x, factors, "factors");
  for (size_t a = 0; a < factors.size(); ++a)
    if (const Dim& n = x.shape()[a + 2]; n.is_number()) factors[a] *= n.number();
  if (std::find(factors.begin(), factors.end(), 0) != factors.end()) refuse("there must be elements along each axis", x.type().text(), x);
  return resized_linearly(x, std::move(factors), options);
}

}  // namespace lanc
