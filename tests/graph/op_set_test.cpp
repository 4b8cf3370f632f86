// The list of all ops is complete.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include <lanc/ops/op_set.h>
#include <lanc/ops/scalar/table.h>
#include <lanc/tests/support/messages.h>

namespace lanc {
namespace {

// Every definition `const OpDef x_op{.name = "x"` in the folders of the graph library.
TEST(OpSet, HoldsEveryOpThatTheSourcesDefine) {
  const std::regex definition("OpDef\\s+\\w+\\s*(?:=\\s*)?\\{\\s*\\.name = \"(\\w+)\"");
  int found = 0;
  for (const char* folder : {"graph", "ops", "autodiff", "models"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(LANC_SOURCE_DIR "/") + folder)) {
      if (entry.path().extension() != ".cpp") continue;
      std::ifstream file(entry.path());
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      for (std::sregex_iterator it(text.begin(), text.end(), definition), end; it != end; ++it, ++found)
        EXPECT_NE(all_ops().find((*it)[1].str()), nullptr)
            << (*it)[1] << " of " << entry.path() << ": ops are defined in graph/, ops/ or autodiff/ and listed in ops/op_set.cpp";
    }
  EXPECT_GE(found, 16);
  for (const ScalarFunction& f : scalar_functions()) EXPECT_NE(all_ops().find(f.name), nullptr) << f.name;
}

TEST(OpSet, SaysOfEachOpWhatItIs) {
  for (const OpRef& op : all_ops().ops()) {
    EXPECT_FALSE(op->family.empty()) << op->name;
    EXPECT_FALSE(op->doc.empty()) << op->name;
    EXPECT_NE(op->vjp == nullptr, op->no_gradient.empty()) << op->name << ": either a derivative or why there is none";
  }
}

TEST(OpSet, FindsNothingElseAndTakesNoNameTwice) {
  EXPECT_EQ(all_ops().find("no_such_op"), nullptr);
  OpSet ops = all_ops();
  EXPECT_EQ(message_of([&] { ops.add(all_ops().ops()[0]); }), "op set: names must differ, got 'input' twice");
}

}  // namespace
}  // namespace lanc
