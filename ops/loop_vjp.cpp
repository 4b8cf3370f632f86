#include <lanc/ops/loop_vjp.h>

#include <algorithm>
#include <map>

#include <lanc/graph/error.h>
#include <lanc/graph/rewrite.h>
#include <lanc/ops/body.h>
#include <lanc/ops/constructors.h>
#include <lanc/ops/contract.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/loop.h>
#include <lanc/ops/reduce.h>

namespace lanc {
namespace {

Ref ref_of(const Value& v) { return {v.node_id(), v.output()}; }

// One more axis in front.
std::vector<int64_t> one_on(std::vector<int64_t> axes) {
  for (int64_t& a : axes) ++a;
  return axes;
}
std::vector<int64_t> with_first(const std::vector<int64_t>& axes) {
  std::vector<int64_t> all = one_on(axes);
  all.insert(all.begin(), 0);
  return all;
}

// The parts of one loop's derivative, in the order in which they are made:
//   work      the body's nodes, then their derivative: what is read across that border is kept by the forward loop (a residual)
//   backward  the derivative alone, the body of the loop that runs back; its carries are the cotangents of the carries and the sums of those
//             of captured values
// Sums of products over the iterations (the gradient of a weight) are not carried: the factors are stacked and multiplied once.
class LoopDerivative {
 public:
  explicit LoopDerivative(const VjpArgs& args)
      : args_(args), attrs_(args.attrs<LoopAttrs>()), node_(args.output().node()), work_(rebuild(node_.bodies[0], nullptr)),
        forward_size_(static_cast<uint32_t>(work_.size())), backward_(with_declarations_of(work_)), outputs_(work_.outputs()) {}

  Cotangents run() {
    differentiate_body();
    for (size_t i = 0; i < carries(); ++i)
      if (moving_[i]) new_cotangents_.push_back(inside(carried_back(i)));
    sum_captured();
    for (size_t j = 0; j < static_cast<size_t>(attrs_.sequences); ++j) stack_element(j);
    run_back();
    return collect();
  }

 private:
  size_t carries() const { return static_cast<size_t>(attrs_.carries); }
  size_t flags() const { return attrs_.conditional ? 1 : 0; }
  size_t stacked_outputs() const { return outputs_.size() - flags() - carries(); }

  std::optional<Value> input(const std::string& name) const { return work_.find(name); }

  // Cotangents of the body's inputs from those of its outputs, which are new inputs of `work`.
  void differentiate_body() {
    std::vector<Value> from, with;
    for (size_t i = 0; i < carries(); ++i) {
      const Value& out = outputs_[flags() + i];
      moving_.push_back(is_float(out.dtype()));
      if (!moving_[i]) continue;
      from.push_back(out);
      with.push_back(work_.input("d_" + carry_name(i), out.dtype(), out.shape()));
      role_[ref_of(with.back())] = {Role::carry, i};
    }
    for (size_t k = 0; k < stacked_outputs(); ++k) {
      const Value& out = outputs_[flags() + carries() + k];
      if (!is_float(out.dtype()) || !args_.has_cotangent(carries() + k)) continue;
      from.push_back(out);
      with.push_back(work_.input("d_output_" + std::to_string(k), out.dtype(), out.shape()));
      role_[ref_of(with.back())] = {Role::cotangent, carries() + k};
    }
    std::vector<Value> wanted;
    const auto want = [&](const std::string& name, bool yes) {
      const auto v = input(name);
      if (yes && v && is_float(v->dtype())) wanted.push_back(*v);
    };
    for (size_t i = 0; i < carries(); ++i) want(carry_name(i), true);
    for (size_t j = 0; j < static_cast<size_t>(attrs_.sequences); ++j) want(element_name(j), args_.wanted(attrs_.first_sequence() + j));
    for (size_t m = attrs_.first_captured(); m < args_.inputs(); ++m) want(captured_name(m - attrs_.first_captured()), args_.wanted(m));
    const auto found = args_.derivation().differentiate(from, with, wanted);
    for (size_t i = 0; i < wanted.size(); ++i)
      if (found[i]) back_.emplace(wanted[i].node().attrs<NamedAttrs>().name, *found[i]);
  }

