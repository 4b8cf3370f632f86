#include <lanc/ops/marks.h>

namespace lanc {
namespace {

Types first_type(const InferArgs& args) { return {args.input(0)}; }
Cotangents pass_back(const VjpArgs& args) { return {args.cotangent()}; }
Cotangents with_update_vjp(const VjpArgs& args) { return {args.cotangent(), std::nullopt, std::nullopt}; }

Cost no_cost(const CostArgs&) { return {0, 0}; }

Value watched(const OpDef& op, const Operand& v, const std::string& name) {
  const CallSite site(op.name.data(), {v});
  return apply(op, {v}, WatchAttrs{name.empty() ? CallSite::user_line().text() : name});
}

}  // namespace

const OpDef stop_gradient_op{.name = "stop_gradient", .family = "system", .infer = first_type,
                             .vjp = [](const VjpArgs&) { return Cotangents{std::nullopt}; }, .reads = {.inputs = false}, .cost = no_cost, .alias_of = 0,
                             .doc = "The operand; nothing flows back through it."};
const OpDef with_update_op{.name = "with_update", .family = "system", .arity = 3, .infer = first_type, .vjp = with_update_vjp,
                           .reads = {.inputs = false}, .cost = no_cost,
                           .compose = [](const std::vector<Value>& inputs, const Attributes&, const OpDef&) { return std::vector<Value>{inputs[0]}; },
                           .doc = "The first operand; declares the third as the second's new value."};
const OpDef probe_op{.name = "probe", .family = "system", .attributes = attributes<WatchAttrs>, .infer = first_type, .vjp = pass_back,
                     .reads = {.inputs = false}, .cost = no_cost, .alias_of = 0, .effects = Effects::host, .doc = "The operand; its value can be looked at after a call."};
const OpDef print_op{.name = "print", .family = "system", .attributes = attributes<WatchAttrs>, .infer = first_type, .vjp = pass_back,
                     .reads = {.inputs = false}, .cost = no_cost, .alias_of = 0, .effects = Effects::host, .doc = "The operand; its value is printed at the end of a call."};

Value probe(Operand v, const std::string& name) { return watched(probe_op, v, name); }
Value print(Operand v, const std::string& name) { return watched(print_op, v, name); }

}  // namespace lanc
