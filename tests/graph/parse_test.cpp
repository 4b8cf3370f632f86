// The text form: what is printed reads back to the same text and the same bits; what is not a graph is refused with its line.
#include <gtest/gtest.h>

#include <cmath>

#include <lanc/graph/parse.h>
#include <lanc/graph/verify.h>
#include <lanc/lanc.h>
#include <lanc/ops/scalar/table.h>
#include <lanc/tests/support/messages.h>

namespace lanc {
namespace {

const auto swish = elementwise("swish", [](auto x) { return x / (1 + exp(-x)); });

OpSet known_ops() {
  OpSet ops = all_ops();
  ops.add(swish.op());
  return ops;
}

// A whole training step: parameters with initial values, a user's op, random numbers, an optimizer's updates.
Graph training_graph() {
  Graph g;
  const Dim batch = g.dim("batch");
  const Value x = g.input("x", f32, {batch, 4}), y = g.input("y", f32, {batch, 2});
  const models::Dense hidden(g.scope("net/0"), 4, 3), out(g.scope("net/1"), 3, 2);
  const Value noise = random_normal(g.scope("noise"), {batch, 4}, 0.0, 0.1);
  const Value loss = losses::mse(out(swish(hidden(x + noise))), y);
  g.set_outputs({loss});
  g.set_updates(optimizers::adam().minimize(loss));
  return g;
}

TEST(Parse, ReadsBackWhatIsPrinted) {
  const Graph g = training_graph();
  const std::string text = to_text(g);
  const Graph again = parse_graph(text, known_ops());
  EXPECT_EQ(to_text(again), text);
  verify(again, "parse");
}

TEST(Parse, ReadsBackWhatIsPrintedAfterThePasses) {
  Graph g;
  const Dim batch = g.dim("batch"), other = g.dim("other");
  const Value x = g.input("x", f32, {batch, 4}), z = g.input("z", f32, {other, 4});
  const Session session(g);
  const Function f = session.function({x, z}, {sum(x + z) * 0.1, reduce_max(where(greater_than(x, 0.5), x, -1e30), {.axes = {1}, .keep = true})});
  const std::string text = to_text(f.graph());
  EXPECT_NE(text.find("require"), std::string::npos) << text;  // batch and other were not known to be equal
  EXPECT_EQ(to_text(parse_graph(text, known_ops())), text);
}

TEST(Parse, AGraphThatWasReadGivesTheSameBits) {
  const auto losses_of = [](const Graph& g) {
    const Session session(g, {.seed = 4});
    const Function train = session.function({*g.find("x"), *g.find("y")}, g.outputs(), g.updates());
    std::vector<float> losses;
    Tensor x(f32, {5, 4}), y(f32, {5, 2});
    for (int64_t i = 0; i < 20; ++i) x.set(i, 0.1 * static_cast<double>(i));
    for (int i = 0; i < 4; ++i) losses.push_back(train(x, y)[0].item<float>());
    return losses;
  };
  const Graph g = training_graph();
  EXPECT_EQ(losses_of(parse_graph(to_text(g), known_ops())), losses_of(g));
}

struct Part {
  int64_t number = 0;
  std::string text = "";
  void fields(auto& visit) { visit("number", number), visit("text", text); }
};
struct Everything {
  bool truth = false;
  int64_t integer = 0;
  uint64_t key = 0;
  double real = 0;
  std::string text = "";
  DType dtype = f32;
  Shape shape = {};
  Tensor whole = {}, fractions = {};
  std::vector<Part> parts = {};
  void fields(auto& visit) {
    visit("truth", truth), visit("integer", integer), visit("key", key), visit("real", real), visit("text", text), visit("dtype", dtype);
    visit("shape", shape), visit("whole", whole), visit("fractions", fractions), visit("parts", parts);
  }
};
Everything everything() {
  Graph g;
  const Dim n = g.dim("n");
  return {.truth = true, .integer = -3, .key = 0xfedcba9876543210u, .real = 0.1234567890123456, .text = R"(a "quoted" \ text, [with] {signs})", .dtype = bf16,
          .shape = {floordiv(n, 2), n, 4}, .whole = Tensor::of<int64_t>({2}, {(int64_t{1} << 62) + 1, -5}), .fractions = Tensor::of<float>({2, 1}, {0.1f, -1e-30f}),
          .parts = {{1, "]"}, {2, "\\"}, {3, ""}}};
}

TEST(Attributes, ReadBackWhatTheyPrint) {
  const Everything e = everything();
  const std::string text = "  " + Attributes(e).text() + " and more";
  size_t at = 0;
  const Attributes again = Attributes::parse(attributes<Everything>, text, at);
  EXPECT_EQ(text.substr(at), " and more");
  EXPECT_TRUE(again == Attributes(e)) << again.text();
  EXPECT_EQ(again.hash(), Attributes(e).hash());
  const Everything& r = again.as<Everything>();
  EXPECT_EQ(r.truth, e.truth);
  EXPECT_EQ(r.integer, e.integer);
  EXPECT_EQ(r.key, e.key);
  EXPECT_EQ(r.real, e.real);
  EXPECT_EQ(r.text, e.text);
  EXPECT_EQ(r.dtype, e.dtype);
  EXPECT_EQ(r.shape, e.shape);
  EXPECT_TRUE(identical(r.whole, e.whole));
  EXPECT_TRUE(identical(r.fractions, e.fractions));
  ASSERT_EQ(r.parts.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(r.parts[i].number, e.parts[i].number);
    EXPECT_EQ(r.parts[i].text, e.parts[i].text);
  }
}

TEST(Attributes, DifferWhereAnyFieldDoes) {
  const auto differs = [](auto change) {
    Everything e = everything();
    change(e);
    return !(Attributes(e) == Attributes(everything()));
  };
  EXPECT_FALSE(differs([](Everything&) {}));
  EXPECT_TRUE(differs([](Everything& e) { e.real = std::nextafter(e.real, 1); }));
  EXPECT_TRUE(differs([](Everything& e) { e.key ^= 1; }));
  EXPECT_TRUE(differs([](Everything& e) { e.shape.pop_back(); }));
  EXPECT_TRUE(differs([](Everything& e) { e.parts[1].text += "\\"; }));
  EXPECT_TRUE(differs([](Everything& e) { e.whole = Tensor::of<int64_t>({2}, {int64_t{1} << 62, -5}); }));
}

TEST(Attributes, TakeTheSizesOfBoundDims) {
  const Attributes bound = Attributes(everything()).substitute({{"n", 7}});
  EXPECT_EQ(bound.as<Everything>().shape, (Shape{3, 7, 4}));
  EXPECT_EQ(bound.as<Everything>().text, everything().text);
}

// Compilers evaluate the operands of a + b in either order; the text does not tell which.
TEST(Text, DoesNotDependOnTheOrderInWhichOperandsWereBuilt) {
  const auto text = [](bool left_first) {
    Graph g;
    const Value x = g.input("x", f64, {2});
    std::optional<Value> left, right;
    if (left_first) left = exp(x), right = tanh(x);
    else right = tanh(x), left = exp(x);
    return to_text(std::vector<Value>{*left - *right}, {.lines = false});
  };
  EXPECT_EQ(text(true), text(false));
  EXPECT_EQ(text(true),
            "graph\n"
            "%x = input \"x\" : f64[2]\n"
            "%0 = exp(%x) : f64[2]\n"
            "%1 = tanh(%x) : f64[2]\n"
            "%2 = sub(%0, %1) : f64[2]\n"
            "output %2\n");
}

struct Mistake {
  const char* text;
  const char* message;
};

TEST(Parse, RefusesWhatIsNoGraphWithLineAndCharacter) {
  const Mistake mistakes[] = {
      {"", "parse: line 1: expected 'graph', got ''"},
      {"digraph {}", "parse: line 1: expected 'graph', got 'digraph {}'"},
      {"graph\ndims a a", "parse: line 2, character 9: expected dims to be named once, got 'a' twice"},
      {"graph\n%x = input \"x\" : f32[b]", "parse: line 2, character 24: expected dims that the line 'dims' names, got 'b'"},
      {"graph\n%x = input \"x\" : f31[2]", "parse: line 2, character 21: expected a dtype, got 'f31'"},
      {"graph\n%x = input x : f32[2]", "parse: line 2, character 12: expected a name in quotes, got 'x : f32[2]'"},
      {"graph\n%x = input \"x\" : f32[2]\n%0 = exp(%y) : f32[2]", "parse: line 3, character 12: expected a value that was defined before, got %y"},
      {"graph\n%x = input \"x\" : f32[2]\n%0 = expp(%x) : f32[2]", "parse: line 3, character 10: expected an op of the set, got 'expp'"},
      {"graph\n%x = input \"x\" : f32[2]\n%0 = exp(%x, %x) : f32[2]", "parse: line 3, character 26: exp needs 1 operands, got 2"},
      {"graph\n%x = input \"x\" : f32[2]\n%0 = exp(%x) : f32[3]", "parse: line 3, character 22: exp gives f32[2], got f32[3]"},
      {"graph\n%x = input \"x\" : f32[2]\n%0, %1 = exp(%x) : f32[2]", "parse: line 3, character 26: expected one type per result, got 2 results and 1 types"},
      {"graph\n%x = input \"x\" : f32[2]\n%x = input \"y\" : f32[2]", "parse: line 3, character 24: expected a name that was not used before, got %x"},
      {"graph\n%x = input \"x\" : f32[2]\n%y = input \"x\" : f32[2]", "parse: line 3, character 24: expected a path that was not used before, got 'x'"},
      {"graph\n%x = input \"x\" : f32[2]\n%0 = sum(%x) {axes = [7], keep = false} : f32[]", "parse: line 3, character 48: sum: axis must be in [-1, 1), got 7"},
      {"graph\n%x = input \"x\" : f32[2]\n%0 = sum(%x) {keep = 1} : f32[]", "parse: line 3, character 15: attributes: expected 'axes = '"},
      {"graph\n%x = input \"x\" : f32[2]\nupdate \"x\" = %x", "parse: line 3, character 11: expected the path of a state, got 'x'"},
      {"graph\n%s = state \"s\" : f32[2]\n%x = input \"x\" : f32[3]\nupdate \"s\" = %x", "parse: line 4, character 16: expected a new value of f32[2], got f32[3]"},
      {"graph\n%x = input \"x\" : f32[2]\noutput %x %x", "parse: line 3, character 11: expected the end of the line, got '%x'"},
      {"graph\n%x = input \"x\" : f32[2]\n %0 = exp(%x) : f32[2]", "parse: line 3, character 13: expected a value that was defined before, got %x"},
      {"graph\n%w = parameter \"w\" : f32[2]\n  %0 = constant() {value = f32[3] [1, 2, 3]} : f32[3]\n  output %0",
       "parse: line 2, character 28: expected an initial value with one output of f32[2]"},
  };
  for (const Mistake& m : mistakes) {
    const std::string message = message_of([&] { parse_graph(m.text, known_ops()); });
    EXPECT_EQ(message.rfind(m.message, 0), 0u) << m.text << "\n" << message;
  }
}

// Whatever is cut out of or changed in a text, it is read or refused; it never crashes.
TEST(Parse, SurvivesDamagedTexts) {
  const std::string text = to_text(training_graph());
  uint64_t s = 1;
  const auto below = [&](size_t n) {
    s = s * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>((s >> 33) % n);
  };
  const OpSet ops = known_ops();
  for (int i = 0; i < 300; ++i) {
    std::string damaged = text;
    const size_t at = below(text.size());
    switch (below(4)) {
      case 0: damaged.erase(at, 1 + below(20)); break;
      case 1: damaged[at] = static_cast<char>(32 + below(95)); break;
      case 2: damaged.insert(at, text.substr(below(text.size()), below(30))); break;
      default: damaged.resize(at);
    }
    try {
      verify(parse_graph(damaged, ops), "parse");
    } catch (const UserError&) {
    }
  }
  std::string deep = "graph\n";
  for (int i = 0; i < 200; ++i) deep += std::string(static_cast<size_t>(i), ' ') + "%x = input \"x\" : f32[]\n";
  EXPECT_THROW(parse_graph(deep, ops), UserError);
}

TEST(Parse, TakesLinesAsWindowsEndsThem) {
  const std::string text = "graph\ndims n\n\n%x = input \"x\" : f32[n,3]                                 ; a.cpp:12\n%0 = sum(%x) {axes = [1], keep = false} : f32[n]\noutput %0\n";
  std::string crlf;
  for (char c : text) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(to_text(parse_graph(crlf, all_ops())), to_text(parse_graph(text, all_ops())));
}

TEST(Parse, KeepsInequalitiesOfDims) {
  Graph g;
  const Dim n = g.dim("n"), m = g.dim("m");
  g.set_outputs({slice_of(g.input("x", f32, {n}), {{0, m}})});
  const std::string text = to_text(g);
  EXPECT_NE(text.find("require m <= n \"slice_of: stop must be in [-n, n], got m for axis 0 of f32[n]\""), std::string::npos) << text;
  EXPECT_EQ(to_text(parse_graph(text, all_ops())), text);
}

// Each was once accepted, or ended the program.
TEST(Parse, RefusesWhatBuildersRefuse) {
  const std::string x = "graph\ndims n\n%0 = input \"x\" : f32[4,2]\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"graph\n%0 = formula() {formula = \"0: 1.0\"} : f32[]\noutput %0\n", "needs one operand per input of the formula"},
      {x + "%1 = concat(%0, %0) {axis = -1} : f32[4,4]\n", "axis must be in [0, 2), got -1"},
      {x + "%1 = linear_recurrence(%0, %0) {axis = 0, form = 77, reversed = false} : f32[4,2]\n", "form must be one of RecurrenceForm, got 77"},
      {x + "%1 = fused(%0) {shape = [4, 2], formula = \"1: t0 = exp(x0); t0\", inputs = [{axes = [0, 7]}], outputs = [{kind = 0, reduced = [], keep = false}]} : f32[4,2]\n",
       "axes of the operands must be in [-1, 2), got 7"},
      {x + "%1, %2 = fused(%0) {shape = [4, 2], formula = \"1: t0 = exp(x0); t0\", inputs = [{axes = [0, 1]}], outputs = [{kind = 0, reduced = [], keep = false}, "
           "{kind = 0, reduced = [], keep = false}]} : f32[4,2], f32[4,2]\n",
       "one output for each of the formula's, got 2 for 1"},
      {"graph\n%0 = input \"x\" : f32[-3]\n", "expected sizes that are at least 0, got f32[-3]"},
      {"graph\n%0 = input \"\" : f32[3]\n", "expected a name of letters"},
      {"graph\n%0 = input \"a//b\" : f32[3]\n", "expected a name of letters"},
      {x + "require q = 3 \"why\"\n", "expected dims that the line 'dims' names, got 'q'"},
      {x + "%1 = broadcast(%0) {shape = [-3, 4, 2], axes = [1, 2]} : f32[-3,4,2]\n", "expected sizes that are at least 0"},
  };
  for (const auto& [text, part] : cases) {
    const std::string message = message_of([&] { parse_graph(text, all_ops()); });
    EXPECT_NE(message.find(part), std::string::npos) << message << "\n" << text;
  }
}

}  // namespace
}  // namespace lanc
