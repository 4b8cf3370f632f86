#include <algorithm>
#include <map>
#include <set>

#include <lanc/graph/rewrite.h>
#include <lanc/ops/body.h>
#include <lanc/ops/contract.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/loop.h>
#include <lanc/passes/passes.h>

namespace lanc {
namespace {

// How a value of the body changes from one iteration to the next.
enum class Varies : uint8_t {
  never,   // made of captured values and constants
  freely,  // made of elements too, by ops with batch rules: known for all iterations before the loop runs
  bound,   // depends on a carry, the iteration or a draw
};

bool is_product(const Node& node) { return node.op->name == contract_op.name; }

Value with_iterations(const Value& v, const Dim& length) {
  Shape shape{length};
  shape.insert(shape.end(), v.shape().begin(), v.shape().end());
  std::vector<int64_t> rest;
  for (int64_t a = 1; a < static_cast<int64_t>(shape.size()); ++a) rest.push_back(a);
  return broadcast_to(v, shape, rest);
}

// One loop on its way into the new graph.
class Hoisting {
 public:
  Hoisting(const Node& node, const std::vector<Ref>& inputs, const Graph& to)
      : node_(node), attrs_(node.attrs<LoopAttrs>()), body_(node.bodies[0]), outputs_(body_.data()->outputs), inputs_(inputs), to_(to), carries_(static_cast<size_t>(attrs_.carries)) {}

  /// The results in the new graph; none when nothing is taken out.
  Replacement run() {
    order_ = canonical_order(body_, outputs_);
    for (uint32_t id : order_) classify(id);
    choose();
    if (hoisted_.empty() && sunk_.empty() && free_outputs_.empty()) return std::nullopt;
    return build();
  }

 private:
  void classify(uint32_t id) {
    const Node& n = body_.node(id);
    Varies& varies = varies_[id];
    if (n.attributes.is<NamedAttrs>()) {
      const std::string& name = n.attrs<NamedAttrs>().name;
      varies = name.rfind("captured_", 0) == 0 ? Varies::never : name.rfind("element_", 0) == 0 ? Varies::freely : Varies::bound;
      return;
    }
    if (n.op->effects != Effects::none || !n.bodies.empty()) {
      varies = Varies::bound;
      return;
    }
    varies = Varies::never;
    for (Ref r : n.inputs) varies = std::max(varies, varies_.at(r.node));
    if (varies == Varies::freely && n.op->batch == nullptr) varies = Varies::bound;
  }

  // Products and reductions that the rest of the body reads; stacked outputs that do not depend on carries; products behind the loop.
  void choose() {
    std::map<uint32_t, int> readers;
    for (uint32_t id : order_)
      for (Ref r : body_.node(id).inputs) ++readers[r.node];
    for (Ref r : outputs_) ++readers[r.node];
    std::set<uint32_t> read_bound;  // read by what stays in the body
    for (uint32_t id : order_)
      if (varies_.at(id) == Varies::bound)
        for (Ref r : body_.node(id).inputs) read_bound.insert(r.node);
    for (size_t i = 0; i < carries_; ++i) read_bound.insert(outputs_[i].node);
    for (size_t k = carries_; k < outputs_.size(); ++k) {
      const uint32_t id = outputs_[k].node;
      const Node& n = body_.node(id);
      if (varies_.at(id) != Varies::bound) {
        free_outputs_.insert(k);
      } else if (is_product(n) && readers[id] == 1 && (varies_.at(n.inputs[0].node) == Varies::never || varies_.at(n.inputs[1].node) == Varies::never)) {
        sunk_.insert(k);
      }
    }
    // Elementwise work stays where its result is read, unless a product or a sum that is taken out is among what it is made of.
    std::map<uint32_t, bool> holds_product;
    for (uint32_t id : order_) {
      const Node& n = body_.node(id);
      bool holds = (is_product(n) || n.op->family == "reduce") && varies_.at(id) != Varies::bound;
      for (Ref r : n.inputs) holds = holds || (holds_product[r.node] && varies_.at(id) != Varies::bound);
      holds_product[id] = holds;
      if (holds && read_bound.count(id) != 0) hoisted_.insert(id);
    }
  }

