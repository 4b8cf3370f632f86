#include <lanc/graph/op.h>

#include <algorithm>

#include <lanc/graph/error.h>
#include <lanc/graph/graph.h>

namespace lanc {
namespace {

std::string operand_name(size_t i, size_t count) {
  if (count == 1) return "operand";
  if (count == 2) return i == 0 ? "lhs" : "rhs";
  return "operand " + std::to_string(i);
}

std::string op_title(const OpDef& op) {
  const char* function = CallSite::function();
  return function != nullptr ? function : std::string(op.name);
}

// "\n  lhs built at train.cpp:41, rhs at train.cpp:31; matmul at train.cpp:42".
std::string lines_text(const std::string& title, const OriginRef& origin, std::span<const OriginRef> operands) {
  std::string out;
  for (size_t i = 0; i < operands.size(); ++i) {
    if (!operands[i] || !operands[i]->user.known()) continue;
    out += (out.empty() ? operand_name(i, operands.size()) + " built at " : ", " + operand_name(i, operands.size()) + " at ") +
           operands[i]->text();
  }
  if (origin) out += (out.empty() ? "" : "; ") + title + " at " + origin->text() + (origin->scope.empty() ? "" : " (" + origin->scope + ")");
  return out.empty() ? "" : "\n  " + out;
}

}  // namespace

void require_op_name(std::string_view function, std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool good = !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || digit(c); });
  if (!good)
    throw UserError(std::string(function) + ": a name must be made of letters, digits and '_', a letter first, got '" + std::string(name) + "'" +
                    (CallSite::user_line().known() ? "\n  at " + CallSite::user_line().text() : ""));
}

namespace {

std::vector<Value> append(OpRef op, const std::shared_ptr<GraphData>& graph, const std::vector<Value>& inputs, Attributes attributes,
                          SourceLine line, std::vector<Graph> bodies = {}) {
  Node node;
  node.bodies = std::move(bodies);
  node.origin = CallSite::origin_for(line);
  Types types;
  std::vector<OriginRef> origins;
  for (const Value& v : inputs) {
    types.push_back(v.type());
    origins.push_back(v.node().origin);
    node.inputs.push_back({v.node_id(), v.output()});
  }
  if (op->attributes != attributes.def())
    throw InternalError(std::string(op->name) + ": built with the attributes of another op");
  const InferArgs args(*op, attributes, types, graph.get(), node.origin, origins, node.bodies);
  if (op->infer == nullptr) args.fail("an op that is applied must have an inference rule (OpDef::infer)", "none");
  if (op->arity >= 0 && static_cast<size_t>(op->arity) != inputs.size())
    args.fail("needs " + std::to_string(op->arity) + " operands", std::to_string(inputs.size()));
  node.outputs = op->infer(args);
  if (node.outputs.empty()) args.fail("an inference rule must give at least one output", "none");
  for (const Type& t : node.outputs)
    for (const Dim& d : t.shape)
      if (d.is_number() && d.number() < 0) args.fail("sizes of a result must be >= 0", t.text());
  node.op = std::move(op);
  node.attributes = std::move(attributes);
  const size_t count = node.outputs.size();
  const uint32_t id = append_node(*graph, std::move(node));
  std::vector<Value> results;
  for (uint32_t i = 0; i < count; ++i) results.emplace_back(graph, id, i);
  return results;
}

}  // namespace

std::vector<Value> resolve_operands(const OpDef& op, const std::vector<Operand>& operands) {
  std::optional<DType> met;
  std::shared_ptr<GraphData> graph;
  for (const Operand& o : operands) {
    if (o.is_literal()) continue;
    if (graph && o.value().graph_data() != graph)
      throw UserError(op_title(op) + ": operands must belong to one graph, got values of two graphs" +
                      lines_text(op_title(op), CallSite::origin_for(o.line()), {}));
    graph = o.value().graph_data();
    met = met ? promote(*met, o.dtype()) : o.dtype();
  }
  if (!graph)
    throw UserError(op_title(op) + ": at least one operand must be a Value, got only numbers" +
                    lines_text(op_title(op), operands.empty() ? nullptr : CallSite::origin_for(operands[0].line()), {}));
  std::vector<Value> values;
  values.reserve(operands.size());
  for (const Operand& o : operands) {
    if (!o.is_literal()) {
      values.push_back(o.value());
      continue;
    }
    const DType dtype = literal_dtype(o.literal(), met);
    if (!holds(dtype, o.literal()))
      throw UserError(op_title(op) + ": a literal must fit the dtype that it meets, got " + o.literal().text() + " for " + std::string(name_of(dtype)) +
                      lines_text(op_title(op), CallSite::origin_for(o.line()), {}));
    values.push_back(apply_source(constant_op, Graph(graph), ConstantAttrs{literal_tensor(o.literal(), dtype)}, o.line()));
  }
  return values;
}

void InferArgs::fail(const std::string& requirement, const std::string& got) const {
  const std::string title = op_title(op_);
  throw UserError(title + ": " + requirement + ", got " + got + lines_text(title, origin_, operands_));
}

std::string InferArgs::types_text() const {
  std::string out;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    if (i > 0) out += i + 1 == inputs_.size() ? " and " : ", ";
    if (inputs_.size() > 1) out += operand_name(i, inputs_.size()) + " ";
    out += inputs_[i].text();
  }
  return out;
}

