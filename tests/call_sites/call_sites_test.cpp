// Every public builder, called once: its nodes and its messages name the user's line, and a mistake leaves the graph as it was.
// tests/lint/call_sites.py checks that the tables have every builder; that they compile, that its name does not meet one of std's.
#include <gtest/gtest.h>

#include <lanc/tests/call_sites/rows.h>

#include <set>

namespace lanc::call_sites {
namespace {

// "op_rows.cpp:31".
std::string line_of(const Row& row) {
  const std::string path = row.where.file_name();
  return path.substr(path.rfind('/') + 1) + ":" + std::to_string(row.where.line());
}

// Nodes from `first` on, and those of their bodies, name the row's line.
void expect_line(const Graph& graph, size_t first, const Row& row) {
  for (size_t id = first; id < graph.size(); ++id) {
    const Node& node = graph.node(static_cast<uint32_t>(id));
    ASSERT_TRUE(node.origin) << row.name << ": " << node.op->name;
    EXPECT_EQ(node.origin->user.text(), line_of(row)) << row.name << ": " << node.op->name << " at " << node.origin->text();
    EXPECT_EQ(node.origin->library.text().find("stl_"), std::string::npos) << row.name << ": the library's line is one of ours, got " << node.origin->text();
    for (const Graph& body : node.bodies) expect_line(body, 0, row);
  }
}

class BuildsAtTheUsersLine : public testing::Test {
 public:
  explicit BuildsAtTheUsersLine(Row row) : row_(std::move(row)) {}
  void TestBody() override {
    In in;
    const size_t before = in.g.size();
    row_.build(in);
    EXPECT_GT(in.g.size(), before) << "the row must build a node";
    expect_line(in.g, before, row_);
  }

 private:
  Row row_;
};

class RefusesAtTheUsersLine : public testing::Test {
 public:
  explicit RefusesAtTheUsersLine(Row row) : row_(std::move(row)) {}
  void TestBody() override {
    In in;
    const size_t before = in.g.size(), names = in.g.data()->named.size(), draws = in.g.data()->draws.size(), declared = in.g.data()->declared.size();
    std::string text;
    try {
      row_.mistake(in);
    } catch (const UserError& error) {
      text = error.what();
    }
    EXPECT_NE(text, "") << "the mistake must be refused";
    EXPECT_NE(text.find(line_of(row_)), std::string::npos) << text;
    EXPECT_NE(text.find(", got "), std::string::npos) << "requirement, got ...: " << text;
    EXPECT_EQ(in.g.size(), before) << text;
    EXPECT_EQ(in.g.data()->named.size(), names);
    EXPECT_EQ(in.g.data()->draws.size(), draws);
    EXPECT_EQ(in.g.data()->declared.size(), declared);
  }

 private:
  Row row_;
};

std::vector<Row> all_rows() {
  std::vector<Row> all;
  for (const Rows& table : {elementwise_rows(), op_rows(), model_rows()}) all.insert(all.end(), table.begin(), table.end());
  return all;
}

const bool registered = [] {
  for (const Row& row : all_rows()) {
    testing::RegisterTest("BuildsAtTheUsersLine", row.name.c_str(), nullptr, nullptr, row.where.file_name(), static_cast<int>(row.where.line()),
                          [row] { return new BuildsAtTheUsersLine(row); });
    if (row.mistake != nullptr)
      testing::RegisterTest("RefusesAtTheUsersLine", row.name.c_str(), nullptr, nullptr, row.where.file_name(), static_cast<int>(row.where.line()),
                            [row] { return new RefusesAtTheUsersLine(row); });
  }
  return true;
}();

TEST(CallSites, OnlyTheseCannotBeCalledWrongly) {
  std::set<std::string> without, names;
  for (const Row& row : all_rows()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name << " has two rows";
    if (row.mistake == nullptr) without.insert(row.name);
  }
  EXPECT_EQ(without, (std::set<std::string>{"constant", "initializers::constant", "initializers::ones", "initializers::zeros"}));
}

}  // namespace
}  // namespace lanc::call_sites