  // ---- outside of the loop

  struct Outside {
    Value value;
    bool batched;
  };
  Outside outside(Ref r) {
    if (const auto known = outside_.find(r); known != outside_.end()) return known->second;
    for (uint32_t id : canonical_order(body_, std::span(&r, 1))) make_outside(id);
    return outside_.at(r);
  }
  void make_outside(uint32_t id) {
    if (outside_.count({id, 0}) != 0) return;
    const Node& n = body_.node(id);
    if (n.attributes.is<NamedAttrs>()) {
      const std::string& name = n.attrs<NamedAttrs>().name;
      const bool element = name.rfind("element_", 0) == 0;
      const size_t number = std::stoul(name.substr(name.find('_') + 1));
      const size_t place = (element ? attrs_.first_sequence() : attrs_.first_captured()) + number;
      outside_.emplace(Ref{id, 0}, Outside{to_.value(inputs_[place]), element});
      return;
    }
    const CallSite site(n.origin, "");
    const bool batched = varies_.at(id) == Varies::freely;
    if (!batched) {
      std::vector<Ref> inputs;
      for (Ref r : n.inputs) {
        const Value v = outside_.at(r).value;
        inputs.push_back({v.node_id(), v.output()});
      }
      const uint32_t fresh = clone_node(n, std::move(inputs), *to_.data());
      for (uint32_t k = 0; k < n.outputs.size(); ++k) outside_.emplace(Ref{id, k}, Outside{to_.value({fresh, k}), false});
      return;
    }
    const std::vector<Value> made = batch(n, [&](Ref r) { return outside_.at(r); });
    for (uint32_t k = 0; k < n.outputs.size(); ++k) outside_.emplace(Ref{id, k}, Outside{made[k], true});
  }
  template <class F>
  std::vector<Value> batch(const Node& n, F operand) const {
    BatchArgs args{.op = *n.op, .attributes = n.attributes, .inputs = {}, .batched = {}, .length = attrs_.length, .outputs = n.outputs};
    for (Ref r : n.inputs) {
      const Outside o = operand(r);
      args.inputs.push_back(o.value);
      args.batched.push_back(o.batched);
    }
    return n.op->batch(args);
  }

  // ---- the loop that is left