void InferArgs::require_equal(const Dim& a, const Dim& b, const std::string& requirement) const {
  const Truth equal = equal_dims(a, b);
  if (equal == Truth::yes) return;
  const std::string got = types_text() + " (" + a.text() + " and " + b.text() + ")";
  if (equal == Truth::no) fail(requirement, got);
  const std::string title = op_title(op_);
  if (graph_ != nullptr)
    require_dims(*graph_, a, b, title + ": " + requirement + ", got " + got + lines_text(title, origin_, operands_));
}

void InferArgs::require_at_most(const Dim& a, const Dim& b, const std::string& requirement, const std::string& got) const {
  const Truth truth = lanc::at_most(a, b);
  if (truth == Truth::yes) return;
  if (truth == Truth::no) fail(requirement, got);
  const std::string title = op_title(op_);
  if (graph_ != nullptr) require_dims_at_most(*graph_, a, b, title + ": " + requirement + ", got " + got + lines_text(title, origin_, operands_));
}

int64_t InferArgs::axis(int64_t axis, int64_t rank) const {
  if (axis < -rank || axis >= rank)
    fail("axis must be in [" + std::to_string(-rank) + ", " + std::to_string(rank) + ")", std::to_string(axis));
  return axis < 0 ? axis + rank : axis;
}

std::vector<int64_t> InferArgs::axes(const std::vector<int64_t>& axes, int64_t rank) const {
  std::vector<int64_t> out;
  if (axes.empty())
    for (int64_t i = 0; i < rank; ++i) out.push_back(i);
  for (int64_t a : axes) out.push_back(axis(a, rank));
  std::sort(out.begin(), out.end());
  const auto twice = std::adjacent_find(out.begin(), out.end());
  if (twice != out.end()) fail("axes must be named once", "axis " + std::to_string(*twice) + " twice");
  return out;
}

void InferArgs::require_float() const {
  for (const Type& t : inputs_)
    if (!is_float(t.dtype)) fail("operands must be of a float dtype", types_text());
}

void InferArgs::require_number() const {
  for (const Type& t : inputs_)
    if (t.dtype == boolean) fail("operands must be numbers", types_text());
}

Value JvpArgs::input(size_t i) const { return Graph(node_.graph_data()).value(node_.node().inputs.at(i)); }
Value JvpArgs::output(size_t i) const { return {node_.graph_data(), node_.node_id(), static_cast<uint32_t>(i)}; }
const Attributes& JvpArgs::attributes() const { return node_.node().attributes; }
const OpDef& JvpArgs::op() const { return *node_.node().op; }
Graph JvpArgs::graph() const { return Graph(node_.graph_data()); }

size_t VjpArgs::inputs() const { return node_.node().inputs.size(); }
Value VjpArgs::input(size_t i) const { return Graph(node_.graph_data()).value(node_.node().inputs.at(i)); }
const Type& VjpArgs::input_type(size_t i) const {
  const Ref ref = node_.node().inputs.at(i);
  return node_.graph_data()->nodes[ref.node].outputs[ref.output];
}
Value VjpArgs::output(size_t i) const { return {node_.graph_data(), node_.node_id(), static_cast<uint32_t>(i)}; }
const Attributes& VjpArgs::attributes() const { return node_.node().attributes; }
const OpDef& VjpArgs::op() const { return *node_.node().op; }
Graph VjpArgs::graph() const { return Graph(node_.graph_data()); }

Cost default_cost(const CostArgs& args) {
  Dim bytes;
  for (const Type& t : args.inputs) bytes = bytes + t.bytes();
  for (const Type& t : args.outputs) bytes = bytes + t.bytes();
  return {args.outputs.empty() ? Dim(0) : args.outputs[0].numel(), bytes};
}

std::vector<Value> apply_all(OpRef op, std::vector<Operand> operands, Attributes attributes) {
  const SourceLine line = operands.empty() ? SourceLine{} : operands[0].line();
  std::shared_ptr<GraphData> graph;
  for (const Operand& o : operands)
    if (!o.is_literal()) graph = o.value().graph_data();
  CallSite site(nullptr, SourceLine{}, graph);  // takes literals back when inference throws
  const std::vector<Value> inputs = resolve_operands(*op, operands);
  return append(std::move(op), inputs[0].graph_data(), inputs, std::move(attributes), line);
}

std::vector<Value> apply_all(const OpDef& op, std::vector<Operand> operands, Attributes attributes) {
  return apply_all(static_op(op), std::move(operands), std::move(attributes));
}

Value apply(OpRef op, std::vector<Operand> operands, Attributes attributes) {
  return apply_all(std::move(op), std::move(operands), std::move(attributes))[0];
}

Value apply(const OpDef& op, std::vector<Operand> operands, Attributes attributes) {
  return apply(static_op(op), std::move(operands), std::move(attributes));
}

Value apply_source(const OpDef& op, Graph graph, Attributes attributes, SourceLine where) {
  return append(static_op(op), graph.data(), {}, std::move(attributes), where)[0];
}

std::vector<Value> apply_control(const OpDef& op, const std::vector<Value>& operands, Attributes attributes, std::vector<Graph> bodies, SourceLine where) {
  if (operands.empty()) throw InternalError(std::string(op.name) + ": an op of control without operands");
  return append(static_op(op), operands[0].graph_data(), operands, std::move(attributes), where, std::move(bodies));
}

void OpSet::add(OpRef op) {
  if (find(op->name)) throw UserError("op set: names must differ, got '" + std::string(op->name) + "' twice");
  ops_.push_back(std::move(op));
}

OpRef OpSet::find(std::string_view name) const {
  for (const OpRef& op : ops_)
    if (op->name == name) return op;
  return nullptr;
}

}  // namespace lanc
