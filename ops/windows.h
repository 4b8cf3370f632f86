// ops/windows.h: windows that move over the spatial axes of a value {batch, channels, spatial...}: what convolutions and pools share.
#pragma once

#include <cstdint>
#include <vector>

#include <lanc/graph/dim.h>

namespace lanc {

/// Elements added to one axis before the first and after the last. {1, 2}, or one number for both ends; dims may have symbols.
struct Margin {
  Dim low = 0;
  Dim high = 0;
  Margin() = default;
  Margin(int64_t both) : low(both), high(both) {}
  Margin(Dim before, Dim after) : low(std::move(before)), high(std::move(after)) {}
  bool operator==(const Margin&) const = default;
  void fields(auto& visit) {
    visit("low", low);
    visit("high", high);
  }
};

/// How windows move: one entry for each spatial axis.
struct Windows {
  std::vector<int64_t> strides = {};
  std::vector<Margin> padding = {};
  std::vector<int64_t> dilations = {};
};

}  // namespace lanc
