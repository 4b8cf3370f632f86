// What bad input gets: the text of each message, with the user's lines.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>

#include <lanc/graph/parse.h>
#include <lanc/lanc.h>
#include <lanc/tests/support/messages.h>

namespace lanc {
namespace {

// Without the line of the call, which has tests of its own.
template <class E = UserError, class F>
std::string message_before_call(F f) {
  const std::string text = message_of<E>(f);
  for (const char* what : {"\n  called at errors_test.cpp:", "\n  session.get at errors_test.cpp:", "\n  session.set at errors_test.cpp:"})
    if (const size_t found = text.rfind(what); found != std::string::npos) return text.substr(0, found);
  return text;
}

std::string at(int line) { return "errors_test.cpp:" + std::to_string(line); }

struct Classifier {
  Graph g;
  int line;  // of its inputs; the layer stands on the next one
  Value x, y;
  models::Dense net;
  Value loss;
  Session session;
  Function f;
};

Classifier classifier() {
  Graph g;
  const Dim batch = g.dim("batch");
  const int line = __LINE__ + 1;
  const Value x = g.input("x", f32, {batch, 3}), y = g.input("y", i32, {batch});
  const models::Dense net(g.scope("net"), 3, 4);
  const Value loss = losses::softmax_cross_entropy(net(x), y);
  const Session session(g);
  return {g, line, x, y, net, loss, session, session.function({x, y}, {loss}, {}, {.name = "evaluate"})};
}

TEST(FeedErrors, OfAMissingOrSurplusFeedListTheInputs) {
  const Classifier c = classifier();
  const Tensor images(f32, {5, 3}), labels(i32, {5});
  EXPECT_EQ(message_before_call([&] { c.f(images); }),
            "function 'evaluate': one tensor per input is needed (x f32[batch,3] and y i32[batch]), got 1 (f32[5,3])");
  EXPECT_EQ(message_before_call([&] { c.f(images, labels, labels); }),
            "function 'evaluate': one tensor per input is needed (x f32[batch,3] and y i32[batch]), got 3 (f32[5,3], i32[5] and i32[5])");
  EXPECT_EQ(message_before_call([&] { c.f(); }), "function 'evaluate': one tensor per input is needed (x f32[batch,3] and y i32[batch]), got 0");
  EXPECT_EQ(message_before_call([&] { c.session.function({}, {c.net.weight})(images); }), "function: one tensor per input is needed (none), got 1 (f32[5,3])");
}

TEST(FeedErrors, OfBytesForFloatsSayHowToConvert) {
  const Classifier c = classifier();
  EXPECT_EQ(message_before_call([&] { c.f(Tensor(u8, {5, 3}), Tensor(i32, {5})); }),
            "function 'evaluate': input 'x' must be f32[batch,3], got u8[5,3]; convert with tensor.to(f32)\n  input 'x' built at " + at(c.line));
  EXPECT_EQ(message_before_call([&] { c.f(Tensor(f32, {5, 3}), Tensor(i64, {5})); }),
            "function 'evaluate': input 'y' must be i32[batch], got i64[5]; convert with tensor.to(i32)\n  input 'y' built at " + at(c.line));
}

TEST(FeedErrors, OfWrongSizesShowDeclaredAndFed) {
  const Classifier c = classifier();
  EXPECT_EQ(message_before_call([&] { c.f(Tensor(f32, {5, 4}), Tensor(i32, {5})); }),
            "function 'evaluate': input 'x' must be f32[batch,3], got f32[5,4]\n  input 'x' built at " + at(c.line));
  EXPECT_EQ(message_before_call([&] { c.f(Tensor(f32, {}), Tensor(i32, {5})); }),
            "function 'evaluate': input 'x' must be f32[batch,3], got f32[]\n  input 'x' built at " + at(c.line));
}

TEST(FeedErrors, OfADimWithTwoSizesNameIt) {
  const Classifier c = classifier();
  EXPECT_EQ(message_before_call([&] { c.f(Tensor(f32, {5, 3}), Tensor(i32, {6})); }),
            "function 'evaluate': dim 'batch' must have one size, got 5 and 6 in input 'y'\n  input 'y' built at " + at(c.line));
}

TEST(FeedErrors, OfExpressionsShowWhatTheyAreHere) {
  Graph g;
  const Dim n = g.dim("n");
  const int line = __LINE__ + 1;
  const Value x = g.input("x", f32, {2 * n}), y = g.input("y", f32, {n * n + 1});
  const Function f = Session(g).function({x, y}, {sum(x) + sum(y)});
  EXPECT_EQ(f(Tensor(f32, {6}), Tensor(f32, {10}))[0].item<float>(), 0);  // n = 3 from 2*n = 6
  EXPECT_EQ(message_before_call([&] { f(Tensor(f32, {6}), Tensor(f32, {11})); }),
            "function: input 'y' must be f32[n*n + 1], here [10], got f32[11]\n  input 'y' built at " + at(line));
  EXPECT_EQ(message_before_call([&] { f(Tensor(f32, {7}), Tensor(f32, {10})); }),
            "function: input 'x' must be f32[2*n], got f32[7]\n  input 'x' built at " + at(line));
}

TEST(FeedErrors, LeaveTheFunctionUsable) {
  const Classifier c = classifier();
  const Tensor images(f32, {5, 3}), labels(i32, {5});
  const Tensor before = c.f(images, labels)[0];
  message_before_call([&] { c.f(images, Tensor(i32, {6})); });
  // Of the sizes of the last call, for which nothing is bound anew.
  EXPECT_NE(message_before_call([&] { c.f(images, Tensor(f32, {5})); }).find("input 'y' must be i32[batch], got f32[5]"), std::string::npos);
  EXPECT_NE(message_before_call([&] { c.f(Tensor(i32, {5, 3}), labels); }).find("input 'x' must be f32[batch,3], got i32[5,3]"), std::string::npos);
  EXPECT_TRUE(identical(c.f(images, labels)[0], before));
}

TEST(DimErrors, OfADimThatNoInputBindsNameTheNodeThatNeedsIt) {
  Graph g;
  const Dim n = g.dim("n"), m = g.dim("m");
  const Value x = g.input("x", f32, {floordiv(n, 2)});
  const int line = __LINE__ + 1;
  const Value y = random_uniform(g.scope("noise"), {m}), z = sum(x);
  const std::string start = "function: dim 'm' must be bound by a size of a listed input, got none; it is needed by ";
  const std::string text = message_before_call([&] { Session(g).function({}, {y}); });
  EXPECT_EQ(text.substr(0, start.size()), start);
  EXPECT_NE(text.find("f32[m]\n  "), std::string::npos) << text;
  EXPECT_NE(text.find(" at " + at(line)), std::string::npos) << text;
  EXPECT_EQ(message_before_call([&] { Session(g).function({x}, {z}); }),
            "function: dim 'n' must be bound by a size of a listed input, got none; it is needed by input f32[floordiv(n, 2)]\n  input at " + at(line - 2));
}

TEST(DimErrors, OfARecordedEqualityNameTheOpAndBothSizes) {
  Graph g;
  const Value x = g.input("x", f32, {2, g.dim("a")}), w = g.input("w", f32, {g.dim("b"), 3});
  const int line = __LINE__ + 1;
  const Value y = matmul(x, w);
  const Function f = Session(g).function({x, w}, {y});
  const std::string text = message_before_call([&] { f(Tensor(f32, {2, 4}), Tensor(f32, {5, 3})); });
  EXPECT_EQ(text.rfind("matmul: inner dimensions must be equal, got lhs f32[2,a] and rhs f32[b,3] (a and b)", 0), 0u) << text;
  EXPECT_NE(text.find("matmul at " + at(line)), std::string::npos) << text;
  EXPECT_NE(text.find("here a is 4 and b is 5"), std::string::npos) << text;
}

TEST(DimErrors, OfARecordedEqualityConcernOnlyFunctionsThatNeedIt) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("a")}), w = g.input("w", f32, {g.dim("b")});
  const Value both = x + w;
  const Session session(g);
  const Tensor three = Tensor::of<float>({3}, {1, 2, 3}), two = Tensor::of<float>({2}, {4, 5});
  EXPECT_EQ(to_text(session.function({x, w}, {sum(x) * sum(w)})(three, two)[0]), "54.0");
  const std::string text = message_before_call([&] { session.function({x, w}, {both})(three, two); });
  EXPECT_NE(text.find("here b is 2 and a is 3"), std::string::npos) << text;
}

