#include <lanc/ops/window_rules.h>

#include <lanc/graph/error.h>
#include <lanc/ops/requirements.h>

namespace lanc {
namespace {

// floordiv in which what is a multiple of b stands alone: floordiv(2 n - 1, 2) = n - 1.
Dim quotient(const Dim& a, int64_t b) {
  Bindings zeros;
  for (const std::string& symbol : a.symbols()) zeros[symbol] = 0;
  if (zeros.empty()) return floordiv(a, b);
  try {
    const Dim constant = a.bind(zeros), rest = floordiv(a - constant, b);
    if (rest * b == a - constant) return rest + floordiv(constant, b);
  } catch (const UserError&) {  // a symbol that divides
  }
  return floordiv(a, b);
}

}  // namespace

Dim window_span(const Dim& kernel, int64_t dilation) { return Dim(dilation) * (kernel - 1) + 1; }

Dim window_count(const Dim& size, const Dim& kernel, const Windows& windows, size_t axis) {
  const Margin& margin = windows.padding[axis];
  return quotient(size + margin.low + margin.high - window_span(kernel, windows.dilations[axis]), windows.strides[axis]) + 1;
}

Margin same_margin(const Dim& kernel, int64_t dilation) {
  const Dim all = window_span(kernel, dilation) - 1, low = floordiv(all, 2);
  return {low, all - low};
}

template <class T>
std::vector<T> for_each_axis(std::vector<T> given, size_t axes, T otherwise, const char* what) {
  if (given.empty()) return std::vector<T>(axes, std::move(otherwise));
  if (given.size() == 1) return std::vector<T>(axes, given[0]);
  if (given.size() != axes)
    refuse(std::string(what) + " must be one for all spatial axes or one for each", std::to_string(given.size()) + " for " + std::to_string(axes) + " axes");
  return given;
}
template std::vector<int64_t> for_each_axis(std::vector<int64_t>, size_t, int64_t, const char*);
template std::vector<Margin> for_each_axis(std::vector<Margin>, size_t, Margin, const char*);

void require_at_most(const InferArgs& args, const Dim& a, const Dim& b, const std::string& requirement, const std::string& got) {
  const Truth truth = at_most(a, b);
  if (truth == Truth::no) args.fail(requirement, got);
  if (truth == Truth::unknown) args.require_equal(larger_of(a, b), b, requirement);
}

void require_windows(const InferArgs& args, const Windows& windows, std::span<const Dim> sizes, std::span<const Dim> kernel) {
  const size_t axes = sizes.size();
  if (windows.strides.size() != axes || windows.padding.size() != axes || windows.dilations.size() != axes)
    args.fail("needs a stride, a padding and a dilation for each of " + std::to_string(axes) + " spatial axes",
              std::to_string(windows.strides.size()) + ", " + std::to_string(windows.padding.size()) + " and " + std::to_string(windows.dilations.size()) +
                  " for " + args.types_text());
  for (size_t a = 0; a < axes; ++a) {
    const std::string axis = " for spatial axis " + std::to_string(a) + " of " + args.types_text();
    if (windows.strides[a] < 1) args.fail("strides must be at least 1", std::to_string(windows.strides[a]) + axis);
    if (windows.dilations[a] < 1) args.fail("dilations must be at least 1", std::to_string(windows.dilations[a]) + axis);
    const Margin& margin = windows.padding[a];
    for (const Dim& d : {margin.low, margin.high}) require_at_most(args, 0, d, "paddings must be >= 0", d.text() + axis);
    require_at_most(args, 1, kernel[a], "a window must have at least one element", kernel[a].text() + axis);
    const Dim padded = sizes[a] + margin.low + margin.high, span = window_span(kernel[a], windows.dilations[a]);
    require_at_most(args, span, padded, "a window must not be larger than the padded input", span.text() + " over " + padded.text() + axis);
  }
}

}  // namespace lanc