  Replacement build() {
    std::vector<Ref> sequences(inputs_.begin() + static_cast<std::ptrdiff_t>(attrs_.first_sequence()), inputs_.begin() + static_cast<std::ptrdiff_t>(attrs_.first_captured()));
    std::vector<Ref> captured(inputs_.begin() + static_cast<std::ptrdiff_t>(attrs_.first_captured()), inputs_.end());
    const Graph left = rebuild(body_, [&](const Node& n, uint32_t id, const std::vector<Ref>&, const Graph& made) -> Replacement {
      if (hoisted_.count(id) == 0) return std::nullopt;
      std::vector<Ref> refs;
      for (uint32_t k = 0; k < n.outputs.size(); ++k) {
        const Outside o = outside({id, k});
        std::vector<Ref>& list = o.batched ? sequences : captured;
        Graph inside = made;
        const Value in = inside.input(o.batched ? element_name(list.size()) : captured_name(list.size()), n.outputs[k].dtype, n.outputs[k].shape);
        list.push_back({o.value.node_id(), o.value.output()});
        refs.push_back({in.node_id(), in.output()});
      }
      return refs;
    });
    // Stacked outputs: those that stay, and the factors of products that are made afterwards.
    const std::vector<Ref> all = left.data()->outputs;
    std::vector<Ref> outputs(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(carries_));
    const auto stack = [&](Ref r) {
      const auto begin = outputs.begin() + static_cast<std::ptrdiff_t>(carries_);
      auto place = std::find(begin, outputs.end(), r);
      if (place == outputs.end()) place = outputs.insert(outputs.end(), r);
      return static_cast<uint32_t>(place - outputs.begin());
    };
    std::map<size_t, uint32_t> place;
    std::map<size_t, std::pair<uint32_t, size_t>> factor;  // of a sunk product: place of the stacked factor, which operand it is
    for (size_t k = carries_; k < all.size(); ++k) {
      if (free_outputs_.count(k) != 0) continue;
      if (sunk_.count(k) == 0) {
        place[k] = stack(all[k]);
        continue;
      }
      const Node& product = left.node(all[k].node);
      const Node& old = body_.node(outputs_[k].node);
      const size_t bound = varies_.at(old.inputs[0].node) == Varies::never ? 1 : 0;
      factor[k] = {stack(product.inputs[bound]), bound};
    }
    uint32_t loop = 0;
    if (!outputs.empty()) {
      left.data()->outputs = outputs;
      loop = append_loop(left, sequences, captured);
    }
    std::vector<Ref> results;
    for (uint32_t i = 0; i < carries_; ++i) results.push_back({loop, i});
    for (size_t k = carries_; k < outputs_.size(); ++k) {
      const Node& n = body_.node(outputs_[k].node);
      if (place.count(k) != 0) {
        results.push_back({loop, place[k]});
        continue;
      }
      const CallSite site(n.origin, "");
      Value v = to_.value({0, 0});
      if (factor.count(k) != 0) {
        const auto [stacked, bound] = factor[k];
        v = batch(n, [&](Ref r) { return r == n.inputs[bound] ? Outside{to_.value({loop, stacked}), true} : outside(r); })[outputs_[k].output];
      } else {
        const Outside o = outside(outputs_[k]);
        v = o.batched ? o.value : with_iterations(o.value, attrs_.length);
      }
      results.push_back({v.node_id(), v.output()});
    }
    return results;
  }

  uint32_t append_loop(const Graph& left, const std::vector<Ref>& sequences, const std::vector<Ref>& captured) const {
    Node loop = node_;
    LoopAttrs attrs = attrs_;
    attrs.sequences = static_cast<int64_t>(sequences.size());
    loop.attributes = attrs;
    loop.bodies = {left};
    loop.inputs.assign(inputs_.begin(), inputs_.begin() + static_cast<std::ptrdiff_t>(attrs_.first_sequence()));
    loop.inputs.insert(loop.inputs.end(), sequences.begin(), sequences.end());
    loop.inputs.insert(loop.inputs.end(), captured.begin(), captured.end());
    loop.outputs.clear();
    const std::vector<Value> outputs = left.outputs();
    for (size_t k = 0; k < outputs.size(); ++k) {
      Type type = outputs[k].type();
      if (k >= carries_) type.shape.insert(type.shape.begin(), attrs.length);
      loop.outputs.push_back(type);
    }
    return append_node(*to_.data(), std::move(loop));
  }

  const Node& node_;
  const LoopAttrs& attrs_;
  const Graph& body_;
  const std::vector<Ref>& outputs_;
  const std::vector<Ref>& inputs_;
  const Graph& to_;
  size_t carries_;
  std::vector<uint32_t> order_;
  std::map<uint32_t, Varies> varies_;
  std::set<uint32_t> hoisted_;             // nodes of the body whose results the loop is given
  std::set<size_t> free_outputs_, sunk_;   // outputs of the body that the loop does not make
  std::map<Ref, Outside> outside_;
};

}  // namespace

Graph hoist(const Graph& graph, const PassContext& context) {
  if (context.strict) return graph;
  return rebuild(graph, [](const Node& node, uint32_t, const std::vector<Ref>& inputs, const Graph& to) -> Replacement {
    if (node.op->name != loop_op.name) return std::nullopt;
    const auto& attrs = node.attrs<LoopAttrs>();
    if (attrs.counted || attrs.conditional) return std::nullopt;  // what is not run must be 0
    return Hoisting(node, inputs, to).run();
  });
}

}  // namespace lanc
