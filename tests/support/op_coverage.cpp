// The lint of the tables: enough samples and mistakes for every op, no values that nobody asks for, and no op without a table.
#include <algorithm>
#include <map>
#include <set>

#include <lanc/ops/op_set.h>
#include <lanc/tests/support/op_run.h>

namespace lanc::cases {
namespace {

size_t samples_of(const OpCases& op) {
  size_t n = 0;
  for (const Sample& s : op.samples) n += dtypes_of(op, s).size() * layouts_of(op, s).size();
  return n;
}

void check_counts(const OpCases& op) {
  EXPECT_GE(samples_of(op), 20u) << "samples (base samples times dtypes times layouts) of " << op.op;
  const std::vector<ErrorCase> generated = generated_errors(op);
  EXPECT_GE(op.errors.size() + generated.size(), 5u) << "mistakes of " << op.op;
  std::set<std::string> names, mistakes;
  for (const Sample& s : op.samples) EXPECT_TRUE(names.insert(s.name).second) << op.op << " has two samples '" << s.name << "'";
  for (const ErrorCase& e : op.errors) EXPECT_TRUE(mistakes.insert(e.name).second) << op.op << " has two mistakes '" << e.name << "'";
  for (const ErrorCase& e : generated) EXPECT_TRUE(mistakes.insert(e.name).second) << op.op << " has two mistakes '" << e.name << "'";
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
      add_test("coverage/" + op.op, [&op] { check_counts(op); });
      tables.insert(op.op);
    }
  }
  add_test("coverage/every op has a table", [tables] { check_every_op_has_a_table(tables); });
}

}  // namespace lanc::cases
