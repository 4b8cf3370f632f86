#include <lanc/runtime/summary.h>

#include <algorithm>
#include <map>

#include <lanc/graph/error.h>

namespace lanc {
namespace {

// "203,530"; an expression of dims as it is.
std::string count_text(const Dim& d) {
  if (!d.is_number()) return d.text();
  std::string digits = std::to_string(d.number());
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > (digits[0] == '-' ? 1 : 0); at -= 3) digits.insert(static_cast<size_t>(at), ",");
  return digits;
}

struct Row {
  std::string layer = "";
  std::string output = "";
  int64_t parameters = 0;
  Dim operations = 0;
};

std::string layer_of(const Node& node) {
  if (!node.attributes.is<NamedAttrs>() || node.op->name == input_op.name) return node.origin ? node.origin->scope : "";
  const std::string& path = node.attrs<NamedAttrs>().name;
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

// Derivatives and rewrites carry a note: "backward of matmul".
bool is_forward(const Node& node) { return !node.origin || node.origin->note.empty(); }

class Counting {
 public:
  Counting(const Graph& graph, const std::vector<uint32_t>& order, const Bindings& dims) : graph_(graph), dims_(dims), used_outside_(graph.size(), true) {
    std::vector<bool> used_within(graph.size(), false), used(graph.size(), false);
    for (uint32_t id : order) {
      if (!is_forward(graph.node(id))) continue;
      for (Ref r : graph.node(id).inputs) {
        const bool same = layer_of(graph.node(r.node)) == layer_of(graph.node(id));
        (same ? used_within : used)[r.node] = true;
      }
    }
    for (uint32_t id : order) used_outside_[id] = used[id] || !used_within[id];
    for (uint32_t id : order) add(id);
  }

  std::string text() const {
    std::vector<std::vector<std::string>> lines = {{"layer", "output", "parameters", "operations"}};
    Row total{.layer = "total", .output = "", .parameters = 0, .operations = 0};
    const auto line = [&](const Row& row) {
      lines.push_back({row.layer, row.output, row.parameters > 0 ? count_text(row.parameters) : "", count_text(row.operations)});
      total.parameters += row.parameters;
      total.operations = total.operations + row.operations;
    };
    for (const Row& row : rows_)
      if (!row.layer.empty()) line(row);
    for (const Row& row : rows_)
      if (row.layer.empty()) line({"(no layer)", row.output, row.parameters, row.operations});
    if (backward_nodes_ > 0) line({"(derivatives)", std::to_string(backward_nodes_) + " nodes", 0, backward_});
    line(Row(total));
    std::string out = table(lines);
    if (parameter_bytes_ > 0) out += "parameters take " + count_text(parameter_bytes_) + " bytes";
    if (state_bytes_ > 0) out += (parameter_bytes_ > 0 ? ", other states " : "other states take ") + count_text(state_bytes_) + (parameter_bytes_ > 0 ? "" : " bytes");
    return parameter_bytes_ + state_bytes_ > 0 ? out + "\n" : out;
  }

 private:
  Row& row(const std::string& layer) {
    const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const Row& r) { return r.layer == layer; });
    if (found != rows_.end()) return *found;
    rows_.push_back({.layer = layer});
    return rows_.back();
  }

  void add(uint32_t id) {
    const Node& node = graph_.node(id);
    if (node.op->effects == Effects::state) {
      const int64_t n = node.outputs[0].numel().number(), bytes = n * size_of(node.outputs[0].dtype);
      if (node.op->name != parameter_op.name) state_bytes_ += bytes;
      if (node.op->name != parameter_op.name) return;
      row(layer_of(node)).parameters += n;
      parameter_bytes_ += bytes;
      return;
    }
    if (node.op->family == "source") return;
    std::vector<Type> inputs;
    for (Ref r : node.inputs) inputs.push_back(graph_.node(r.node).outputs[r.output]);
    const Dim flops = node.op->cost({inputs, node.outputs, node.attributes, node.bodies}).flops.substitute(dims_);
    if (!is_forward(node)) {
      backward_nodes_ += 1;
      backward_ = backward_ + flops;
      return;
    }
    Row& r = row(layer_of(node));
    r.operations = r.operations + flops;
    if (used_outside_[id]) r.output = type_text(node.outputs[0]);
  }

  std::string type_text(Type type) const {
    for (Dim& d : type.shape) d = d.substitute(dims_);
    return type.text();
  }

  static std::string table(const std::vector<std::vector<std::string>>& lines) {
    std::vector<size_t> widths(4, 0);
    for (const auto& line : lines)
      for (size_t c = 0; c < 4; ++c) widths[c] = std::max(widths[c], line[c].size());
    std::string out;
    for (const auto& line : lines) {
      std::string text;
      for (size_t c = 0; c < 4; ++c) {
        const std::string fill(widths[c] - line[c].size(), ' ');
        text += (c == 0 ? "" : "  ") + (c < 2 ? line[c] + fill : fill + line[c]);  // names to the left, numbers to the right
      }
      out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
    }
    return out;
  }

  const Graph& graph_;
  const Bindings& dims_;
  std::vector<bool> used_outside_;
  std::vector<Row> rows_;
  int64_t backward_nodes_ = 0, parameter_bytes_ = 0, state_bytes_ = 0;
  Dim backward_ = 0;
};

}  // namespace

std::string summary(const Graph& graph, const Bindings& dims) {
  std::vector<uint32_t> order;
  for (uint32_t id = 0; id < graph.size(); ++id) order.push_back(id);
  return Counting(graph, order, dims).text();
}

std::string summary(const std::vector<Value>& values, const Bindings& dims) {
  if (values.empty()) throw UserError("summary: at least one value is needed, got none");
  std::vector<Ref> roots;
  for (const Value& v : values) {
    if (v.graph_data() != values[0].graph_data()) throw UserError("summary: values must belong to one graph, got values of two graphs");
    roots.push_back({v.node_id(), v.output()});
  }
  const Graph graph = values[0].graph();
  return Counting(graph, canonical_order(graph, roots), dims).text();
}

}  // namespace lanc
