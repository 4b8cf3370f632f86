// models/mode.h: what a layer that behaves differently while it learns is asked to do.
#pragma once

#include <cstdint>

namespace lanc {

/// Layers take it without a default, and nothing else switches: `net(x, Mode::training)` and `net(x, Mode::inference)` are two graphs over the same
/// parameters.
enum class Mode : uint8_t { training, inference };

}  // namespace lanc
