// The lint of the tables: samples of every kind and enough mistakes for every op, no values that nobody asks for, no op without a table.
#include <algorithm>
#include <map>
#include <set>

#include <lanc/graph/error.h>
#include <lanc/ops/op_set.h>
#include <lanc/tests/support/op_run.h>

namespace lanc::cases {
namespace {

size_t samples_of(const OpCases& op) {
  size_t n = 0;
  for (const Sample& s : op.samples) n += dtypes_of(op, s).size() * layouts_of(op, s).size();
  return n;
}

const char* name_of_kind(Kind kind) {
  static const char* const names[] = {"rank 0", "an axis of size 0", "an axis of size 1", "broadcast", "transposed", "strided", "dtypes"};
  return names[static_cast<size_t>(kind)];
}

bool has_size(const Sizes& sizes, int64_t n) { return std::find(sizes.begin(), sizes.end(), n) != sizes.end(); }
int64_t axes_to_move(const Sizes& sizes) { return std::count_if(sizes.begin(), sizes.end(), [](int64_t n) { return n > 1; }); }

void add_shape_kinds(std::set<Kind>& shown, const Sizes& sizes) {
  if (sizes.empty()) shown.insert(Kind::rank_0);
  if (has_size(sizes, 0)) shown.insert(Kind::size_0);
  if (has_size(sizes, 1)) shown.insert(Kind::size_1);
}

// Do the sizes broadcast? Axes are aligned at the end.
bool meet(const Sizes& a, const Sizes& b) {
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const int64_t n = a[a.size() - 1 - i], m = b[b.size() - 1 - i];
    if (n != m && n != 1 && m != 1) return false;
  }
  return true;
}

std::set<Kind> kinds_of(const OpCases& op, const Sample& sample) {
  std::set<Kind> shown;
  if (op.makes_values) {
    for (const Value& y : build(op, sample, dtypes_of(op, sample).front()).outputs) {
      Sizes sizes;
      for (const Dim& d : y.shape()) sizes.push_back(d.number());
      add_shape_kinds(shown, sizes);
    }
  }
  for (const Fed& fed : sample.inputs) {
    if (!op.makes_values) add_shape_kinds(shown, fed.sizes);
    for (const Fed& other : sample.inputs)
      if (fed.sizes != other.sizes && meet(fed.sizes, other.sizes)) shown.insert(Kind::broadcast);
    if (axes_to_move(fed.sizes) >= 2 && !has_size(fed.sizes, 0)) shown.insert(Kind::transposed);
    if (axes_to_move(fed.sizes) >= 1 && !has_size(fed.sizes, 0)) shown.insert(Kind::strided);
  }
  return shown;
}

// Does the op take operands of this dtype? A sample that is made for some dtypes says nothing about others.
bool takes(const OpCases& op, DType dtype) {
  return std::any_of(op.samples.begin(), op.samples.end(), [&](const Sample& s) {
    if (!s.dtypes.empty()) return false;
    try {
      build(op, s, dtype);
      return true;
    } catch (const UserError&) {
      return false;
    }
  });
}

std::string missing_dtypes(const OpCases& op) {
  std::set<DType> tested;
  for (const Sample& s : op.samples) tested.insert(dtypes_of(op, s).begin(), dtypes_of(op, s).end());
  std::string missing;
  for (const DType t : all_dtypes)
    if (tested.count(t) == 0 && takes(op, t)) missing += " " + std::string(name_of(t));
  return missing;
}

void check_samples(const OpCases& op) {
  std::set<std::string> names;
  for (const Sample& s : op.samples) EXPECT_TRUE(names.insert(s.name).second) << op.op << " has two samples '" << s.name << "'";
  EXPECT_GE(samples_of(op), 20u) << "samples (base samples times dtypes times layouts) of " << op.op;
  std::set<Kind> shown, excused;
  for (const Sample& s : op.samples) shown.merge(kinds_of(op, s));
  if (std::all_of(op.samples.begin(), op.samples.end(), [](const Sample& s) { return s.inputs.size() < 2; })) shown.insert(Kind::broadcast);
  const std::string missing = missing_dtypes(op);
  if (missing.empty()) shown.insert(Kind::dtypes);
  for (const Without& w : op.without) {
    EXPECT_TRUE(excused.insert(w.kind).second && !w.reason.empty()) << op.op << ": one reason for each kind that is left out";
    EXPECT_TRUE(shown.count(w.kind) == 0 || w.kind == Kind::broadcast)
        << op.op << " shows '" << name_of_kind(w.kind) << "' and needs no reason for leaving it out";
  }
  for (const Kind kind : {Kind::rank_0, Kind::size_0, Kind::size_1, Kind::broadcast, Kind::transposed, Kind::strided, Kind::dtypes})
    EXPECT_TRUE(shown.count(kind) + excused.count(kind) > 0)
        << op.op << " has no sample of the kind '" << name_of_kind(kind) << "'" << (kind == Kind::dtypes ? ", but takes" + missing : "")
        << "; add one, or the reason to .without";
}

void check_derivative(const OpCases& op) {
  const OpRef def = all_ops().find(op.op);
  EXPECT_EQ(op.no_derivative, def == nullptr ? "" : std::string(def->no_gradient))
      << op.op << ": .no_derivative must be the OpDef's no_gradient";
}

// What is required, without what was got and the numbers in it: an axis beyond the last and one before the first are one mistake.
std::string requirement_of(const std::string& message) {
  std::string out;
  for (const char c : message.substr(0, message.find(", got ")))
    if (c < '0' || c > '9') out += c;
  return out;
}

void check_mistakes(const OpCases& op) {
  std::vector<ErrorCase> all = op.errors;
  for (ErrorCase& e : generated_errors(op)) all.push_back(std::move(e));
  std::set<std::string> names, distinct;
  for (const ErrorCase& e : all) {
    EXPECT_TRUE(names.insert(e.name).second) << op.op << " has two mistakes '" << e.name << "'";
    EXPECT_NE(e.message.find(", got "), std::string::npos)
        << op.op << "/" << e.name << ": a message is 'op: requirement, got ...', this is '" << e.message << "'";
    distinct.insert(requirement_of(e.message));
  }
  EXPECT_GE(distinct.size(), 5u) << "different requirements among the mistakes of " << op.op;
}

void check_stored(const CaseFile& file) {
  std::set<std::string> asked;
  for (const OpCases& op : file.ops)
    for (const Sample& s : op.samples)
      if (!s.torch.empty() && !s.expect)
        for (const DType t : dtypes_of(op, s)) asked.insert(key_of(s, flushed_operands(op, s, t)));
  for (const std::string& key : stored_keys(file))
    EXPECT_EQ(asked.count(key), 1u) << "tests/data/ops/" << file.name << ".json holds " << key
                                    << ", which no sample asks for; run op_values.py again";
}

// What has no values of its own to be held against a table, and why.
const std::map<std::string, std::string>& machinery() {
  static const std::map<std::string, std::string> reasons = {
      {"input", "is fed: every sample of every table goes through it"},
      {"constant", "holds its value: literals of every table go through it"},
      {"parameter", "is read from the session; tests/runtime"},
      {"state", "is read from the session; tests/runtime"},
      {"formula", "is what elementwise derivatives are made of: the derivative tests of all scalar tables compute it"},
      {"fused", "is made by the fuse pass of the ops that have tables, on the CPU backend in every test"},
      {"dim_value", "is a size: the mean over an axis with a symbol divides by it"},
      {"copy", "is made by the scheduler for outputs that no step makes"},
      {"stop_gradient", "differs from finite differences on purpose; tests/autodiff"},
      {"with_update", "is its operand; what it declares is tested in tests/models"},
      {"probe", "is its operand; what it shows is tested in tests/runtime"},
      {"cond", "runs one of two bodies; tested in tests/control"},
      {"loop", "runs a body; what scan and while_loop make of it is tested in tests/control"},
      {"placeholder", "stands for a value within a body; tested in tests/control"},
      {"print", "is its operand; what it shows is tested in tests/runtime"},
  };
  return reasons;
}

void check_every_op_has_a_table(const std::set<std::string>& tables) {
  std::string missing, needless;
  for (const OpRef& op : all_ops().ops()) {
    const std::string name(op->name);
    if (tables.count(name) == 0 && machinery().count(name) == 0) missing += " " + name;
    if (tables.count(name) != 0 && machinery().count(name) != 0) needless += " " + name;
  }
  EXPECT_EQ(missing, "") << "these ops have no case table in tests/ops/";
  EXPECT_EQ(needless, "") << "these ops have a table, so they need no reason for having none";
}

}  // namespace

void add_coverage_tests(const std::vector<CaseFile>& files) {
  std::set<std::string> tables;
  for (const CaseFile& file : files) {
    add_test("coverage/" + file.name + "/stored values", [&file] { check_stored(file); });
    for (const OpCases& op : file.ops) {
      add_test("coverage/" + op.op + "/samples", [&op] { check_samples(op); });
      add_test("coverage/" + op.op + "/derivative", [&op] { check_derivative(op); });
      add_test("coverage/" + op.op + "/mistakes", [&op] { check_mistakes(op); });
      tables.insert(op.op);
    }
  }
  add_test("coverage/every op has a table", [tables] { check_every_op_has_a_table(tables); });
}

}  // namespace lanc::cases
