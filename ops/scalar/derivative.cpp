// Reverse mode over the nodes of a formula.
#include <lanc/ops/scalar/table.h>

namespace lanc {
namespace {

class ReverseMode {
 public:
  ReverseMode(const Formula& formula, int output, int wrt) : formula_(formula), wrt_(wrt) {
    std::vector<int> inputs;
    for (int i = 0; i <= formula.inputs(); ++i) inputs.push_back(builder_.input(i));
    rebuild(inputs);
    const auto n = formula.nodes().size();
    depends_.resize(n, 0);
    cotangents_.resize(n);
    mark_dependence();
    const auto root = static_cast<size_t>(formula.outputs()[static_cast<size_t>(output)]);
    if (!depends_[root]) return;
    cotangents_[root] = Scalar(&builder_, inputs.back());
    for (size_t id = root + 1; id-- > 0;)
      if (cotangents_[id] && depends_[id]) push_back(id);
  }

  std::optional<Formula> result() const {
    for (size_t id = 0; id < formula_.nodes().size(); ++id) {
      const FormulaNode& n = formula_.nodes()[id];
      if (n.kind != FormulaNode::Kind::input || n.input != wrt_ || !cotangents_[id]) continue;
      FormulaBuilder& b = const_cast<FormulaBuilder&>(builder_);
      const int output[] = {cotangents_[id]->in(b)};
      return builder_.finish(formula_.inputs() + 1, output);
    }
    return std::nullopt;
  }

 private:
  void rebuild(const std::vector<int>& inputs) {
    for (const FormulaNode& n : formula_.nodes()) {
      int id = -1;
      if (n.kind == FormulaNode::Kind::input) id = inputs[static_cast<size_t>(n.input)];
      else if (n.kind == FormulaNode::Kind::literal) id = builder_.literal(n.literal);
      else {
        std::vector<int> args;
        for (int a : n.args) args.push_back(values_[static_cast<size_t>(a)].in(builder_));
        id = builder_.call(*n.function, std::move(args), n.cast_to);
      }
      values_.emplace_back(&builder_, id);
    }
  }

  void mark_dependence() {
    for (size_t id = 0; id < formula_.nodes().size(); ++id) {
      const FormulaNode& n = formula_.nodes()[id];
      if (n.kind == FormulaNode::Kind::input) depends_[id] = n.input == wrt_;
      for (int a : n.args) depends_[id] |= depends_[static_cast<size_t>(a)];
    }
  }

  void add(int to, const Scalar& term) {
    auto& sum = cotangents_[static_cast<size_t>(to)];
    sum = sum ? *sum + term : term;
  }

  void push_back(size_t id) {
    const FormulaNode& n = formula_.nodes()[id];
    if (n.kind != FormulaNode::Kind::call) return;
    const Scalar dy = *cotangents_[id];
    if (n.function->name == "where") {
      const Scalar condition = values_[static_cast<size_t>(n.args[0])];
      if (depends_[static_cast<size_t>(n.args[1])]) add(n.args[1], where(condition, dy, 0));
      if (depends_[static_cast<size_t>(n.args[2])]) add(n.args[2], where(condition, 0, dy));
      return;
    }
    if (n.function->name == "cast") {
      if (is_float(n.cast_to)) add(n.args[0], dy);  // the node's dtype rounds the cotangent
      return;
    }
    std::vector<Scalar> args;
    for (int a : n.args) args.push_back(values_[static_cast<size_t>(a)]);
    for (size_t i = 0; i < n.args.size(); ++i) {
      if (!depends_[static_cast<size_t>(n.args[i])]) continue;
      if (const auto d = partial(*n.function, args, values_[id], static_cast<int>(i))) add(n.args[i], times(*n.function, dy, *d));
    }
  }

  std::optional<Scalar> partial(const ScalarFunction& row, std::span<const Scalar> args, const Scalar& r, int i) {
    if (row.partial != nullptr) return row.partial(args, r, i);
    if (row.definition == nullptr) return std::nullopt;
    const auto back = derivative(formula_of_definition(row), 0, i);
    if (!back) return std::nullopt;
    std::vector<int> inputs;
    for (const Scalar& a : args) inputs.push_back(a.in(builder_));
    Literal one;
    one.real = 1;
    inputs.push_back(builder_.literal(one));
    return Scalar(&builder_, builder_.splice(*back, inputs)[0]);
  }

  Scalar times(const ScalarFunction& row, const Scalar& dy, const Scalar& d) {
    if (d.is_number()) {
      const Literal& l = builder_.node(d.in(builder_)).literal;
      if (l.real == 1) return dy;
      if (l.real == -1) return -dy;
      return dy * d;
    }
    return row.singular ? call_scalar("guarded_mul", {dy, d}) : dy * d;
  }

  const Formula& formula_;
  int wrt_;
  FormulaBuilder builder_;
  std::vector<Scalar> values_;
  std::vector<char> depends_;
  std::vector<std::optional<Scalar>> cotangents_;
};

}  // namespace

std::optional<Formula> derivative(const Formula& formula, int output, int wrt) { return ReverseMode(formula, output, wrt).result(); }

}  // namespace lanc