TEST(DimErrors, OfARecordedEqualityConcernGradientsToo) {
  Graph g;
  const Dim n = g.dim("n"), m = g.dim("m");
  const Value x = g.input("x", f32, {n, 3}), z = g.input("z", f32, {m, 3});
  const Session session(g);
  const Tensor four(f32, {4, 3}), five(f32, {5, 3});
  const Value losses[] = {sum(matmul(transpose(x), z)), sum(concat({x, z}, 1)), sum(einsum("ij,ik->jk", {x, z})), sum(x * z)};
  for (const Value& loss : losses) {
    const Function f = session.function({x, z}, {gradient(loss, x), gradient(loss, z)});
    EXPECT_NE(message_before_call([&] { f(four, five); }).find(" is 4"), std::string::npos);
    EXPECT_EQ(f(four, four)[0].sizes(), (Sizes{4, 3}));
  }
  // What a loss requires concerns only functions that run it.
  losses::mse(x, z);
  einsum("ij,ik->jk", {x, z});
  EXPECT_NO_THROW(session.eval({sum(x) + sum(z)}, {{x, four}, {z, five}}));
}

TEST(DimErrors, OfSlicesSpeakOfStartAndStop) {
  Graph g;
  const Dim n = g.dim("n"), m = g.dim("m");
  const Value x = g.input("x", f32, {n}), y = g.input("y", f32, {m});
  const Session session(g);
  const auto refused = [&](const Value& v, int64_t rows, int64_t others) {
    return message_before_call([&] { session.function({x, y}, {v})(Tensor(f32, {rows}), Tensor(f32, {others})); });
  };
  const int line = __LINE__ + 1;
  const Value to_m = slice_of(x, {{0, m}});
  EXPECT_EQ(refused(to_m, 4, 5), "slice_of: stop must be in [-n, n], got m for axis 0 of f32[n]\n  operand built at " + at(line - 6) + "; slice_of at " + at(line) +
                                     "\n  here m is 5 and n is 4");
  EXPECT_EQ(refused(to_m, 5, 5), "no error");
  const std::string fixed = refused(slice_of(x, {{0, 5}}), 4, 1);
  EXPECT_EQ(fixed.rfind("slice_of: stop must be in [-n, n], got 5 for axis 0 of f32[n]", 0), 0u) << fixed;
  EXPECT_NE(fixed.find("\n  here n is 4"), std::string::npos) << fixed;
  const std::string from_end = refused(slice_of(x, {{-3, {}}}), 2, 1);
  EXPECT_EQ(from_end.rfind("slice_of: start must be in [-n, n], got -3 for axis 0 of f32[n]", 0), 0u) << from_end;
  EXPECT_NE(from_end.find("\n  here n - 3 is -1"), std::string::npos) << from_end;
  const std::string crossed = refused(slice_of(x, {{m, 3}}), 5, 4);
  EXPECT_EQ(crossed.rfind("slice_of: start must not be above stop, got m and 3 for axis 0 of f32[n]", 0), 0u) << crossed;
  EXPECT_EQ(refused(slice_of(x, {{m, 4}}), 5, 4), "no error");
}