  const Value* back(const std::string& name) const {
    const auto found = back_.find(name);
    return found == back_.end() ? nullptr : &found->second;
  }
  Value carried_back(size_t i) {
    if (const Value* v = back(carry_name(i))) return *v;
    return zeros_like(outputs_[flags() + i]);
  }

  // ---- from `work` into `backward`

  Value backward_input(const std::string& name, const Type& type) {
    if (const auto known = backward_.find(name)) return *known;
    return backward_.input(name, type.dtype, type.shape);
  }
  // An element of a sequence that stands around the loop.
  Ref element(const Value& sequence) {
    auto place = std::find(sequences_.begin(), sequences_.end(), sequence);
    if (place == sequences_.end()) place = sequences_.insert(sequences_.end(), sequence);
    const Type type{sequence.dtype(), {sequence.shape().begin() + 1, sequence.shape().end()}};
    return ref_of(backward_input(element_name(static_cast<size_t>(place - sequences_.begin())), type));
  }
  Ref captured(const Value& v) {
    auto place = std::find(captured_.begin(), captured_.end(), v);
    if (place == captured_.end()) place = captured_.insert(captured_.end(), v);
    return ref_of(backward_input(captured_name(static_cast<size_t>(place - captured_.begin())), v.type()));
  }

  // The number in "captured_3", when the name begins so.
  static std::optional<size_t> number_of(const std::string& name, std::string_view prefix) {
    if (name.rfind(prefix, 0) != 0) return std::nullopt;
    return static_cast<size_t>(std::stoul(name.substr(prefix.size())));
  }

  // The sequence around the loop whose elements are this value of the forward body; made by the forward loop if need be.
  Value kept(Ref r) {
    if (const auto name = name_of(r))
      if (const auto j = number_of(*name, "element_")) return args_.input(attrs_.first_sequence() + *j);
    for (size_t k = 0; k < stacked_outputs(); ++k)
      if (ref_of(outputs_[flags() + carries() + k]) == r) return args_.output(carries() + k);
    keep_more();
    return kept_.at(r);
  }
  std::optional<std::string> name_of(Ref r) const {
    const Node& node = work_.node(r.node);
    return node.attributes.is<NamedAttrs>() ? std::optional(node.attrs<NamedAttrs>().name) : std::nullopt;
  }

  bool is_constant(uint32_t id) {
    if (const auto known = constant_.find(id); known != constant_.end()) return known->second;
    const Node& node = work_.node(id);
    bool all = node.op->effects == Effects::none && !node.attributes.is<NamedAttrs>() && node.bodies.empty();
    for (Ref r : node.inputs) all = all && is_constant(r.node);
    return constant_[id] = all;
  }

  // The forward loop with all that the derivative reads of its body as further stacked outputs. One node for all of them.
  void keep_more() {
    if (!kept_.empty()) return;
    std::vector<Ref> residuals;
    const auto need = [&](Ref r) {
      if (r.node >= forward_size_ || is_constant(r.node)) return;
      if (const auto name = name_of(r); name && name->rfind("carry_", 0) != 0) return;
      for (size_t k = 0; k < stacked_outputs(); ++k)
        if (ref_of(outputs_[flags() + carries() + k]) == r) return;
      if (std::find(residuals.begin(), residuals.end(), r) == residuals.end()) residuals.push_back(r);
    };
    for (uint32_t id = forward_size_; id < work_.size(); ++id)
      for (Ref r : work_.node(id).inputs) need(r);
    for (const auto& [name, v] : back_) need(ref_of(v));
    Graph body = rebuild(node_.bodies[0], nullptr);
    for (Ref r : residuals) body.data()->outputs.push_back(r);
    std::vector<Value> operands;
    for (size_t i = 0; i < args_.inputs(); ++i) operands.push_back(args_.input(i));
    const std::vector<Value> results = apply_control(loop_op, operands, node_.attributes, {body}, CallSite::user_line());
    for (size_t i = 0; i < residuals.size(); ++i) kept_.emplace(residuals[i], results[carries() + stacked_outputs() + i]);
  }

