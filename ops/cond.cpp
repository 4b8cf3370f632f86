#include <lanc/ops/cond.h>

#include <lanc/graph/error.h>
#include <lanc/graph/rewrite.h>
#include <lanc/ops/body.h>
#include <lanc/ops/constructors.h>
#include <lanc/ops/layout.h>

namespace lanc {
namespace {

Types types_of(const std::vector<Value>& values) {
  Types types;
  for (const Value& v : values) types.push_back(v.type());
  return types;
}

std::string text_of(const Types& types) {
  std::string out;
  for (const Type& t : types) out += (out.empty() ? "" : ", ") + t.text();
  return out.empty() ? "no value" : out;
}

Types cond_types(const InferArgs& args) {
  if (args.bodies().size() != 2) args.fail("two bodies are needed", std::to_string(args.bodies().size()));
  if (args.size() == 0 || !(args.input(0) == Type{boolean, {}})) args.fail("the condition must be bool[]", args.types_text());
  const Types results = types_of(args.bodies()[0].outputs()), others = types_of(args.bodies()[1].outputs());
  if (results != others) args.fail("both branches must return the same types", text_of(results) + " and " + text_of(others));
  for (const Graph& body : args.bodies())
    for (size_t i = 1; i < args.size(); ++i)
      if (const auto input = body.find(captured_name(i - 1)); input && !(input->type() == args.input(i)))
        args.fail("the body's input " + captured_name(i - 1) + " must be " + args.input(i).text(), input->type().text());
  return results;
}

// Of the dearer branch.
Cost cond_cost(const CostArgs& args) {
  Cost most{Dim(0), Dim(0)};
  for (const Graph& body : args.bodies) {
    Cost sum{Dim(0), Dim(0)};
    for (uint32_t id = 0; id < body.size(); ++id) {
      const Node& node = body.node(id);
      Types inputs;
      for (Ref r : node.inputs) inputs.push_back(body.node(r.node).outputs[r.output]);
      const Cost cost = node.op->cost({inputs, node.outputs, node.attributes, node.bodies});
      sum = {sum.flops + cost.flops, sum.bytes + cost.bytes};
    }
    most = {larger_of(most.flops, sum.flops), larger_of(most.bytes, sum.bytes)};
  }
  return most;
}

// A branch and its derivative as one graph: captured values, then the cotangents of its outputs, to the cotangents of the wanted ones.
Graph derivative_of(const Graph& branch, const VjpArgs& args, const std::vector<size_t>& wanted, const std::vector<size_t>& outputs) {
  Graph work = rebuild(branch, nullptr);
  const std::vector<Value> results = work.outputs();
  std::vector<Value> from, with, by;
  for (size_t j = 0; j < outputs.size(); ++j) {
    from.push_back(results[outputs[j]]);
    with.push_back(work.input(captured_name(args.inputs() - 1 + j), from.back().dtype(), from.back().shape()));
  }
  for (size_t i : wanted)
    if (const auto input = work.find(captured_name(i - 1))) by.push_back(*input);
  const auto found = args.derivation().differentiate(from, with, by);
  std::vector<Value> back;
  size_t next = 0;
  for (size_t i : wanted) {
    const bool read = work.find(captured_name(i - 1)).has_value();
    const std::optional<Value> cotangent = read ? found[next++] : std::nullopt;
    back.push_back(cotangent ? *cotangent : full(work, args.input_shape(i), 0.0, args.input_type(i).dtype));
  }
  work.set_outputs(back);
  return rebuild(work, nullptr);
}

Cotangents cond_vjp(const VjpArgs& args) {
  const Node& node = args.output().node();
  std::vector<size_t> wanted, outputs;
  for (size_t i = 1; i < args.inputs(); ++i)
    if (args.wanted(i)) wanted.push_back(i);
  std::vector<Value> operands;
  for (size_t i = 0; i < args.inputs(); ++i) operands.push_back(args.input(i));
  for (size_t k = 0; k < node.outputs.size(); ++k) {
    if (!is_float(node.outputs[k].dtype) || !args.has_cotangent(k)) continue;
    outputs.push_back(k);
    operands.push_back(args.cotangent(k));
  }
  std::vector<Graph> bodies;
  for (const Graph& branch : {node.bodies[0], node.bodies[1]}) bodies.push_back(derivative_of(branch, args, wanted, outputs));
  const std::vector<Value> results = apply_control(cond_op, operands, NoAttributes{}, std::move(bodies), CallSite::user_line());
  Cotangents cotangents(args.inputs());
  for (size_t i = 0; i < wanted.size(); ++i) cotangents[wanted[i]] = results[i];
  return cotangents;
}

}  // namespace

const OpDef cond_op{.name = "cond", .family = "control", .arity = -1, .infer = cond_types, .vjp = cond_vjp, .cost = cond_cost,
                    .doc = "Runs one of two bodies, by a condition."};

std::vector<Value> cond(Operand condition, const Branch& then, const Branch& otherwise) {
  CallSite site("cond", {condition});
  const auto line = [] { return "\n  cond at " + CallSite::user_line().text(); };
  if (!(condition.type() == Type{boolean, {}}))
    throw UserError("cond: the condition must be bool[], got " + condition.type().text() + "\n  built at " + condition.value().node().origin->text() + line());
  Graph graph = condition.graph();
  std::vector<Value> captured;
  std::vector<Graph> bodies;
  std::vector<BodyRecorder> recorders;
  std::vector<Types> types;
  for (const Branch* branch : {&then, &otherwise}) {
    recorders.emplace_back(graph, "cond", BodyRecorder::Kind::branch);
    std::vector<Value> results;
    {
      const CallSite::Suspension users(site);
      results = (*branch)();
    }
    types.push_back(types_of(results));
    if (results.empty()) throw UserError("cond: branches must return at least one value, got none" + line());
    bodies.push_back(recorders.back().close(results, captured));
  }
  if (types[0] != types[1])
    throw UserError("cond: both branches must return the same types, got " + text_of(types[0]) + " and " + text_of(types[1]) + line());
  std::vector<Value> operands{condition.value()};
  operands.insert(operands.end(), captured.begin(), captured.end());
  const std::vector<Value> results = apply_control(cond_op, operands, NoAttributes{}, bodies, CallSite::user_line());
  for (BodyRecorder& recorder : recorders) recorder.require_by(results[0]);
  return results;
}

}  // namespace lanc