TEST(DimErrors, OfAParsedGraphAreThoseOfItsOps) {
  const Graph p = parse_graph("graph\ndims n m\n%x = input \"x\" : f32[n,3]\n%y = input \"y\" : f32[m,3]\n%0 = add(%x, %y) : f32[n,3]\noutput %0\n", all_ops());
  const std::string text = message_before_call([&] { Session(p).eval(p.outputs(), {{*p.find("x"), Tensor(f32, {2, 3})}, {*p.find("y"), Tensor(f32, {4, 3})}}); });
  EXPECT_NE(text.find("operands must have one shape"), std::string::npos) << text;
  const Graph far = parse_graph("graph\ndims n\n%x = input \"x\" : f32[n,3]\n%0 = slice(%x) {starts = [0, 0], sizes = [n, 3], steps = [1000000, 1]} : f32[n,3]\noutput %0\n",
                                all_ops());
  EXPECT_NE(message_before_call([&] { Session(far).eval(far.outputs(), {{*far.find("x"), Tensor(f32, {4, 3})}}); }).find("positions of axis 0"), std::string::npos);
}

TEST(FunctionErrors, OfSizesForAPlanNameTheDims) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("n"), g.dim("m")});
  const Function f = Session(g).function({x}, {exp(x)});
  EXPECT_EQ(message_before_call([&] { f.plan_text({}); }), "function.plan_text: a size must be given for each of the dims 'm', 'n', got none for 'm'");
  EXPECT_EQ(message_before_call([&] { f.memory({{"n", 2}}); }), "function.memory: a size must be given for each of the dims 'm', 'n', got none for 'm'");
  EXPECT_EQ(message_before_call([&] { f.memory({{"n", 2}, {"m", -1}}); }), "function.memory: the size of dim 'm' must be >= 0, got -1");
  EXPECT_EQ(message_before_call([&] { f.memory({{"n", 2}, {"m", 1}, {"k", 1}}); }),
            "function.memory: sizes must be given for dims that the function has, got 'k'; it has 'm', 'n'");
}