  // A value of `work` within `backward`.
  Ref inside(Ref r) {
    if (const auto known = map_.find(r); known != map_.end()) return known->second;
    return map_[r] = make_inside(r);
  }
  Ref inside(const Value& v) { return inside(ref_of(v)); }

  Ref make_inside(Ref r) {
    if (const auto role = role_.find(r); role != role_.end()) {
      if (role->second.first == Role::carry) return ref_of(backward_input(carry_name(place_of_carry(role->second.second)), work_.value(r).type()));
      return element(args_.cotangent(role->second.second));
    }
    const auto name = name_of(r);
    if (name == std::optional(std::string(iteration_name))) return ref_of(backward_input(*name, {i64, {}}));
    if (name)
      if (const auto m = number_of(*name, "captured_")) return captured(args_.input(attrs_.first_captured() + *m));
    if (r.node < forward_size_ && !is_constant(r.node)) return element(kept(r));
    // The chain of operands may be long: nodes are copied in order, not by recursion.
    for (uint32_t id : canonical_order(work_, std::span(&r, 1), r.node < forward_size_ ? 0 : forward_size_)) {
      if (map_.count({id, 0}) != 0) continue;
      const Ref own{id, 0};
      if (id != r.node && (role_.count(own) != 0 || name_of(own) || (id < forward_size_ && !is_constant(id)))) continue;
      copy(id);
    }
    return map_.at(r);
  }

  void copy(uint32_t id) {
    const Node& node = work_.node(id);
    std::vector<Ref> inputs;
    for (Ref in : node.inputs) inputs.push_back(inside(in));
    const uint32_t fresh = clone_node(node, std::move(inputs), *backward_.data());
    for (uint32_t k = 0; k < node.outputs.size(); ++k) map_[{id, k}] = {fresh, k};
  }

  // Carries whose cotangents are carried back come first, in their order.
  size_t place_of_carry(size_t i) const { return static_cast<size_t>(std::count(moving_.begin(), moving_.begin() + static_cast<std::ptrdiff_t>(i), true)); }

  // ---- cotangents of captured values

  // A factor of a product that is summed over the iterations: an element of a sequence around, or to be stacked by the loop that runs back.
  struct Factor {
    std::optional<Value> around = {};
    size_t output = 0;
  };
  Factor factor(Ref r) {
    if (r.node < forward_size_ && !is_constant(r.node)) {
      const auto name = name_of(r);
      if (!name || name->rfind("element_", 0) == 0 || name->rfind("carry_", 0) == 0) return {kept(r), 0};
    }
    if (const auto role = role_.find(r); role != role_.end() && role->second.first == Role::cotangent) return {args_.cotangent(role->second.second), 0};
    return {std::nullopt, stack(inside(r))};
  }
  size_t stack(Ref r) {
    auto place = std::find(stacked_.begin(), stacked_.end(), r);
    if (place == stacked_.end()) place = stacked_.insert(stacked_.end(), r);
    return static_cast<size_t>(place - stacked_.begin());
  }

  // One summand of the cotangent of a captured value: made after the loop from stacked factors, or carried.
  struct Summand {
    std::optional<std::pair<Factor, Factor>> product = {};
    std::optional<Factor> sum = {};
    ContractAttrs contract = {};
    ReduceAttrs reduce = {};
    std::vector<std::vector<int64_t>> permutations = {};  // from the inside out
  };
  struct Captured {
    size_t operand;
    std::vector<Summand> summands;
    std::optional<size_t> carry = {};  // of the loop that runs back
  };

