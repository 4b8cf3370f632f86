// A 4-8-3 network under each optimizer, 100 steps in f64, against stored trajectories: PyTorch's where PyTorch has the rule; for Lion and for
// Adam with epsilon inside the root, which it has not, the papers' formulas on PyTorch's gradients. scripts/reference/optimizer_trajectories.py.
#include <lanc/tests/models/support.h>

#include <map>

namespace lanc {
namespace {

using testing_models::stored;

// 100 steps amplify the rounding of single operations by less than this; a wrong constant shows at 1e-4 or more.
constexpr double tolerance = 1e-10;

const nlohmann::json& data() {
  static const nlohmann::json loaded = stored("optimizers.json");
  return loaded;
}

std::map<std::string, optimizers::Optimizer> all_optimizers() {
  using namespace optimizers;
  std::map<std::string, Optimizer> all;
  const auto add = [&](const char* name, Optimizer optimizer) { all.emplace(name, std::move(optimizer)); };
  add("sgd", sgd({.learning_rate = 0.1}));
  add("sgd_weight_decay", sgd({.learning_rate = 0.1, .weight_decay = 0.01}));
  add("momentum", momentum({.learning_rate = 0.05}));
  add("momentum_weight_decay", momentum({.learning_rate = 0.05, .momentum = 0.8, .weight_decay = 0.01}));
  add("nesterov", nesterov({.learning_rate = 0.05}));
  add("nesterov_weight_decay", nesterov({.learning_rate = 0.05, .weight_decay = 0.01}));
  add("adagrad", adagrad({.learning_rate = 0.1}));
  add("adagrad_initial", adagrad({.learning_rate = 0.1, .weight_decay = 0.01, .initial_accumulator = 0.1}));
  add("rmsprop", rmsprop({.learning_rate = 0.01}));
  add("rmsprop_centered", rmsprop({.learning_rate = 0.01, .centered = true}));
  add("rmsprop_momentum", rmsprop({.learning_rate = 0.003, .decay = 0.9, .momentum = 0.9, .weight_decay = 0.01, .centered = true}));
  add("adadelta", adadelta());
  add("adadelta_weight_decay", adadelta({.learning_rate = 0.5, .decay = 0.95, .epsilon = 1e-5, .weight_decay = 0.01}));
  add("adam", adam({.learning_rate = 0.01}));
  add("adam_weight_decay", adam({.learning_rate = 0.01, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-6, .weight_decay = 0.01}));
  add("adamw", adamw({.learning_rate = 0.01, .weight_decay = 0.1}));
  add("adam_clip_value", adam({.learning_rate = 0.01}, {.clip_value = 0.02}));
  add("sgd_clip_norm", sgd({.learning_rate = 0.1}, {.clip_norm = 0.03}));
  add("sgd_clip_global_norm", sgd({.learning_rate = 0.1}, {.clip_global_norm = 0.05}));
  add("adam_inside", adam({.learning_rate = 0.01, .epsilon = 1e-6, .epsilon_place = Epsilon::inside}));
  add("lion", lion({.learning_rate = 0.003, .weight_decay = 0.1}));
  return all;
}

void follow(const std::string& name, const optimizers::Optimizer& optimizer, Device device) {
  const nlohmann::json& run = data()["runs"][name];
  Graph g;
  const Value x = g.input("x", f64, {16, 4}), t = g.input("t", f64, {16, 3});
  const models::Mlp net(g.scope("net"), {4, 8, 3}, tanh, {.dtype = f64});
  const Value loss = losses::mse(net(x), t);
  const Session session(g, {.device = device});
  const Function train = session.function({x, t}, {loss}, optimizer.minimize(loss));
  for (const Value& p : g.parameters()) {
    const std::string path = p.node().attrs<NamedAttrs>().name;
    session.set(p, Tensor::of<double>(session.get(p).sizes(), data()["start"][path].get<std::vector<double>>()));
  }
  const Tensor xs = Tensor::of<double>({16, 4}, data()["x"].get<std::vector<double>>());
  const Tensor ts = Tensor::of<double>({16, 3}, data()["t"].get<std::vector<double>>());
  const auto losses = run["losses"].get<std::vector<double>>();
  ASSERT_EQ(losses.size(), 100u);
  size_t compared = 0;
  for (size_t step = 1; step <= losses.size(); ++step) {
    ASSERT_NEAR(train(xs, ts)[0].item<double>(), losses[step - 1], tolerance) << "loss of step " << step;
    if (!run["parameters"].contains(std::to_string(step))) continue;
    for (const auto& [path, expected] : run["parameters"][std::to_string(step)].items()) {
      const std::vector<double> got = testing_models::numbers(session.get(path));
      ASSERT_EQ(got.size(), expected.size());
      for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i].get<double>(), tolerance) << path << "[" << i << "] after " << step;
      compared += got.size();
    }
  }
  EXPECT_EQ(compared, 3u * (32 + 8 + 24 + 3));
}

class Trajectory : public testing::Test {
 public:
  Trajectory(std::string name, optimizers::Optimizer optimizer, Device device) : name_(std::move(name)), optimizer_(std::move(optimizer)), device_(device) {}
  void TestBody() override { follow(name_, optimizer_, device_); }

 private:
  std::string name_;
  optimizers::Optimizer optimizer_;
  Device device_;
};

const bool registered = [] {
  for (const auto& [name, optimizer] : all_optimizers())
    for (const Device device : {Device::cpu(), Device::reference()}) {
      const std::string where = device.kind() == Device::Kind::cpu ? "_OnTheCpu" : "_OnTheReference";
      testing::RegisterTest("Trajectory", (name + where).c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [name, optimizer, device] { return new Trajectory(name, optimizer, device); });
    }
  return true;
}();

TEST(Trajectories, AreAllFollowed) {
  const auto followed = all_optimizers();
  for (const auto& [name, run] : data()["runs"].items()) EXPECT_EQ(followed.count(name), 1u) << name;
  EXPECT_EQ(followed.size(), data()["runs"].size());
}

}  // namespace
}  // namespace lanc