TEST(SessionErrors, OfPassesStatesAndNames) {
  Graph g;
  const std::string passes = message_before_call([&] { Session(g, {.disabled_passes = {"fuze"}}); });
  EXPECT_EQ(passes.rfind("session: disabled_passes must name passes (", 0), 0u) << passes;
  EXPECT_NE(passes.find("fuse"), std::string::npos) << passes;
  EXPECT_NE(passes.find("), got 'fuze'"), std::string::npos) << passes;
  const Value count = state(g.scope("net"), "count", {}, initializers::constant(0.0), i64);
  EXPECT_EQ(message_before_call([&] { Session(g).set(count, 2.5); }), "session.set: the state's dtype must hold the number, got 2.5 for i64");
  for (const char* name : {"", "a b", "1st", "a=("})
    EXPECT_EQ(message_before_call([&] { elementwise(name, [](auto x) { return x; }); }),
              "elementwise: a name must be made of letters, digits and '_', a letter first, got '" + std::string(name) + "'");
  const std::vector<float> fixed = {1, 2};
  Tensor view = Tensor::view(std::span<const float>(fixed), {2});
  EXPECT_EQ(view.at(1), 2);
  EXPECT_EQ(message_before_call([&] { view.span<float>(); }), "tensor: memory must not be const where it is written, got a view of const f32[2]; use clone()");
  EXPECT_NO_THROW(view.clone().span<float>()[0] = 3);
  EXPECT_EQ(message_before_call([&] { view.at(2); }), "tensor: an element of f32[2] must be in [0, 2), got 2");
  EXPECT_EQ(message_before_call([&] { Tensor(f32, {2}).set(-1, 0); }), "tensor: an element of f32[2] must be in [0, 2), got -1");
  Tensor mine = Tensor::of<float>({2}, {1, 2});
  const Value kept = constant(g, mine);
  mine.set(0, 50);
  EXPECT_EQ(Session(g).eval({kept})[0].at(0), 1);  // a constant is not the caller's memory
  EXPECT_EQ(message_before_call([&] { Session(g, {.threads = -1}); }), "session: threads must be in [0, 1024], got -1");
  EXPECT_EQ(message_before_call([&] { Session(g, {.plan_cache = 0}); }), "session: plan_cache must be at least 1, got 0");
}

