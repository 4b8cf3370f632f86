// ops/body.h: how an op of control gets the graphs that it runs: the user's function is called once with placeholders, and what it built from
// them is taken out of the graph. What does not depend on a placeholder stays outside, is computed once, and is handed in.
#pragma once

#include <string>
#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

/// Stands for a value that a body is given. UserError when a function is asked for one: it exists within its body only.
struct PlaceholderAttrs {
  std::string name = "";
  DType dtype = DType::f32;
  Shape shape = {};
  void fields(auto& visit) {
    visit("name", name);
    visit("dtype", dtype);
    visit("shape", shape);
  }
};
extern const OpDef placeholder_op;

/// The names of a body's inputs.
std::string carry_name(size_t i);      // "carry_0"
std::string element_name(size_t i);    // "element_0": of sequence 0
std::string captured_name(size_t i);   // "captured_0": what the body uses of the graph around it
inline constexpr std::string_view iteration_name = "iteration";

/// Records what is built between its construction and close().
class BodyRecorder {
 public:
  enum class Kind : uint8_t {
    iteration,  // run many times: takes what depends on its placeholders, and what it draws, anew each time
    branch,     // run or not: takes all that it builds
  };
  /// `function` is what messages call it.
  BodyRecorder(Graph graph, std::string function, Kind kind);

  Value placeholder(const std::string& name, const Type& type);
  /// The body with these outputs, and the values of the graph around it that captured_0, captured_1, ... of it stand for; `captured` may hold
  /// those of another body, which keep their numbers. UserError: a print or probe within.
  Graph close(const std::vector<Value>& outputs, std::vector<Value>& captured);
  /// What the nodes of the body require of dims is required by the node that runs it.
  void require_by(const Value& control);

 private:
  bool moves(uint32_t id) const { return id >= first_ && id - first_ < moves_.size() && moves_[id - first_] != 0; }
  void mark_moving();

  Graph graph_;
  std::string function_;
  Kind kind_;
  uint32_t first_;
  std::vector<char> moves_;                       // from first_ on: depends on a placeholder, or draws
  std::vector<std::pair<std::string, Value>> placeholders_;
};

}  // namespace lanc
