#include <lanc/graph/text.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include <lanc/graph/rewrite.h>

namespace lanc {
namespace {

class Writer {
 public:
  Writer(const Graph& graph, const TextOptions& options, std::string indent) : graph_(graph), options_(options), indent_(std::move(indent)) {}

  std::string write() {
    std::vector<Ref> roots = graph_.data()->outputs;
    for (const auto& [state, value] : graph_.data()->updates) {
      roots.push_back(value);
      roots.push_back(state);
    }
    if (roots.empty())
      for (uint32_t id = 0; id < graph_.size(); ++id) roots.push_back({id, 0});
    const std::vector<uint32_t> order = canonical_order(graph_, roots);
    for (uint32_t id : order) name(id);
    for (uint32_t id : order) node(id);
    for (const DimConstraint& c : graph_.data()->constraints) require(c);
    for (Ref r : graph_.data()->outputs) out_ += indent_ + "output " + ref(r) + "\n";
    for (const auto& [state, value] : graph_.data()->updates)
      out_ += indent_ + "update \"" + graph_.node(state.node).attrs<NamedAttrs>().name + "\" = " + ref(value) + "\n";
    return out_;
  }

 private:
  void name(uint32_t id) {
    const Node& n = graph_.node(id);
    std::string base;
    if (n.attributes.is<NamedAttrs>()) {
      const std::string& path = n.attrs<NamedAttrs>().name;
      std::string last = path.substr(path.rfind('/') + 1);
      if (std::isdigit(static_cast<unsigned char>(last[0])) != 0) last = "_" + last;  // numbers are the other values
      base = last;
      for (int k = 2; taken_.count(base) != 0; ++k) base = last + "_" + std::to_string(k);
      taken_.insert(base);
    } else {
      base = std::to_string(next_);
      next_ += static_cast<int>(n.outputs.size());
    }
    names_[id] = base;
  }
  std::string ref(Ref r) const {
    const Node& n = graph_.node(r.node);
    if (n.attributes.is<NamedAttrs>()) return "%" + names_.at(r.node);
    return "%" + std::to_string(std::stoi(names_.at(r.node)) + static_cast<int>(r.output));
  }

  void node(uint32_t id) {
    const Node& n = graph_.node(id);
    std::string line = indent_;
    for (uint32_t k = 0; k < n.outputs.size(); ++k) line += (k ? ", " : "") + ref({id, k});
    line += " = " + std::string(n.op->name);
    if (n.attributes.is<NamedAttrs>()) {
      line += " \"" + n.attrs<NamedAttrs>().name + "\"";
    } else {
      line += "(";
      for (size_t i = 0; i < n.inputs.size(); ++i) line += (i ? ", " : "") + ref(n.inputs[i]);
      line += ")";
      if (const std::string text = n.attributes.text(); !text.empty()) line += " " + text;
    }
    line += " :";
    for (size_t k = 0; k < n.outputs.size(); ++k) line += (k ? ", " : " ") + n.outputs[k].text();
    if (options_.lines && n.origin && n.origin->user.known())
      line += "   ; " + n.origin->text() + (n.origin->scope.empty() ? "" : " \"" + n.origin->scope + "\"");
    out_ += line + "\n";
    if (options_.initial || !n.attributes.is<NamedAttrs>())
      for (const Graph& body : n.bodies) out_ += Writer(body, options_, indent_ + "  ").write();
  }

  // What binding checks. Only the first line of the message: the others name places in the program that built the graph.
  void require(const DimConstraint& c) {
    std::string message = c.message.substr(0, c.message.find('\n'));
    std::replace(message.begin(), message.end(), '"', '\'');
    out_ += indent_ + "require " + c.a.text() + (c.at_most ? " <= " : " = ") + c.b.text() + " \"" + message + "\"\n";
  }

  const Graph& graph_;
  const TextOptions& options_;
  std::string indent_;
  std::string out_;
  std::map<uint32_t, std::string> names_;
  std::set<std::string> taken_;
  int next_ = 0;
};

}  // namespace

std::string to_text(const Graph& graph, const TextOptions& options) {
  std::string out = "graph\n";
  if (!graph.data()->dims.empty()) {
    out += "dims";
    for (const std::string& d : graph.data()->dims) out += " " + d;
    out += "\n";
  }
  return out + Writer(graph, options, "").write();
}

std::string to_text(const std::vector<Value>& values, const TextOptions& options) {
  return values.empty() ? "graph\n" : to_text(extract(values[0].graph(), {}, values, {}), options);
}

}  // namespace lanc
