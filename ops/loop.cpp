#include <lanc/ops/loop.h>

#include <optional>

#include <lanc/graph/error.h>
#include <lanc/ops/body.h>
#include <lanc/ops/loop_vjp.h>

namespace lanc {
namespace {

// "\n  scan at train.cpp:42".
std::string call_line(const std::string& function) { return "\n  " + function + " at " + CallSite::user_line().text(); }

[[noreturn]] void refuse(const std::string& function, const std::string& requirement, const std::string& got) {
  throw UserError(function + ": " + requirement + ", got " + got + call_line(function));
}

Type element_of(const Type& sequence) { return {sequence.dtype, {sequence.shape.begin() + 1, sequence.shape.end()}}; }

Type stacked(const Dim& length, const Type& one) {
  Type type{one.dtype, {length}};
  type.shape.insert(type.shape.end(), one.shape.begin(), one.shape.end());
  return type;
}

// A body's input of this name has this type, where there is one.
void require_input(const InferArgs& args, const Graph& body, const std::string& name, const Type& type) {
  const auto found = body.find(name);
  if (found && !(found->type() == type)) args.fail("the body's input " + name + " must be " + type.text(), found->type().text());
}

// The one place where the types of a loop stand. What users can get wrong is said before, in their words.
Types loop_types(const InferArgs& args) {
  const auto& attrs = args.attrs<LoopAttrs>();
  if (args.bodies().size() != 1) args.fail("one body is needed", std::to_string(args.bodies().size()));
  if (attrs.carries < 0 || attrs.sequences < 0 || args.size() < attrs.first_captured()) args.fail("an operand per carry and sequence is needed", args.types_text());
  const Graph& body = args.bodies()[0];
  size_t next = 0;
  if (attrs.counted && !(args.input(next++) == Type{i64, {}})) args.fail("the count must be i64[]", args.types_text());
  if (attrs.conditional && !(args.input(next++) == Type{boolean, {}})) args.fail("the condition must be bool[]", args.types_text());
  const std::vector<Value> outputs = body.outputs();
  const size_t flags = attrs.conditional ? 1 : 0, carries = static_cast<size_t>(attrs.carries);
  if (outputs.size() < flags + carries) args.fail("the body must return a new value per carry", std::to_string(outputs.size()) + " outputs");
  if (attrs.conditional && !(outputs[0].type() == Type{boolean, {}})) args.fail("the body's first output must be bool[]", outputs[0].type().text());
  Types results;
  for (size_t i = 0; i < carries; ++i) {
    const Type& type = args.input(attrs.first_carry() + i);
    require_input(args, body, carry_name(i), type);
    if (!(outputs[flags + i].type() == type)) args.fail("a carry must keep its type " + type.text(), outputs[flags + i].type().text());
    results.push_back(type);
  }
  for (size_t i = 0; i < static_cast<size_t>(attrs.sequences); ++i) {
    const Type& type = args.input(attrs.first_sequence() + i);
    if (type.rank() == 0) args.fail("sequences must have an axis to scan", type.text());
    args.require_equal(type.shape[0], attrs.length, "sequences must have the loop's length " + attrs.length.text());
    require_input(args, body, element_name(i), element_of(type));
  }
  for (size_t i = attrs.first_captured(); i < args.size(); ++i) require_input(args, body, captured_name(i - attrs.first_captured()), args.input(i));
  require_input(args, body, std::string(iteration_name), {i64, {}});
  for (size_t k = flags + carries; k < outputs.size(); ++k) results.push_back(stacked(attrs.length, outputs[k].type()));
  if (attrs.conditional) results.push_back({i64, {}});
  return results;
}

// The body's, as often as it may run; of a loop without a bound, once.
Cost loop_cost(const CostArgs& args) {
  const auto& attrs = args.attributes.as<LoopAttrs>();
  Cost sum{Dim(0), Dim(0)};
  const Graph& body = args.bodies[0];
  for (uint32_t id = 0; id < body.size(); ++id) {
    const Node& node = body.node(id);
    Types inputs;
    for (Ref r : node.inputs) inputs.push_back(body.node(r.node).outputs[r.output]);
    const Cost cost = node.op->cost({inputs, node.outputs, node.attributes, node.bodies});
    sum = {sum.flops + cost.flops, sum.bytes + cost.bytes};
  }
  const Dim times = attrs.length == Dim(unbounded) ? Dim(1) : attrs.length;
  return {sum.flops * times, sum.bytes * times};
}

// Init and sequences as values of one graph; numbers become constants.
std::vector<Value> values_of(const std::string& function, Graph& graph, const std::vector<Operand>& operands) {
  std::vector<Value> values;
  for (const Operand& o : operands) {
    if (o.is_literal()) refuse(function, "init and sequences must be values", "the number " + o.literal().text() + "; write full(graph, {}, " + o.literal().text() + ", dtype)");
    if (o.value().graph_data() != graph.data()) refuse(function, "operands must belong to one graph", "values of two graphs");
    values.push_back(o.value());
  }
  return values;
}

Graph graph_of(const std::string& function, const std::vector<Operand>& init, const std::vector<Operand>& sequences) {
  for (const std::vector<Operand>* list : {&init, &sequences})
    for (const Operand& o : *list)
      if (!o.is_literal()) return o.graph();
  refuse(function, "at least one init or sequence is needed", "none");
}

void require_carries(const std::string& function, const std::vector<Value>& init, const std::vector<Value>& returned) {
  if (init.size() != returned.size())
    refuse(function, "the body must return one new value per carry", std::to_string(returned.size()) + " for " + std::to_string(init.size()));
  for (size_t i = 0; i < init.size(); ++i)
    if (!(init[i].type() == returned[i].type()))
      throw UserError(function + ": a carry must keep its type, got " + init[i].type().text() + " before and " + returned[i].type().text() +
                      " after the body for carry " + std::to_string(i) + "\n  init built at " + init[i].node().origin->text() + ", the body's value at " +
                      returned[i].node().origin->text() + call_line(function));
}

}  // namespace

const OpDef loop_op{.name = "loop", .family = "control", .arity = -1, .attributes = attributes<LoopAttrs>, .infer = loop_types, .vjp = loop_vjp, .cost = loop_cost,
                    .doc = "Runs a body for each element of sequences, or while a condition holds; scan and while_loop build it."};

ScanResult scan(ScanOptions options, const ScanBody& body, std::source_location where) {
  const std::string function = CallSite::function() == nullptr ? "scan" : CallSite::function();
  const Graph around = graph_of(function, options.init, options.sequences);
  CallSite site("scan", where, around.data());
  Graph graph = around;
  const std::vector<Value> init = values_of(function, graph, options.init), sequences = values_of(function, graph, options.sequences);
  LoopAttrs attrs{.carries = static_cast<int64_t>(init.size()), .sequences = static_cast<int64_t>(sequences.size()), .length = options.length, .reversed = options.reversed};
  for (const Value& s : sequences)
    if (s.rank() == 0) refuse(function, "sequences must have an axis to scan", s.type().text() + " built at " + s.node().origin->text());
  if (options.length == Dim(-1)) {
    if (sequences.empty()) refuse(function, "a scan without sequences must be told its length", "none; write {.length = n}");
    attrs.length = sequences[0].size(0);
  }
  if (attrs.length.is_number() && attrs.length.number() < 0) refuse(function, "length must be at least 0", attrs.length.text());
  for (const Value& s : sequences)
    if (equal_dims(s.size(0), attrs.length) == Truth::no)
      refuse(function, "sequences must have one length", attrs.length.text() + " and " + s.size(0).text() + ", of " + s.type().text() + " built at " + s.node().origin->text());

  BodyRecorder recorder(graph, function, BodyRecorder::Kind::iteration);
  std::vector<Value> carries, elements, captured;
  for (size_t i = 0; i < init.size(); ++i) carries.push_back(recorder.placeholder(carry_name(i), init[i].type()));
  for (size_t i = 0; i < sequences.size(); ++i) elements.push_back(recorder.placeholder(element_name(i), element_of(sequences[i].type())));
  ScanStep step;
  {
    const CallSite::Suspension users(site);
    step = body(carries, elements);
  }
  require_carries(function, init, step.carries);
  std::vector<Value> outputs = step.carries;
  outputs.insert(outputs.end(), step.outputs.begin(), step.outputs.end());
  if (outputs.empty()) refuse(function, "the body must return carries or outputs", "neither");
  const Graph inside = recorder.close(outputs, captured);
  std::vector<Value> operands = init;
  operands.insert(operands.end(), sequences.begin(), sequences.end());
  operands.insert(operands.end(), captured.begin(), captured.end());
  const std::vector<Value> results = apply_control(loop_op, operands, attrs, {inside}, SourceLine(where));
  recorder.require_by(results[0]);
  const auto split = results.begin() + static_cast<std::ptrdiff_t>(init.size());
  return {{results.begin(), split}, {split, results.end()}};
}

std::vector<Value> vmap(const std::vector<Operand>& values, const std::function<std::vector<Value>(const std::vector<Value>& elements)>& body, std::source_location where) {
  CallSite site("vmap", where);
  const auto mapped = [&](const std::vector<Value>&, const std::vector<Value>& elements) {
    const CallSite::Suspension users(site);
    return ScanStep{{}, body(elements)};
  };
  return scan({.sequences = values}, mapped).outputs;
}

WhileResult while_loop(WhileOptions options, std::source_location where) {
  const std::string function = "while_loop";
  if (options.init.empty()) throw UserError("while_loop: at least one init is needed, got none\n  while_loop at " + SourceLine(where).text());
  if (!options.condition || !options.body)
    throw UserError(std::string("while_loop: a condition and a body are needed, got no ") + (options.condition ? "body" : "condition") + "\n  while_loop at " + SourceLine(where).text());
  Graph graph = graph_of(function, options.init, {});
  CallSite site("while_loop", where, graph.data());
  const std::vector<Value> init = values_of(function, graph, options.init);
  LoopAttrs attrs{.carries = static_cast<int64_t>(init.size()), .sequences = 0, .length = options.most == Dim(-1) ? Dim(unbounded) : options.most, .conditional = true};
  if (attrs.length.is_number() && attrs.length.number() < 0) refuse(function, "most must be at least 0", attrs.length.text());
  const auto holds = [&](const std::vector<Value>& carries) {
    const Value go = options.condition(carries);
    if (!(go.type() == Type{boolean, {}}))
      throw UserError("while_loop: the condition must be bool[], got " + go.type().text() + "\n  built at " + go.node().origin->text() + call_line(function));
    return go;
  };
  const Value go = [&] {
    const CallSite::Suspension users(site);
    return holds(init);
  }();
  BodyRecorder recorder(graph, function, BodyRecorder::Kind::iteration);
  std::vector<Value> carries, captured;
  for (size_t i = 0; i < init.size(); ++i) carries.push_back(recorder.placeholder(carry_name(i), init[i].type()));
  std::vector<Value> outputs;
  {
    const CallSite::Suspension users(site);
    outputs = options.body(carries);
    if (outputs.size() == init.size()) outputs.insert(outputs.begin(), holds(outputs));
  }
  require_carries(function, init, outputs.size() == init.size() + 1 ? std::vector<Value>(outputs.begin() + 1, outputs.end()) : outputs);
  const Graph inside = recorder.close(outputs, captured);
  std::vector<Value> operands{go};
  operands.insert(operands.end(), init.begin(), init.end());
  operands.insert(operands.end(), captured.begin(), captured.end());
  const std::vector<Value> results = apply_control(loop_op, operands, attrs, {inside}, SourceLine(where));
  recorder.require_by(results[0]);
  return {{results.begin(), results.end() - 1}, results.back()};
}

}  // namespace lanc