Types noisy_types(const InferArgs& args) { return {args.input(0)}; }
std::vector<Value> noisy_compose(const std::vector<Value>& inputs, const Attributes&, const OpDef&) { return {inputs[0] * 2.0}; }

TEST(FunctionErrors, OfAnOpWhoseResultsMayDifferInAStrictSession) {
  static const OpDef noisy{.name = "noisy", .infer = noisy_types, .determinism = Determinism::not_deterministic, .compose = noisy_compose};
  Graph g;
  const Value x = g.input("x", f32, {2});
  const int line = __LINE__ + 1;
  const Value y = apply(noisy, {x});
  EXPECT_EQ(message_before_call([&] { Session(g, {.strict = true}).function({x}, {y}); }),
            "function: a strict session needs ops that give the same bits in every run, got noisy, whose results may differ between runs\n  noisy at " +
                at(line));
  EXPECT_EQ(Session(g).function({x}, {y})({Tensor::of<float>({2}, {1, 3})})[0].at(1), 6);
}

TEST(FunctionErrors, OfAnInputThatIsNotListedNameIt) {
  const Classifier c = classifier();
  EXPECT_EQ(message_before_call([&] { c.session.function({c.x}, {c.loss}, {}, {.name = "loss"}); }),
            "function 'loss': every input that is needed must be listed, got none for 'y'\n  input 'y' built at " + at(c.line));
  EXPECT_EQ(message_before_call([&] { c.session.eval({c.loss}, {{c.x, Tensor(f32, {5, 3})}}); }),
            "function 'eval': every input that is needed must be listed, got none for 'y'\n  input 'y' built at " + at(c.line));
}

TEST(FunctionErrors, OfAnInputListedTwice) {
  const Classifier c = classifier();
  EXPECT_EQ(message_before_call([&] { c.session.function({c.x, c.y, c.x}, {c.loss}); }),
            "function: an input must be listed once, got 'x' twice\n  input 'x' built at " + at(c.line));
}

TEST(FunctionErrors, OfAnInputThatIsNone) {
  const Classifier c = classifier();
  const std::string text = message_before_call([&] { c.session.function({c.net.weight}, {c.net.weight}); });
  EXPECT_EQ(text.rfind("function: inputs must be made by graph.input, got parameter at " + at(c.line + 1), 0), 0u) << text;
}

TEST(FunctionErrors, OfAValueOfAnotherGraphNameItsLine) {
  const Classifier c = classifier();
  Graph other;
  const int line = __LINE__ + 1;
  const Value z = other.input("z", f32, {});
  const std::string got = "values must belong to the session's graph, got a value of another graph\n  input built at " + at(line);
  EXPECT_EQ(message_before_call([&] { c.session.function({}, {z}); }), "function: " + got);
  EXPECT_EQ(message_before_call([&] { c.session.function({z}, {c.loss}); }), "function: " + got);
  EXPECT_EQ(message_before_call([&] { c.session.eval({z}); }), "function 'eval': " + got);
  EXPECT_EQ(message_before_call([&] { c.session.function({}, {}, {{c.net.weight, z}}); }), "function: " + got);
  EXPECT_EQ(message_before_call([&] { c.session.get(z); }), "session.get: " + got);
  EXPECT_EQ(message_before_call([&] { c.session.set(z, 1.0); }), "session.set: " + got);
  const std::string gradient = message_before_call([&] { gradients(c.loss, {z}); });
  EXPECT_EQ(gradient.rfind("vjp: values must belong to one graph, got a value of another graph at " + at(line) + "\n  gradients at ", 0), 0u) << gradient;
  EXPECT_NE(message_before_call([&] { c.x + z; }).find("add: operands must belong to one graph, got values of two graphs"), std::string::npos);
}

