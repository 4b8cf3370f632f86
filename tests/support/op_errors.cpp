// Mistakes: the op's own and those that go with its signature.
#include <fstream>
#include <map>

#include <lanc/graph/error.h>
#include <lanc/graph/parse.h>
#include <lanc/ops/op_set.h>
#include <lanc/tests/support/op_run.h>

namespace lanc::cases {
namespace {

const std::vector<std::string>& lines_of(const std::string& path) {
  static std::map<std::string, std::vector<std::string>> cache;
  auto& lines = cache[path];
  if (lines.empty()) {
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
  }
  return lines;
}

// The number after the last " NAME.cpp:" of a message, where the guilty call stands; 0: there is none.
size_t line_named(const std::string& text, const std::string& file) {
  const size_t at = text.rfind(" " + file + ":");  // not lanc/ops/NAME.cpp
  return at == std::string::npos ? 0 : std::strtoul(text.c_str() + at + file.size() + 2, nullptr, 10);
}

// A guilty call of a table stands on one line with its case's name, or with the ErrorCase that a helper makes, or is marked: so do not the
// lines beside it.
void expect_line_of_case(const CaseFile& file, const ErrorCase& mistake, const std::string& text) {
  const size_t line = line_named(text, file.name + ".cpp");
  const auto& lines = lines_of(std::string(LANC_SOURCE_DIR) + "/tests/ops/" + file.name + ".cpp");
  ASSERT_TRUE(line > 0 && line <= lines.size()) << "the user's line is missing: " << text;
  const std::string& source = lines[line - 1];
  const auto holds = [&](const std::string& part) { return source.find(part) != std::string::npos; };
  EXPECT_TRUE(holds("// the guilty call") || holds("ErrorCase{") || (holds("\"" + mistake.name + "\"") && holds("(Graph&")))
      << "the line must be that of the guilty call, got\n" << source << "\nin " << text;
}

void check_error(const CaseFile& file, const ErrorCase& mistake) {
  Graph graph;
  try {
    mistake.build(graph);
  } catch (const UserError& error) {
    const std::string whole = error.what(), text = whole.substr(0, whole.rfind("\n  called at op_errors.cpp:"));  // the op's lines
    EXPECT_NE(text.find(mistake.message), std::string::npos) << "expected: " << mistake.message << "\ngot: " << text;
    switch (mistake.line.kind) {
      case ErrorLine::Kind::of_case: return expect_line_of_case(file, mistake, text);
      case ErrorLine::Kind::of_sample: EXPECT_NE(line_named(text, file.name + ".cpp"), 0u) << text; return;
      case ErrorLine::Kind::generated: EXPECT_EQ(line_named(text, "op_errors.cpp"), mistake.line.number) << text; return;
      case ErrorLine::Kind::parsed:
        EXPECT_EQ(text.rfind("parse: line " + std::to_string(mistake.line.number) + ", character ", 0), 0u) << text;
        return;
    }
  }
  ADD_FAILURE() << "no UserError; expected: " << mistake.message;
}

using Operands = std::vector<Operand>;

// Any form as a function of its operands; a reduction goes over all axes.
struct Call {
  std::string op;
  DType dtype = f64;
  size_t arity = 1;
  std::function<void(const Operands&)> run = {};
};

Call call_of(const OpCases& op) {
  Call call{.op = op.op, .dtype = op.dtypes.front()};
  const CallForm form = op.form;
  switch (form.kind) {
    case CallForm::Kind::none: break;
    case CallForm::Kind::unary: call.run = [form](const Operands& x) { form.unary(x[0]); }; break;
    case CallForm::Kind::binary: call.run = [form](const Operands& x) { form.binary(x[0], x[1]); }; break;
    case CallForm::Kind::ternary: call.run = [form](const Operands& x) { form.ternary(x[0], x[1], x[2]); }; break;
    case CallForm::Kind::reduction: call.run = [form](const Operands& x) { form.reduction(x[0], {}); }; break;
  }
  call.arity = form.kind == CallForm::Kind::binary ? 2 : form.kind == CallForm::Kind::ternary ? 3 : 1;
  return call;
}

// The graph must be as it was when a call fails.
void expect_untouched(Graph& graph, const std::function<void()>& call) {
  const size_t before = graph.size();
  try {
    call();
  } catch (const UserError&) {
    EXPECT_EQ(graph.size(), before) << "a failed builder must leave the graph as it was";
    throw;
  }
}

// Inputs x0, x1, ... declared here and handed over at `where`: a message that names the call's line names `where`.
Operands operands(Graph& graph, const std::vector<Type>& types, std::source_location where) {
  Operands out;
  for (const Type& t : types) out.emplace_back(graph.input("x" + std::to_string(out.size()), t.dtype, t.shape), where);
  return out;
}
Operands alike(Graph& graph, const Call& call, size_t count, std::source_location where) {
  return operands(graph, std::vector<Type>(count, Type{call.dtype, {3, 3}}), where);
}
Value last_of(Graph& graph) { return graph.value({static_cast<uint32_t>(graph.size() - 1), 0}); }

// A call with operands of these types.
ErrorCase with_types(const Call& call, std::string name, std::vector<Type> types, std::string message) {
  const auto where = std::source_location::current();
  return {std::move(name),
          [=](Graph& g) {
            const Operands x = operands(g, types, where);
            expect_untouched(g, [&] { call.run(x); });
          },
          call.op + ": " + std::move(message), ErrorLine::here(where)};
}

void add_numbers(std::vector<ErrorCase>& out, const Call& call) {
  const auto where = std::source_location::current();
  // What looks at its operand's type first says what is wrong with it.
  const bool looks = all_ops().find(call.op) == nullptr || call.op == "cast";
  out.push_back({"only numbers", [=](Graph&) { call.run(Operands(call.arity, Operand(2.5, where))); },
                 call.op + (looks ? ": the operand must be a Value, got the number 2.5"
                                  : ": at least one operand must be a Value, got only numbers"),
                 ErrorLine::here(where)});
}

// What a call made: its last node, whose op is the call's own where the call makes one node.
using Make = std::function<Value(Graph&)>;

void add_operand_counts(std::vector<ErrorCase>& out, const Make& make) {
  const auto where = std::source_location::current();
  Graph graph;
  const Value result = make(graph);
  const OpDef& def = *result.node().op;
  if (def.arity < 1) return;
  const auto applied = [=](bool stranger) {
    Graph g;
    const Value last = make(g);
    Graph there = last.graph();
    Operands x;
    for (const Ref r : last.node().inputs) x.emplace_back(there.value(r), where);
    x.emplace_back(stranger ? Graph().input("y", x[0].dtype(), {3}) : x[0].value(), where);
    expect_untouched(there, [&] { apply(last.node().op, x, last.node().attributes); });
  };
  const std::string name(def.name), arity = std::to_string(def.arity);
  out.push_back({"an operand too many", [=](Graph&) { applied(false); },
                 name + ": needs " + arity + " operands, got " + std::to_string(def.arity + 1), ErrorLine::here(where)});
  out.push_back({"an operand too many, of another graph", [=](Graph&) { applied(true); },
                 name + ": operands must belong to one graph, got values of two graphs", ErrorLine::here(where)});
}

void add_foreign_session(std::vector<ErrorCase>& out, const Make& make, ErrorLine line) {
  out.push_back({"a session of another graph", [=](Graph& g) { Session(Graph()).eval({make(g)}); },
                 "function 'eval': values must belong to the session's graph, got a value of another graph", line});
}

// What is found when the result is computed.
void add_feeds(std::vector<ErrorCase>& out, const Call& call) {
  const auto where = std::source_location::current();
  const auto fed = [=](Graph& g, DType dtype, Sizes sizes) {
    Operands x;
    Feeds feeds;
    for (size_t i = 0; i < call.arity; ++i) {
      x.emplace_back(g.input("x" + std::to_string(i), call.dtype, {3, 3}, where));
      feeds.emplace_back(x[i].value(), i == 0 ? Tensor(dtype, sizes) : Tensor(call.dtype, {3, 3}));
    }
    call.run(x);
    Session(g, {.device = Device::reference()}).eval({last_of(g)}, feeds);
  };
  const DType other = call.dtype == f32 ? f64 : f32;
  const std::string wanted = "function 'eval': input 'x0' must be " + Type{call.dtype, {3, 3}}.text() + ", got ";
  out.push_back({"a feed of another dtype", [=](Graph& g) { fed(g, other, {3, 3}); },
                 wanted + Type{other, {3, 3}}.text() + "; convert with tensor.to(" + std::string(name_of(call.dtype)) + ")",
                 ErrorLine::here(where)});
  out.push_back({"a feed of another size", [=](Graph& g) { fed(g, call.dtype, {3, 4}); }, wanted + Type{call.dtype, {3, 4}}.text(),
                 ErrorLine::here(where)});
}

// A node of a text that is not what the op makes.
void add_texts(std::vector<ErrorCase>& out, const Make& make) {
  Graph graph;
  const Value last = make(graph);
  const Node& node = last.node();
  std::string inputs = "graph\n", list;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const std::string name = "x" + std::to_string(i);
    inputs += "%" + name + " = input \"" + name + "\" : " + last.graph().value(node.inputs[i]).type().text() + "\n";
    list += (i == 0 ? "%" : ", %") + name;
  }
  std::string results, right, wrong;
  for (const Type& t : node.outputs) {
    const std::string comma = right.empty() ? "" : ", ";
    results += comma + "%y" + std::to_string(results.size());
    right += comma + t.text();
    wrong += comma + Type{t.dtype, {7, 7, 7}}.text();
  }
  const std::string op(node.op->name);
  const std::string attributes = node.attributes.text().empty() ? "" : " " + node.attributes.text();
  OpSet known = all_ops();
  if (!known.find(op)) known.add(node.op);
  const auto parsed = [&](std::string name, const std::string& operands_and_attributes, const std::string& type, std::string message) {
    const std::string text = inputs + results + " = " + op + "(" + operands_and_attributes + " : " + type + "\noutput %y0\n";
    out.push_back({std::move(name), [text, known](Graph&) { parse_graph(text, known); }, std::move(message),
                   {ErrorLine::Kind::parsed, node.inputs.size() + 2}});
  };
  if (node.op->arity >= 1)
    parsed("a text with an operand too many", list + ", %x0)" + attributes, right,
           ": " + op + " needs " + std::to_string(node.op->arity) + " operands, got " + std::to_string(node.op->arity + 1));
  parsed("a text with another type", list + ")" + attributes, wrong, ": " + op + " gives " + right + ", got " + wrong);
  parsed("a text with another op's attributes", list + ")" + attributes + " {rate = 1}", right, ": expected ':', got '{rate = 1} : ");
}

void add_broadcasts(std::vector<ErrorCase>& out, const Call& call) {
  const auto shapes = [&](const char* name, const std::vector<Shape>& given, const std::string& sizes) {
    std::vector<Type> types;
    std::string got;
    for (size_t i = 0; i < given.size(); ++i) {
      types.push_back({i32, given[i]});
      got += i == 0 ? "" : i + 1 == given.size() ? " and " : ", ";
      got += (given.size() == 2 ? (i == 0 ? "lhs " : "rhs ") : "operand " + std::to_string(i) + " ") + types[i].text();
    }
    out.push_back(with_types(call, name, types,
                             "shapes must be equal or broadcast (a size of 1, axes aligned at the end), got " + got + " (" + sizes + ")"));
  };
  if (call.arity == 2) {
    shapes("sizes that do not meet", {{3}, {4}}, "3 and 4");
    shapes("inner sizes that do not meet", {{2, 3, 4}, {2, 2, 4}}, "3 and 2");
    shapes("an empty axis against three", {{0}, {3}}, "0 and 3");
  } else {
    shapes("the first does not meet", {{4}, {3}, {1}}, "4 and 3");
    shapes("the last does not meet", {{2, 3}, {}, {2, 2}}, "3 and 2");
  }
  const auto where = std::source_location::current();
  out.push_back({"a stranger among the operands",
                 [=](Graph& g) {
                   Operands x = operands(g, std::vector<Type>(call.arity, Type{i32, {3}}), where);
                   x.back() = Operand(Graph().input("y", i32, {3}), where);
                   expect_untouched(g, [&] { call.run(x); });
                 },
                 call.op + ": operands must belong to one graph, got values of two graphs", ErrorLine::here(where)});
  if (call.arity != 2) return;
  out.push_back({"a symbol that is bound to another size",
                 [=](Graph& g) {
                   const Operands x = operands(g, {{i32, {g.dim("n")}}, {i32, {3}}}, where);
                   call.run(x);
                   Session(g, {.device = Device::reference()}).eval({last_of(g)}, {{x[0], Tensor(i32, {4})}, {x[1], Tensor(i32, {3})}});
                 },
                 call.op + ": a size must be 1 or that of the result [n], got i32[3] (3 and n)",
                 ErrorLine::here(where)});
}

void add_axes(std::vector<ErrorCase>& out, const Call& call, const CallForm& form) {
  const auto axes = [&](const char* name, Shape shape, std::vector<int64_t> wrong, const std::string& message) {
    Call given = call;
    given.run = [form, wrong](const Operands& x) { form.reduction(x[0], wrong); };
    out.push_back(with_types(given, name, {Type{f32, std::move(shape)}}, message));
  };
  axes("an axis beyond the last", {3, 4}, {2}, "axis must be in [-2, 2), got 2");
  axes("an axis before the first", {3, 4}, {-3}, "axis must be in [-2, 2), got -3");
  axes("an axis of a scalar", {}, {0}, "axis must be in [0, 0), got 0");
  axes("an axis twice from both ends", {3, 4, 5}, {0, -3}, "axes must be named once, got axis 0 twice");
}

}  // namespace

