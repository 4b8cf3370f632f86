// Mistakes: the op's own and those that go with its signature.
#include <cmath>

#include <lanc/graph/error.h>
#include <lanc/tests/support/op_run.h>

namespace lanc::cases {
namespace {

void check_error(const CaseFile& file, const ErrorCase& mistake) {
  Graph graph;
  try {
    mistake.build(graph);
  } catch (const UserError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find(mistake.message), std::string::npos) << text;
    const bool generated = text.find("op_errors.cpp:") != std::string::npos;
    EXPECT_TRUE(generated || text.find(file.name + ".cpp:") != std::string::npos) << "the user's line is missing: " << text;
    return;
  }
  ADD_FAILURE() << "no UserError; expected: " << mistake.message;
}

// One call with operands made by `make`; the graph must be as it was when it fails.
ErrorCase mistake(std::string name, std::function<std::function<void()>(Graph&)> prepare, std::string message) {
  const auto build = [prepare](Graph& graph) {
    const std::function<void()> call = prepare(graph);
    const size_t before = graph.size();
    try {
      call();
    } catch (const UserError&) {
      EXPECT_EQ(graph.size(), before) << "a failed builder must leave the graph as it was";
      throw;
    }
  };
  return {std::move(name), build, std::move(message)};
}

void add_unary(std::vector<ErrorCase>& out, const std::string& op, const std::function<void(const Operand&)>& call) {
  const auto number = [&](const char* name, const Operand& x) {
    out.push_back(mistake(
        name, [call, x](Graph&) { return [call, x] { call(x); }; }, op + ": "));
  };
  number("a real number", 2.5);
  number("an integer", 3);
  number("a truth value", true);
  number("a byte", uint8_t{1});
  number("a NaN", std::nan(""));
}

void add_binary(std::vector<ErrorCase>& out, const std::string& op, const std::function<void(const Operand&, const Operand&)>& call) {
  out.push_back(mistake(
      "two numbers", [call](Graph&) { return [call] { call(1.5, 2); }; }, op + ": "));
  out.push_back(mistake(
      "two truth values", [call](Graph&) { return [call] { call(true, false); }; }, op + ": "));
  out.push_back(mistake(
      "two graphs",
      [call](Graph& g) {
        const Value x = g.input("x", i32, {3}), y = Graph().input("y", i32, {3});
        return [call, x, y] { call(x, y); };
      },
      op + ": operands must belong to one graph"));
  const auto shapes = [&](const char* name, Shape a, Shape b) {
    out.push_back(mistake(
        name,
        [call, a, b](Graph& g) {
          const Value x = g.input("x", i32, a), y = g.input("y", i32, b);
          return [call, x, y] { call(x, y); };
        },
        op + ": shapes must be equal or broadcast"));
  };
  shapes("sizes that do not meet", {3}, {4});
  shapes("inner sizes that do not meet", {2, 3, 4}, {2, 2, 4});
  shapes("sizes that do not meet at the end", {4, 3}, {4});
  shapes("an empty axis against three", {0}, {3});
  out.push_back({"a symbol that is bound to another size",
                 [call](Graph& g) {
                   const Value x = g.input("x", i32, {g.dim("n")}), y = g.input("y", i32, {3});
                   call(x, y);
                   const Value last = g.value({static_cast<uint32_t>(g.size() - 1), 0});
                   Session(g, {.device = Device::reference()}).eval({last}, {{x, Tensor(i32, {4})}, {y, Tensor(i32, {3})}});
                 },
                 op + ": "});
}

void add_ternary(std::vector<ErrorCase>& out, const std::string& op,
                 const std::function<void(const Operand&, const Operand&, const Operand&)>& call) {
  out.push_back(mistake(
      "three numbers", [call](Graph&) { return [call] { call(1.5, 2, true); }; }, op + ": "));
  const auto graphs = [&](const char* name, int stranger) {
    out.push_back(mistake(
        name,
        [call, stranger](Graph& g) {
          std::vector<Value> x;
          for (int i = 0; i < 3; ++i)
            x.push_back(i == stranger ? Graph().input("y", i32, {3}) : g.input("x" + std::to_string(i), i32, {3}));
          return [call, x] { call(x[0], x[1], x[2]); };
        },
        op + ": operands must belong to one graph"));
  };
  graphs("the first of another graph", 0);
  graphs("the last of another graph", 2);
  const auto shapes = [&](const char* name, Shape a, Shape b, Shape c) {
    out.push_back(mistake(
        name,
        [call, a, b, c](Graph& g) {
          const Value x = g.input("x", i32, a), y = g.input("y", i32, b), z = g.input("z", i32, c);
          return [call, x, y, z] { call(x, y, z); };
        },
        op + ": shapes must be equal or broadcast"));
  };
  shapes("the first does not meet", {4}, {3}, {1});
  shapes("the second does not meet", {3}, {4}, {3});
  shapes("the last does not meet", {2, 3}, {}, {2, 2});
}

void add_reduction(std::vector<ErrorCase>& out, const std::string& op,
                   const std::function<void(const Operand&, const std::vector<int64_t>&)>& call) {
  const auto axes = [&](const char* name, Shape shape, std::vector<int64_t> wrong, const std::string& message) {
    out.push_back(mistake(
        name,
        [call, shape, wrong](Graph& g) {
          const Value x = g.input("x", f32, shape);
          return [call, x, wrong] { call(x, wrong); };
        },
        op + ": " + message));
  };
  axes("an axis beyond the last", {3, 4}, {2}, "axis must be in [-2, 2), got 2");
  axes("an axis before the first", {3, 4}, {-3}, "axis must be in [-2, 2), got -3");
  axes("an axis of a scalar", {}, {0}, "axis must be in [0, 0), got 0");
  axes("an axis twice", {3, 4}, {1, 1}, "axes must be named once, got axis 1 twice");
  axes("an axis twice from both ends", {3, 4, 5}, {0, -3}, "axes must be named once, got axis 0 twice");
  out.push_back(mistake(
      "a number", [call](Graph&) { return [call] { call(2.5, {}); }; }, op + ": "));
}

}  // namespace

std::vector<ErrorCase> generated_errors(const OpCases& op) {
  std::vector<ErrorCase> out;
  switch (op.form.kind) {
    case CallForm::Kind::none:
      break;
    case CallForm::Kind::unary:
      add_unary(out, op.op, op.form.unary);
      break;
    case CallForm::Kind::binary:
      add_binary(out, op.op, op.form.binary);
      break;
    case CallForm::Kind::ternary:
      add_ternary(out, op.op, op.form.ternary);
      break;
    case CallForm::Kind::reduction:
      add_reduction(out, op.op, op.form.reduction);
      break;
  }
  return out;
}

void add_error_tests(const CaseFile& file) {
  for (const OpCases& op : file.ops) {
    for (const ErrorCase& e : op.errors) add_test(op.op + "/errors/" + e.name, [&file, &e] { check_error(file, e); });
    for (ErrorCase& e : generated_errors(op)) add_test(op.op + "/errors/" + e.name, [&file, e] { check_error(file, e); });
  }
}

}  // namespace lanc::cases