TEST(FunctionErrors, OfUpdatesNameTheState) {
  const Classifier c = classifier();
  const Value w = c.net.weight, twice = w * 2.0;
  EXPECT_EQ(message_before_call([&] { c.session.function({c.x}, {}, {{c.x, c.x}}); }), "function: only parameters and states can be updated, got input at " + at(c.line));
  EXPECT_NE(message_before_call([&] { c.session.function({}, {}, {{w, sum(w)}}); }).find("an update must have its state's type, got f32[] for 'net/weight' of f32[4,3]"),
            std::string::npos);
  EXPECT_NE(message_before_call([&] { c.session.function({}, {}, {{w, twice}, {w, twice}}); }).find("a state must be updated once, got two updates of 'net/weight'"),
            std::string::npos);
}

TEST(StateErrors, OfAPathCreatedTwiceShowBothLines) {
  Graph g;
  const int line = __LINE__ + 1;
  const models::Dense first(g.scope("net"), 3, 4);
  EXPECT_NE(first.weight.node_id(), 1000u);
  const std::string text = message_before_call([&] { models::Dense(g.scope("net"), 3, 4); });
  EXPECT_EQ(text.rfind("parameter 'net/weight': a path must be created once, got it a second time\n  first at " + at(line), 0), 0u) << text;
  EXPECT_NE(text.find("; again at " + at(line + 2)), std::string::npos) << text;
}

TEST(StateErrors, OfUnreachedParametersNameThemAndSuggestAPattern) {
  const Classifier c = classifier();
  const int line = __LINE__ + 1;
  const models::Dense unused(c.g.scope("unused"), 3, 4);
  EXPECT_EQ(unused.weight.rank(), 2);
  const std::string text = message_before_call([&] { optimizers::sgd().minimize(c.loss); });
  EXPECT_NE(text.find("unused/"), std::string::npos) << text;
  EXPECT_NE(text.find(at(line)), std::string::npos) << text;
  EXPECT_NE(text.find("minimize(loss, \""), std::string::npos) << text;
}

TEST(StateErrors, OfGetAndSetNameThePath) {
  const Classifier c = classifier();
  EXPECT_EQ(message_before_call([&] { c.session.get("net/nothing"); }), "session.get: a path must name a parameter or state, got 'net/nothing'; there are: net/bias, net/weight");
  EXPECT_EQ(message_before_call([&] { c.session.set("x", Tensor(f32, {5, 3})); }), "session.set: a path must name a parameter or state, got 'x'; there are: net/bias, net/weight");
  EXPECT_EQ(message_before_call([&] { c.session.set("net/weight", Tensor(f32, {3, 4})); }), "session.set: 'net/weight' must be f32[4,3], got f32[3,4]");
  EXPECT_EQ(message_before_call([&] { c.session.get(c.loss * 1.0); }).rfind("session.get: a parameter or state is needed, got mul at ", 0), 0u);
}

TEST(StateErrors, OfGetAndSetNameTheLineOfTheCall) {
  const Classifier c = classifier();
  const Value product = c.loss * 1.0;
  const Tensor wrong(f32, {3, 4});
  int line = 0;
  const auto get_path = [&] {
    line = __LINE__ + 1;
    c.session.get("net/wieght");
  };
  const auto get_value = [&] {
    line = __LINE__ + 1;
    c.session.get(product);
  };
  const auto set_path = [&] {
    line = __LINE__ + 1;
    c.session.set("net/weight", wrong);
  };
  const auto set_value = [&] {
    line = __LINE__ + 1;
    c.session.set(c.net.weight, wrong);
  };
  const auto set_number = [&] {
    line = __LINE__ + 1;
    c.session.set(c.net.weight, 1.0);
  };
  const auto ends_with = [](const std::string& text, const std::string& end) { return text.size() >= end.size() && text.substr(text.size() - end.size()) == end; };
  const std::string path = message_of(get_path);
  EXPECT_EQ(path, "session.get: a path must name a parameter or state, got 'net/wieght'; there are: net/weight, net/bias\n  session.get at " + at(line));
  const std::string value = message_of(get_value);
  EXPECT_TRUE(ends_with(value, "\n  session.get at " + at(line))) << value;
  for (const std::function<void()>& set : {std::function<void()>(set_path), std::function<void()>(set_value), std::function<void()>(set_number)}) {
    const std::string text = message_of(set);
    EXPECT_EQ(text.rfind("session.set: 'net/weight' must be f32[4,3], got f32[", 0), 0u) << text;
    EXPECT_TRUE(ends_with(text, "\n  session.set at " + at(line))) << text;
  }
}