  void take_apart(const Value& v, std::vector<Summand>& products, std::vector<Value>& sums, std::vector<Value>& rest) {
    const Node& node = v.node();
    const bool derived = v.node_id() >= forward_size_ && role_.count(ref_of(v)) == 0;
    if (derived && node.op->name == "add" && work_.value(node.inputs[0]).type() == v.type() && work_.value(node.inputs[1]).type() == v.type()) {
      for (Ref r : node.inputs) take_apart(work_.value(r), products, sums, rest);
      return;
    }
    std::vector<std::vector<int64_t>> permutations;
    const Node* inner = &node;
    while (derived && inner->op->name == transpose_op.name) {
      permutations.insert(permutations.begin(), inner->attrs<TransposeAttrs>().axes);
      inner = &work_.node(inner->inputs[0].node);
    }
    if (derived && inner->op->name == contract_op.name && varies(inner->inputs[0]) && varies(inner->inputs[1])) {
      Summand s{.contract = inner->attrs<ContractAttrs>(), .permutations = permutations};
      s.product = {factor(inner->inputs[0]), factor(inner->inputs[1])};
      products.push_back(std::move(s));
    } else if (derived && node.op->name == sum_op.name) {
      sums.push_back(v);
    } else {
      rest.push_back(v);
    }
  }
  // Does it differ between iterations?
  bool varies(Ref r) {
    const auto name = name_of(r);
    if (name) return name->rfind("captured_", 0) != 0;
    return !is_constant(r.node);
  }

  void sum_captured() {
    std::vector<std::vector<Value>> sums, rests;
    for (size_t m = attrs_.first_captured(); m < args_.inputs(); ++m) {
      const Value* v = back(captured_name(m - attrs_.first_captured()));
      if (v == nullptr) continue;
      captured_sums_.push_back({m, {}});
      sums.emplace_back();
      rests.emplace_back();
      take_apart(*v, captured_sums_.back().summands, sums.back(), rests.back());
    }
    for (size_t c = 0; c < captured_sums_.size(); ++c) {
      // The sum of what is stacked anyway is taken after the loop; of anything else, in it.
      for (const Value& v : sums[c]) {
        const Ref operand = v.node().inputs[0];
        const bool there = map_.count(operand) != 0 && std::find(stacked_.begin(), stacked_.end(), map_.at(operand)) != stacked_.end();
        if (!there) {
          rests[c].push_back(v);
          continue;
        }
        captured_sums_[c].summands.push_back({.sum = factor(operand), .reduce = v.node().attrs<ReduceAttrs>()});
      }
      if (rests[c].empty()) continue;
      captured_sums_[c].carry = new_cotangents_.size();
      Value sum = backward_input(carry_name(new_cotangents_.size()), sum_type(captured_sums_[c].operand));
      for (const Value& v : rests[c]) sum = sum + cast(backward_.value(inside(v)), sum.dtype());
      new_cotangents_.push_back(ref_of(sum));
    }
  }

  // 16-bit floats are summed in f32.
  Type sum_type(size_t operand) const {
    const Type& type = args_.input_type(operand);
    return {is_storage_only(type.dtype) ? f32 : type.dtype, type.shape};
  }

  void stack_element(size_t j) {
    if (const Value* v = back(element_name(j))) elements_[j] = stack(inside(*v));
  }

  // ---- the loop that runs back

