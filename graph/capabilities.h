// graph/capabilities.h: what the target passes may make of a graph for a device.
#pragma once

namespace lanc {

struct Capabilities {
  bool fusion = false;          // understands `fused`
  bool contract_flags = false;  // contract reads transposed operands
};

}  // namespace lanc
