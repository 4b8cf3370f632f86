// tools/op_facts.h: what an op takes and who computes it, found by asking the op and the backends.
#pragma once

#include <string>
#include <vector>

#include <lanc/graph/op.h>

namespace lanc::tools {

struct OpFacts {
  OpRef op;
  std::vector<DType> dtypes = {};       // of operands; of the result where the dtype is an attribute. Empty: as the formula within it has
  std::string no_derivative = "";       // why there is none; empty: there is one
  std::string reference = "";           // kernel's name, for f32 where the op takes it, else for the first dtype; empty: none
  std::string cpu = "";
};

/// Facts about every op of the library, or of one family.
std::vector<OpFacts> op_facts(const std::string& family = "");
/// "f64 f32", or "all".
std::string dtype_list(const std::vector<DType>& dtypes);

}  // namespace lanc::tools