  void run_back() {
    std::vector<Value> operands;
    const bool counted = attrs_.counted || attrs_.conditional;
    if (counted) operands.push_back(attrs_.counted ? args_.input(0) : args_.output(node_.outputs.size() - 1));
    for (size_t i = 0; i < carries(); ++i)
      if (moving_[i]) operands.push_back(args_.cotangent(i));
    for (const Captured& c : captured_sums_)
      if (c.carry) operands.push_back(cast(zeros_like(args_.input(c.operand)), sum_type(c.operand).dtype));
    operands.insert(operands.end(), sequences_.begin(), sequences_.end());
    operands.insert(operands.end(), captured_.begin(), captured_.end());
    std::vector<Ref> outputs = new_cotangents_;
    outputs.insert(outputs.end(), stacked_.begin(), stacked_.end());
    if (outputs.empty()) return;
    backward_.data()->outputs = outputs;
    const LoopAttrs attrs{.carries = static_cast<int64_t>(new_cotangents_.size()), .sequences = static_cast<int64_t>(sequences_.size()),
                          .length = attrs_.length, .reversed = !attrs_.reversed, .counted = counted};
    if (operands.empty()) operands.push_back(args_.input(0));  // a body of constants: the operand says only which graph it is
    results_ = apply_control(loop_op, operands, attrs, {backward_}, CallSite::user_line());
  }

  Value around(const Factor& f) const { return f.around ? *f.around : results_[new_cotangents_.size() + f.output]; }

  Value made(const Summand& s) const {
    if (s.sum) return sum(around(*s.sum), {.axes = s.reduce.axes.empty() ? std::vector<int64_t>{} : with_first(s.reduce.axes), .keep = false});
    const ContractAttrs over_all{.lhs = with_first(s.contract.lhs), .rhs = with_first(s.contract.rhs), .lhs_batch = one_on(s.contract.lhs_batch), .rhs_batch = one_on(s.contract.rhs_batch)};
    Value product = contract(around(s.product->first), around(s.product->second), over_all);
    for (const std::vector<int64_t>& axes : s.permutations) product = permute(product, axes);
    return product;
  }

  Cotangents collect() {
    Cotangents result(args_.inputs());
    for (size_t i = 0; i < carries(); ++i)
      if (moving_[i]) result[attrs_.first_carry() + i] = results_[place_of_carry(i)];
    for (const auto& [j, k] : elements_) result[attrs_.first_sequence() + j] = results_[new_cotangents_.size() + k];
    for (const Captured& c : captured_sums_) {
      std::optional<Value>& total = result[c.operand];
      if (c.carry) total = cast(results_[*c.carry], args_.input_type(c.operand).dtype);
      for (const Summand& s : c.summands) {
        const Value part = reshape(made(s), args_.input_shape(c.operand));
        total = total ? *total + part : part;
      }
    }
    return result;
  }

  enum class Role { carry, cotangent };

  const VjpArgs& args_;
  const LoopAttrs& attrs_;
  const Node& node_;
  Graph work_;
  uint32_t forward_size_;
  Graph backward_;
  std::vector<Value> outputs_;                            // of the forward body
  std::vector<bool> moving_;                              // carries that are floats
  std::map<Ref, std::pair<Role, size_t>> role_;           // inputs of `work` that are cotangents
  std::map<std::string, Value> back_;                     // cotangents of the body's inputs, by their names
  std::map<uint32_t, bool> constant_;                     // nodes of `work` that are made of constants only
  std::map<Ref, Ref> map_;                                // from `work` to `backward`
  std::map<Ref, Value> kept_;                             // residuals of the forward loop
  std::vector<Value> sequences_, captured_;               // of the loop that runs back
  std::vector<Ref> new_cotangents_, stacked_;             // its body's outputs
  std::map<size_t, size_t> elements_;                     // sequence -> stacked output
  std::vector<Captured> captured_sums_;
  std::vector<Value> results_;
};

}  // namespace

Cotangents loop_vjp(const VjpArgs& args) {
  const auto& attrs = args.attrs<LoopAttrs>();
  if (attrs.length == Dim(unbounded)) {
    const OriginRef& origin = args.output().node().origin;
    throw UserError("gradients: a while_loop must say how often it runs at most when it is differentiated, got no bound; write {.most = n}\n  while_loop at " + origin->text());
  }
  return LoopDerivative(args).run();
}

}  // namespace lanc
