// tests/jit/nests.h: fused nodes with random operands, run by the interpreter and by compiled code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <lanc/graph/graph.h>
#include <lanc/ops/fused.h>
#include <lanc/ops/scalar/table.h>
#include <lanc/schedule/backend.h>

namespace lanc::jit_tests {

/// An environment variable for the length of a scope; null: not set.
class Environment {
 public:
  Environment(const char* name, const char* value);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  std::string name_;
  std::optional<std::string> before_;
};

/// A folder that is gone with the scope.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string path;
};

struct NestOperand {
  DType dtype = DType::f32;
  std::vector<int64_t> axes;  // of the iteration space; -1: size 1
};

struct Nest {
  Sizes sizes;
  std::vector<NestOperand> operands;
  Formula formula;
  std::vector<FusedOutput> outputs;
  std::string text() const;
};

using Bytes = std::vector<std::vector<std::byte>>;

/// Numbers of all magnitudes, with NaN, infinities, both zeros, denormals and the ends of integer ranges among them.
Bytes random_operands(const Nest& nest, std::mt19937_64& random);
/// Fractions between -1 and 1, whole numbers between -100 and 100: sums of many stay numbers, and show the order of their terms.
Bytes tame_operands(const Nest& nest, std::mt19937_64& random);
std::vector<std::byte> random_elements(DType dtype, int64_t count, std::mt19937_64& random);

/// A graph with the one node, for as long as its kernels live.
class NestNode {
 public:
  explicit NestNode(const Nest& nest);
  const Node& node() const { return graph_.node(id_); }
  const Graph& graph() const { return graph_; }
  const std::vector<Type>& result_types() const { return types_; }

 private:
  Graph graph_;
  uint32_t id_ = 0;
  std::vector<Type> types_;
};

/// All phases and parts, one after the other. Results begin as garbage.
Bytes run(const NestNode& node, Kernel& kernel, const Bytes& operands);
/// "" where all elements have the same bits, NaN against NaN apart; else the first difference.
std::string difference(const NestNode& node, const Bytes& a, const Bytes& b);

/// Compiled and interpreted by kernels of the CPU backend; "" where they agree. InternalError when LLVM did not compile it.
std::string compiled_against_interpreted(const Nest& nest, const Bytes& operands);
/// Over random_operands.
std::string compiled_against_interpreted(const Nest& nest, std::mt19937_64& random);

/// Rows of the scalar table that take time without end for some of the operands that are tried here.
bool is_endless(const ScalarFunction& row);

/// A formula of up to `calls` random calls of the scalar table over operands of these dtypes, with `outputs` outputs.
Formula random_formula(const std::vector<DType>& operands, int calls, int outputs, std::mt19937_64& random);

}  // namespace lanc::jit_tests
