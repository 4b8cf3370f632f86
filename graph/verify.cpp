#include <lanc/graph/verify.h>

#include <lanc/graph/error.h>

namespace lanc {
namespace {

[[noreturn]] void broken(const char* after, const Graph& graph, uint32_t id, const std::string& what) {
  const std::string op = id < graph.size() ? std::string(graph.node(id).op->name) : "node";
  throw InternalError("verify after " + std::string(after) + ": " + op + " %" + std::to_string(id) + " " + what);
}

void verify_ref(const Graph& graph, Ref r, const char* after, uint32_t user) {
  if (r.node >= graph.size()) broken(after, graph, user, "refers to a node that does not exist");
  if (r.output >= graph.node(r.node).outputs.size()) broken(after, graph, user, "refers to an output that does not exist");
}

void verify_types(const Graph& graph, uint32_t id, const char* after) {
  const Node& n = graph.node(id);
  if (n.op->infer == nullptr) return;
  Types inputs;
  std::vector<OriginRef> origins;
  for (Ref r : n.inputs) {
    inputs.push_back(graph.node(r.node).outputs[r.output]);
    origins.push_back(graph.node(r.node).origin);
  }
  Types inferred;
  try {
    inferred = n.op->infer(InferArgs(*n.op, n.attributes, inputs, nullptr, n.origin, origins, n.bodies));
  } catch (const UserError& error) {
    broken(after, graph, id, std::string("is refused by its inference rule: ") + error.what());
  }
  if (inferred != n.outputs) broken(after, graph, id, "has types that its inference rule does not give");
}

}  // namespace

void verify(const Graph& graph, const char* after) {
  for (uint32_t id = 0; id < graph.size(); ++id) {
    const Node& n = graph.node(id);
    if (n.attributes.def() != n.op->attributes) broken(after, graph, id, "has the attributes of another op");
    for (Ref r : n.inputs) {
      if (r.node >= id) broken(after, graph, id, "comes before its operand");
      verify_ref(graph, r, after, id);
    }
    verify_types(graph, id, after);
    for (const Graph& body : n.bodies) verify(body, after);
  }
  for (Ref r : graph.data()->outputs) verify_ref(graph, r, after, r.node);
  for (const auto& [state, value] : graph.data()->updates) {
    verify_ref(graph, state, after, state.node);
    verify_ref(graph, value, after, value.node);
    if (!(graph.value(state).type() == graph.value(value).type())) broken(after, graph, value.node, "updates a state of another type");
  }
}

}  // namespace lanc
