// ops/window_rules.h: what inference rules and builders of windowed ops share: sizes, and what is required of them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <lanc/graph/graph.h>
#include <lanc/ops/windows.h>

namespace lanc {

/// The distance from a window's first element to behind its last: dilation * (kernel - 1) + 1.
Dim window_span(const Dim& kernel, int64_t dilation);
/// How many windows an axis has: floor((size + low + high - span) / stride) + 1.
Dim window_count(const Dim& size, const Dim& kernel, const Windows& windows, size_t axis);
/// The padding that makes it ceil(size / stride): span - 1 elements, the smaller half in front.
Margin same_margin(const Dim& kernel, int64_t dilation);

/// `what` for each of `axes` axes: as given; one entry stands for all; `otherwise` where none is given. UserError: another number of them.
template <class T>
std::vector<T> for_each_axis(std::vector<T> given, size_t axes, T otherwise, const char* what);
extern template std::vector<int64_t> for_each_axis(std::vector<int64_t>, size_t, int64_t, const char*);
extern template std::vector<Margin> for_each_axis(std::vector<Margin>, size_t, Margin, const char*);

/// For inference rules: a <= b, or refused when surely not, or recorded and checked when dims are bound.
void require_at_most(const InferArgs& args, const Dim& a, const Dim& b, const std::string& requirement, const std::string& got);
/// For inference rules: an entry for each spatial axis, strides and dilations >= 1, paddings >= 0, kernels of at least one element that fit into
/// the padded sizes.
void require_windows(const InferArgs& args, const Windows& windows, std::span<const Dim> sizes, std::span<const Dim> kernel);

}  // namespace lanc