TEST(FeedErrors, NameTheLineOfTheCall) {
  const Classifier c = classifier();
  const Tensor t(f32, {5, 3});
  int line = 0;
  const std::function<void()> calls[] = {
      [&] { line = __LINE__; c.f(); },
      [&] { line = __LINE__; c.f(t); },
      [&] { line = __LINE__; c.f({t}); },
      [&] { line = __LINE__; c.f(t, t); },
      [&] { line = __LINE__; c.f({t, t}); },
      [&] { line = __LINE__; c.f(t, t, t); },
      [&] { line = __LINE__; c.f(t, t, t, t); },
      [&] { line = __LINE__; c.session.eval({c.loss}, {{c.x, t}, {c.y, t}}); }};
  for (const auto& call : calls) {
    const std::string text = message_of(call), end = "\n  called at " + at(line);
    EXPECT_EQ(text.substr(text.size() - std::min(text.size(), end.size())), end) << text;
  }
  EXPECT_NE(message_of([&] { c.f(t, t, t, t, t); }).find("got 5 ("), std::string::npos);
}

TEST(TensorErrors, NameTheTensor) {
  EXPECT_EQ(message_before_call([] { Tensor::of<float>({2, 2}, {1, 2, 3}); }), "tensor: sizes [2,2] need 4 values, got 3");
  EXPECT_EQ(message_before_call([] { Tensor(f32, {2, -1}); }), "tensor: sizes must be >= 0, got [2,-1]");
  EXPECT_EQ(message_before_call([] { Tensor(f32, {int64_t{1} << 40, 1 << 20}); }), "tensor: at most 2^48 elements, got sizes [1099511627776,1048576]");
  EXPECT_EQ(message_before_call([] { Tensor(f32, {3}).item<float>(); }), "tensor: item needs a tensor of one element, got f32[3]");
  EXPECT_EQ(message_before_call([] { Tensor(f32, {3}).span<double>(); }), "tensor: span must ask for the tensor's own type, got f64 for f32[3]");
  EXPECT_EQ(message_before_call([] { Tensor(f32, {3}).reshaped({2, 2}); }), "tensor: reshaped keeps the number of elements, got f32[3] to [2,2]");
}

TEST(MemoryErrors, SayWhatWasAskedAndNameTheLargestBuffers) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("n"), 1});
  const int line = __LINE__ + 1;
  const Value square = matmul(x, transpose(x));
  const Value y = sum(square + transpose(square));
  for (const Device device : {Device::cpu(), Device::reference()}) {
    const Session session(g, {.device = device});
    const Function f = session.function({x}, {y}, {}, {.name = "big"});
    const Tensor small = Tensor::of<float>({2, 1}, {1, 2});
    EXPECT_EQ(f(small)[0].item<float>(), 18);
    const std::string text = message_before_call<BackendError>([&] { f(Tensor(f32, {3'000'000, 1})); });
    EXPECT_EQ(text.rfind("function 'big': memory for the arena must be available, ", 0), 0u) << text;
    EXPECT_NE(text.find("\n  planned peak: "), std::string::npos) << text;
    EXPECT_NE(text.find(" bytes: contract f32[3000000,3000000] at " + at(line)), std::string::npos) << text;
    EXPECT_EQ(f(small)[0].item<float>(), 18);  // the session stays usable
  }
}