std::vector<ErrorCase> generated_errors(const OpCases& op) {
  std::vector<ErrorCase> out;
  Make make = [&op](Graph&) { return build(op, op.samples.front(), dtypes_of(op, op.samples.front()).front()).outputs.back(); };
  ErrorLine line{ErrorLine::Kind::of_sample};
  if (op.form.kind != CallForm::Kind::none) {
    const auto where = std::source_location::current();
    const Call call = call_of(op);
    make = [=](Graph& g) {
      call.run(alike(g, call, call.arity, where));
      return last_of(g);
    };
    line = ErrorLine::here(where);
    add_numbers(out, call);
    add_feeds(out, call);
    if (call.arity > 1) add_broadcasts(out, call);
    if (op.form.kind == CallForm::Kind::reduction) add_axes(out, call, op.form);
  }
  add_foreign_session(out, make, line);
  add_operand_counts(out, make);
  add_texts(out, make);
  return out;
}

void add_error_tests(const CaseFile& file) {
  for (const OpCases& op : file.ops) {
    for (const ErrorCase& e : op.errors) add_test(op.op + "/errors/" + e.name, [&file, &e] { check_error(file, e); });
    for (const ErrorCase& e : generated_errors(op)) add_test(op.op + "/errors/" + e.name, [&file, e] { check_error(file, e); });
  }
}

}  // namespace lanc::cases
