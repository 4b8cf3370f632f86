#include <lanc/passes/passes.h>

#include <string>
#include <unordered_map>

#include <lanc/graph/rewrite.h>
#include <lanc/graph/text.h>

namespace lanc {
namespace {

bool commutes(const Node& node) {
  const std::string_view name = node.op->name;
  return name == "add" || name == "mul" || name == "equal" || name == "not_equal" || name == "and" || name == "or" || name == "xor";
}

// Two nodes are equal when their keys are.
std::string key_of(const Node& node, const std::vector<Ref>& inputs) {
  std::string key(node.op->name);
  key += '|';
  key += std::to_string(reinterpret_cast<uintptr_t>(node.op->context));  // two user ops may share a name
  std::vector<Ref> operands = inputs;
  if (commutes(node) && operands.size() == 2 && operands[1] < operands[0]) std::swap(operands[0], operands[1]);
  for (Ref r : operands) key += '|' + std::to_string(r.node) + '.' + std::to_string(r.output);
  key += node.attributes.text();
  for (const Graph& body : node.bodies) key += to_text(body);
  return key;
}

}  // namespace

Graph cse(const Graph& graph, const PassContext&) {
  std::unordered_map<std::string, uint32_t> known;
  return rebuild(graph, [&](const Node& node, uint32_t, const std::vector<Ref>& inputs, const Graph& to) -> std::optional<std::vector<Ref>> {
    const bool named = node.op->effects == Effects::state || node.attributes.is<NamedAttrs>();
    if (named || node.op->effects == Effects::host) return std::nullopt;
    if (node.attributes.is<ConstantAttrs>() && node.attrs<ConstantAttrs>().value.numel() > 4096) return std::nullopt;
    const auto [place, fresh] = known.emplace(key_of(node, inputs), static_cast<uint32_t>(to.size()));
    if (fresh) return std::nullopt;  // cloned by the rebuild, as the next node
    std::vector<Ref> refs;
    for (uint32_t i = 0; i < node.outputs.size(); ++i) refs.push_back({place->second, i});
    return refs;
  });
}

}  // namespace lanc