TEST(MemoryErrors, ListTheFiveLargestBuffersEachWithItsLine) {
  Graph g;
  const Dim n = g.dim("n");
  const Value x = g.input("x", f32, {n, 1});
  const int line = __LINE__ + 2;
  const Value products[] = {
      matmul(x, transpose(x)),
      matmul(broadcast_to(x, {2, n, 1}), transpose(x)),
      matmul(broadcast_to(x, {3, n, 1}), transpose(x)),
      matmul(broadcast_to(x, {4, n, 1}), transpose(x)),
      matmul(broadcast_to(x, {5, n, 1}), transpose(x)),
      matmul(broadcast_to(x, {6, n, 1}), transpose(x))};
  Value total = sum(products[0]);
  for (int k = 1; k < 6; ++k) total = total + sum(exp(products[k]));
  const std::string text = message_before_call<BackendError>([&] { Session(g).function({x}, {total})(Tensor(f32, {3'000'000, 1})); });
  size_t from = text.find("the largest buffers:");
  ASSERT_NE(from, std::string::npos) << text;
  for (int k = 5; k > 0; --k) {
    from = text.find("\n  " + std::to_string(int64_t{36'000'000'000'000} * (k + 1)) + " bytes: contract ", from);
    ASSERT_NE(from, std::string::npos) << k << "\n" << text;
    const std::string entry = text.substr(from + 1, text.find('\n', from + 1) - from - 1);
    EXPECT_NE(entry.find(" at " + at(line + k)), std::string::npos) << entry;
  }
  EXPECT_EQ(std::count(text.begin() + static_cast<std::ptrdiff_t>(text.find("the largest buffers:")), text.end(), '\n'), 5) << text;
}

TEST(MemoryErrors, OfAParameterNameItsPathItsTypeAndItsLine) {
  Graph g;
  const int line = __LINE__ + 1;
  const Value huge = parameter(g.scope("net"), "table", {3'000'000, 3'000'000}, initializers::constant(0.0));
  const Session session(g);
  const std::string start = "session: memory for parameter 'net/table' must be available, f32[3000000,3000000] of 33527.61 GiB (36000000000000 bytes), got ";
  const std::function<void()> uses[] = {[&] { session.function({}, {sum(huge)}); }, [&] { session.get("net/table"); }};
  for (const auto& use : uses) {
    const std::string text = message_before_call<BackendError>(use), end = "\n  parameter at " + at(line);
    EXPECT_EQ(text.rfind(start, 0), 0u) << text;
    EXPECT_NE(text.find(end), std::string::npos) << text;
  }
}

TEST(MemoryErrors, OfAResultSayThatItIsOne) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("n"), 1});
  const Function f = Session(g).function({x}, {matmul(x, transpose(x))});
  const std::string text = message_before_call<BackendError>([&] { f(Tensor(f32, {3'000'000, 1})); });
  EXPECT_EQ(text.rfind("function: memory for a result must be available, 33527.61 GiB (36000000000000 bytes), got ", 0), 0u) << text;
  EXPECT_EQ(f(Tensor::of<float>({1, 1}, {3}))[0].item<float>(), 9);
}

TEST(FeedErrors, OfTheSameRankAreNotReadInAnotherShape) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("b"), 2, 3});
  const Session session(g);
  const Function f = session.function({x}, {sum(x)});
  EXPECT_NE(message_before_call([&] { f(Tensor(f32, {1, 3, 2})); }).find("function: input 'x' must be f32[b,2,3], got f32[1,3,2]"), std::string::npos);
  EXPECT_EQ(message_before_call([&] { f(Tensor(f32, {1, 6})); }), "no error");
  EXPECT_EQ(message_before_call([&] { f(Tensor(f32, {1, 1, 2, 3})); }), "no error");
}

}  // namespace
}  // namespace lanc
