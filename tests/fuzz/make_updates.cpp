// Parameters and states, and what a step makes of them: rules of optimizers, and values that read other states and each other.
#include <lanc/tests/fuzz/grower.h>

namespace lanc::fuzz {

// Few shapes for several states, so that they can take each other's values.
void Grower::add_states() {
  const Scope scope = result_.graph.scope("net");
  std::vector<Shape> shapes;
  for (int i = 0; i < 2; ++i) {
    Shape shape;
    for (int64_t rank = random_.below(3); rank > 0; --rank) shape.push_back(1 + random_.below(6));
    shapes.push_back(shape);
  }
  const int64_t states = 2 + random_.below(4);
  for (int64_t i = 0; i < states; ++i) {
    const Shape& shape = shapes[static_cast<size_t>(random_.below(2))];
    const bool trained = i == 0 || random_.chance(0.5);
    const Initializer initial = initializers::uniform(-1, 1);
    const std::string name = (trained ? "w" : "s") + std::to_string(i);
    const Value s = trained ? parameter(scope, name, shape, initial, options_.dtype) : state(scope, name, shape, initial, options_.dtype);
    result_.states.push_back(s);
    pool_.push_back(s);
  }
}

Value Grower::new_value(const Value& s, const std::vector<Value>& gradients) {
  const Value other = result_.states[static_cast<size_t>(random_.below(static_cast<int64_t>(result_.states.size())))];
  const Value like = pick_like(s);
  switch (random_.below(12)) {
    case 0: return 0.5 * s + 0.3 * like;
    case 1: return other.type() == s.type() ? other : s;   // may exchange two
    case 2: return tanh(s + cast(sum(other), s.dtype()));
    case 3: return s.rank() == 0 ? -s : reverse(s);
    case 4: return s.rank() == 0 ? s * 0.5 : roll(s, 1, 0);
    case 5: return s.rank() == 2 ? tanh(matmul(matmul(s, transpose(other.rank() == 2 && other.type() == s.type() ? other : s)), s)) : sin(s);
    case 6: return s.rank() == 0 ? s + 0 : tanh(cumsum(s, {.axis = 0}));
    case 7: return like;
    case 8: return s;
    case 9: return zeros_like(s);
    case 10: return s.rank() == 2 && s.size(0) == s.size(1) ? transpose(s) : 0.9 * s;
    default: {
      for (const Value& g : gradients)
        if (g.type() == s.type() && random_.chance(0.5)) return 0.9 * s + 0.1 * g;
      return s - 0.1 * like;
    }
  }
}

void Grower::add_updates(const Value& loss) {
  std::vector<Value> trained, all;
  for (const Value& s : result_.states) (s.node().op->name == parameter_op.name ? trained : all).push_back(s);
  const std::vector<Value> slopes = gradients(loss, trained, Unreached::zeros);
  std::vector<Value> left = all;
  if (random_.chance(0.4)) {
    const optimizers::Optimizer optimizer = random_.chance(0.5) ? optimizers::sgd({.learning_rate = 0.1}) : optimizers::momentum({.learning_rate = 0.1});
    result_.updates = optimizer.apply(trained, slopes);
  } else {
    left.insert(left.end(), trained.begin(), trained.end());
  }
  for (const Value& s : left)
    if (random_.chance(0.85)) result_.updates.push_back({s, new_value(s, slopes)});
  if (random_.chance(0.5)) {  // what it was, and what it becomes
    const Update& u = result_.updates.empty() ? Update{result_.states[0], result_.states[0]} : result_.updates[0];
    result_.outputs.push_back(u.state);
    result_.outputs.push_back(u.value);
  }
  result_.states = result_.graph.states();
}

}  // namespace lanc::fuzz
