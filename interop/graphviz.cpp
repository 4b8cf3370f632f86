#include <lanc/interop/graphviz.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lanc/graph/error.h>
#include <lanc/graph/rewrite.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/reduce.h>
#include <lanc/train/output_file.h>

extern char** environ;

namespace lanc {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

bool is_state(const Node& node) { return node.op->effects == Effects::state; }
bool is_constant(const Node& node) { return node.attributes.is<ConstantAttrs>(); }

// Splits "{a = [1, 2], b = 3}" at the commas between fields.
std::vector<std::string> fields_of(const Attributes& attributes) {
  const std::string text = attributes.text();
  std::vector<std::string> fields;
  int depth = 0;
  bool in_string = false;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' && text[i - 1] != '\\') in_string = !in_string;
    if (!in_string) depth += c == '[' || c == '{' || c == '(' ? 1 : c == ']' || c == '}' || c == ')' ? -1 : 0;
    if (fields.empty() || (c == ',' && depth == 0 && !in_string)) fields.emplace_back();
    if (c != ',' || depth > 0 || in_string) fields.back() += c;
  }
  for (std::string& field : fields) field.erase(0, field.find_first_not_of(' '));
  return fields;
}

// The fields that differ from a default-made struct, as far as a label has room.
std::string attributes_text(const Node& node) {
  const std::vector<std::string> usual = fields_of(Attributes(node.op->attributes, node.op->attributes->create()));
  std::string out;
  for (const std::string& field : fields_of(node.attributes)) {
    if (std::find(usual.begin(), usual.end(), field) != usual.end()) continue;
    out += (out.empty() ? "" : ", ") + (field.size() > 40 ? field.substr(0, 37) + "..." : field);
  }
  return out;
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

class Drawing {
 public:
  Drawing(const Graph& graph, const GraphvizOptions& options) : graph_(graph), options_(options) {}

  std::string text() {
    std::vector<Ref> roots = graph_.data()->outputs;
    for (const auto& [state, value] : graph_.data()->updates) roots.insert(roots.end(), {value, state});
    if (roots.empty())
      for (uint32_t id = 0; id < graph_.size(); ++id) roots.push_back({id, 0});
    order_ = canonical_order(graph_, roots);
    for (Ref r : graph_.data()->outputs) results_.insert(drawn(r).node);
    for (uint32_t id : order_)
      if (!left_out(id)) (places_[scope_of(id)], by_scope_[scope_of(id)].push_back(id));
    // Every scope above one that is used is drawn too.
    for (const auto& [path, unused] : std::map(places_))
      for (std::string up = path; !up.empty(); up = parent_of(up)) places_[parent_of(up)].insert(up);

    std::string out = "digraph lanc {\n  graph [rankdir=TB, newrank=true, fontname=\"Helvetica\", fontsize=12, labeljust=l, nodesep=0.25, ranksep=0.35";
    if (!options_.title.empty()) out += ", labelloc=t, label=" + quoted(options_.title);
    out += "];\n  node [shape=box, style=\"rounded,filled\", fillcolor=\"#f4f4f4\", color=\"#707070\", fontname=\"Helvetica\", fontsize=10, margin=\"0.1,0.05\"];\n"
           "  edge [color=\"#505050\", arrowsize=0.6, fontname=\"Helvetica\", fontsize=8];\n";
    out += scope("", "  ") + edges();
    return out + "}\n";
  }

 private:
  // A value without a box of its own: a scalar constant or size, written into its user's label; a broadcast, which stands for its operand.
  bool is_inline(uint32_t id) const {
    const Node& n = graph_.node(id);
    return !options_.all_nodes && n.outputs[0].rank() == 0 && results_.count(id) == 0 && (is_constant(n) || n.attributes.is<DimValueAttrs>());
  }
  bool is_skipped(uint32_t id) const { return !options_.all_nodes && graph_.node(id).op->name == broadcast_op.name; }
  bool left_out(uint32_t id) const { return is_inline(id) || is_skipped(id); }

  Ref drawn(Ref r) const {
    while (is_skipped(r.node)) r = graph_.node(r.node).inputs[0];
    return r;
  }

  // A state lies in the scope of its path, an op in that of the layer that built it.
  std::string scope_of(uint32_t id) const {
    const Node& n = graph_.node(id);
    if (n.attributes.is<NamedAttrs>()) return parent_of(n.attrs<NamedAttrs>().name);
    return n.origin ? n.origin->scope : "";
  }

  std::string inline_text(const Node& n) const {
    return is_constant(n) ? to_text(n.attrs<ConstantAttrs>().value) : n.attrs<DimValueAttrs>().dim.text();
  }

  std::string label(uint32_t id) const {
    const Node& n = graph_.node(id);
    std::string first(n.op->name);
    if (n.attributes.is<NamedAttrs>()) {
      const std::string& path = n.attrs<NamedAttrs>().name;
      first = path.substr(path.rfind('/') + 1);
    } else if (is_constant(n)) {
      const Tensor& value = n.attrs<ConstantAttrs>().value;
      first = value.numel() <= 10 ? to_text(value) : "constant";
    } else {
      std::string operands;
      bool any = false;
      for (Ref r : n.inputs) {
        const bool here = is_inline(drawn(r).node);
        any |= here;
        operands += (operands.empty() ? "" : ", ") + (here ? inline_text(graph_.node(drawn(r).node)) : "·");
      }
      if (any) first += "(" + operands + ")";
    }
    if (!n.attributes.is<NamedAttrs>() && !is_constant(n))
      if (const std::string attributes = attributes_text(n); !attributes.empty()) first += "\n" + attributes;
    for (const Type& t : n.outputs) first += "\n" + t.text();
    if (options_.lines && n.origin) first += "\n" + n.origin->text();
    return first;
  }

  std::string style(uint32_t id) const {
    const Node& n = graph_.node(id);
    std::string out;
    if (n.op->name == input_op.name) out += ", shape=ellipse, style=filled, fillcolor=\"#c9e7c5\", color=\"#3f7d38\"";
    else if (n.op->name == parameter_op.name) out += ", style=filled, fillcolor=\"#cfe0f5\", color=\"#34608f\"";
    else if (is_state(n)) out += ", style=filled, fillcolor=\"#e3d6ef\", color=\"#6b4a8a\"";
    else if (is_constant(n)) out += ", shape=plaintext, style=\"\", fontcolor=\"#606060\"";
    else if (n.origin && !n.origin->note.empty()) out += ", fillcolor=\"#fbe6cd\", color=\"#a8732c\"";  // derivatives and rewrites
    if (results_.count(id) != 0) out += ", penwidth=2.5";
    return out;
  }

  std::string scope(const std::string& path, const std::string& indent) {
    std::string out;
    for (uint32_t id : by_scope_[path]) out += indent + "n" + std::to_string(id) + " [label=" + quoted(label(id)) + style(id) + "];\n";
    for (const std::string& child : places_[path]) {
      out += indent + "subgraph " + quoted("cluster_" + child) + " {\n" + indent + "  label=" + quoted(child.substr(child.rfind('/') + 1)) +
             "; style=rounded; color=\"#b0b0b0\";\n" + scope(child, indent + "  ") + indent + "}\n";
    }
    return out;
  }

  std::string edges() const {
    std::string out;
    for (uint32_t id : order_) {
      if (left_out(id)) continue;
      const Node& n = graph_.node(id);
      for (Ref operand : n.inputs) {
        const Ref r = drawn(operand);
        if (is_inline(r.node)) continue;
        const bool several = graph_.node(r.node).outputs.size() > 1;
        out += "  n" + std::to_string(r.node) + " -> n" + std::to_string(id) + (several ? " [label=\"" + std::to_string(r.output) + "\"]" : "") + ";\n";
      }
    }
    for (const auto& [state, value] : graph_.data()->updates)
      if (!is_inline(drawn(value).node))
        out += "  n" + std::to_string(drawn(value).node) + " -> n" + std::to_string(state.node) + " [style=dashed, constraint=false, color=\"#34608f\"];\n";
    return out;
  }

  const Graph& graph_;
  const GraphvizOptions& options_;
  std::vector<uint32_t> order_;
  std::set<uint32_t> results_;
  std::map<std::string, std::vector<uint32_t>> by_scope_;
  std::map<std::string, std::set<std::string>> places_;  // scope -> the scopes directly below it
};

// The exit code of `dot -Tformat -o to from`; -1: there is no such program.
int run_dot(const std::string& format, const std::string& from, const std::string& to) {
  std::string option = "-T" + format, program = "dot", out = "-o", source = from, target = to;
  char* arguments[] = {program.data(), option.data(), out.data(), target.data(), source.data(), nullptr};
  pid_t child = 0;
  if (posix_spawnp(&child, "dot", nullptr, nullptr, arguments, environ) != 0) return -1;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  return code == 127 ? -1 : code;
}

std::string write_text(const std::string& text, const std::string& path) {
  const std::filesystem::path target(path);
  const std::string format = target.extension().empty() ? "" : target.extension().string().substr(1);
  if (format.empty()) throw UserError("graphviz: the path must end with a format, as in graph.svg or graph.dot, got '" + path + "'");
  if (format == "dot") {
    write_whole_file(path, text);
    return path;
  }
  // Names of this process: what stands beside the picture stays as it is.
  const std::string source = path + ".source" + std::to_string(getpid()), draft = path + ".part" + std::to_string(getpid());
  write_whole_file(source, text);
  const int code = run_dot(format, source, draft);
  std::error_code ignored, error;
  std::filesystem::remove(source, ignored);
  if (code == -1) {
    static std::atomic<bool> said = false;
    if (!said.exchange(true))
      std::fprintf(stderr, "lanc: graphs are left as .dot files, since the program dot is not installed (Debian: apt-get install graphviz)\n");
    const std::string beside = std::filesystem::path(target).replace_extension(".dot").string();
    write_whole_file(beside, text);
    return beside;
  }
  if (code == 0) std::filesystem::rename(draft, target, error);
  if (code != 0 || error) std::filesystem::remove(draft, ignored);
  if (code != 0) throw BackendError(path + ": dot must be able to write the file in format '" + format + "', got exit code " + std::to_string(code));
  if (error) throw BackendError(path + ": the file must be writable, got \"" + error.message() + "\"");
  return path;
}

Graph part_of(const std::vector<Value>& values) {
  if (values.empty()) throw UserError("graphviz: at least one value is needed, got none");
  for (const Value& v : values)
    if (v.graph_data() != values[0].graph_data()) throw UserError("graphviz: values must belong to one graph, got values of two graphs");
  return extract(values[0].graph(), {}, values, {});
}

}  // namespace

std::string to_graphviz(const Graph& graph, const GraphvizOptions& options) { return Drawing(graph, options).text(); }
std::string to_graphviz(const std::vector<Value>& values, const GraphvizOptions& options) { return to_graphviz(part_of(values), options); }

std::string write_graphviz(const Graph& graph, const std::string& path, const GraphvizOptions& options) {
  return write_text(to_graphviz(graph, options), path);
}
std::string write_graphviz(const std::vector<Value>& values, const std::string& path, const GraphvizOptions& options) {
  return write_graphviz(part_of(values), path, options);
}

}  // namespace lanc
