#include <lanc/train/curve.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <sstream>
#include <string_view>
#include <thread>

#include <lanc/tests/train/files.h>
#include <lanc/train/output_file.h>

namespace lanc {
namespace {

using testing_train::Directory;
using testing_train::read;

const std::vector<Series> two = {{"training loss", {1, 2, 3, 4}, {0.9, 0.5, 0.4, 0.35}, Axis::left},
                                 {"validation accuracy", {1, 2, 3, 4}, {0.71, 0.82, 0.86, 0.871}, Axis::right}};

size_t count(const std::string& text, const std::string& part) {
  size_t n = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
  return n;
}

// Elements opened and closed in order, attributes quoted, no bare & or <: what XML 1.0 asks of the elements that we write.
bool well_formed(std::string_view xml) {
  std::vector<std::string> open;
  const auto skip = [&](std::string_view set) {
    const size_t n = std::min(xml.find_first_not_of(set), xml.size());
    const std::string taken(xml.substr(0, n));
    xml.remove_prefix(n);
    return taken;
  };
  const auto accept = [&](std::string_view text) {
    if (!xml.starts_with(text)) return false;
    xml.remove_prefix(text.size());
    return true;
  };
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
  if (accept("<?xml ")) xml.remove_prefix(xml.find("?>") + 2);
  while (!xml.empty()) {
    if (accept("</")) {
      if (open.empty() || open.back() != skip(letters) || !accept(">")) return false;
      open.pop_back();
    } else if (accept("<")) {
      open.push_back(skip(letters));
      while (accept(" ")) {
        if (skip(letters).empty() || !accept("=\"")) return false;
        const size_t end = xml.find('"');
        if (xml.substr(0, end).find_first_of("<&") != xml.npos) return false;
        xml.remove_prefix(end + 1);
      }
      if (accept("/>")) open.pop_back();
      else if (!accept(">")) return false;
    } else if (!accept("&amp;") && !accept("&lt;") && !accept("&gt;") && !accept("&quot;")) {
      if (xml.front() == '&' || xml.front() == '>') return false;
      xml.remove_prefix(1);
    }
  }
  return open.empty();
}

// The y coordinates of the n-th line drawn.
std::vector<double> heights(const std::string& svg, size_t line) {
  size_t at = 0;
  for (size_t i = 0; i <= line; ++i) at = svg.find("<polyline", at + 1);
  const size_t from = svg.find("points=\"", at) + 8;
  std::istringstream points(svg.substr(from, svg.find('"', from) - from));
  std::vector<double> y;
  double a = 0, b = 0;
  for (char comma = 0; points >> a >> comma >> b;) y.push_back(b);
  return y;
}

TEST(Curve, IsWellFormedWithTitleLegendAndLines) {
  const std::string svg = curve_svg("Fashion-MNIST", two);
  EXPECT_TRUE(well_formed(svg));
  EXPECT_EQ(count(svg, "<polyline"), 2u);
  for (const char* text : {">Fashion-MNIST</text>", ">training loss</text>", ">validation accuracy</text>", ">epoch</text>"})
    EXPECT_GE(count(svg, text), 1u) << text;
}

TEST(Curve, TicksAreRoundNumbersOnBothAxes) {
  const std::string svg = curve_svg("t", two);
  for (const char* tick : {">0.2</text>", ">1.0</text>", ">0.70</text>", ">0.90</text>", ">1</text>", ">4</text>"})
    EXPECT_EQ(count(svg, tick), 1u) << tick;
  EXPECT_EQ(count(svg, ">1.5</text>"), 0u);  // epochs are whole
}

TEST(Curve, HigherValuesLieHigher) {
  const std::vector<double> loss = heights(curve_svg("t", two), 0), accuracy = heights(curve_svg("t", two), 1);
  ASSERT_EQ(loss.size(), 4u);
  EXPECT_TRUE(loss[0] < loss[1] && loss[1] < loss[2] && loss[2] < loss[3]);
  EXPECT_TRUE(accuracy[0] > accuracy[1] && accuracy[1] > accuracy[2] && accuracy[2] > accuracy[3]);
}

TEST(Curve, NamesAreEscaped) {
  const std::string svg = curve_svg("a < b & \"c\"\x01", {{"<script>", {0, 1}, {0, 1}, Axis::left}});
  EXPECT_TRUE(well_formed(svg));
  EXPECT_EQ(count(svg, ">a &lt; b &amp; &quot;c&quot; </text>"), 1u);
  EXPECT_EQ(count(svg, "<script>"), 0u);
}

TEST(Curve, NotFiniteValuesLeaveGapsAndSinglePointsAreDots) {
  const std::string svg = curve_svg("t", {{"a", {1, 2, 3, 4, 5, 6}, {1, 2, NAN, 3, INFINITY, 1e305}, Axis::left}});
  EXPECT_EQ(count(svg, "<polyline"), 1u);
  EXPECT_EQ(count(svg, "<circle"), 1u);
  EXPECT_EQ(count(svg, "nan") + count(svg, "inf"), 0u);
}

TEST(Curve, AnyFiniteRangeIsDrawn) {
  const double tiny = std::numeric_limits<double>::denorm_min();
  for (const auto& [low, high] : std::vector<std::pair<double, double>>{{0, 0}, {5, 5}, {-1, 1}, {1e-12, 2e-12}, {1e16, 1e16 + 2},
                                                                         {-9e299, 9e299}, {0, tiny}, {1, 1 + 1e-15}, {0, 1e7}}) {
    const std::string svg = curve_svg("t", {{"a", {low, high}, {low, high}, Axis::right}});
    EXPECT_TRUE(well_formed(svg));
    EXPECT_EQ(count(svg, "nan") + count(svg, "inf"), 0u) << low << " " << high;
    EXPECT_LT(svg.size(), 10000u);
  }
}

TEST(Curve, ALongSeriesKeepsItsExtremesAndStaysSmall) {
  Series s = {"a", {}, {}, Axis::left};
  for (int i = 0; i < 100000; ++i) {
    s.x.push_back(i);
    s.y.push_back(i == 77777 ? 10 : i % 2);
  }
  const std::string svg = curve_svg("t", {s});
  EXPECT_LT(svg.size(), 60000u);
  const std::vector<double> y = heights(svg, 0);
  EXPECT_EQ(std::count(y.begin(), y.end(), *std::min_element(y.begin(), y.end())), 1);  // the one spike
}

TEST(Curve, IsWrittenWholeIntoADirectoryThatIsMade) {
  const Directory dir;
  const std::string path = dir.path() + "/runs/1/curve.svg";
  write_curve_svg(path, "t", two);
  EXPECT_EQ(read(path), curve_svg("t", two));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path() + "/runs/1"), {}), 1);  // no draft is left
}

TEST(Curve, AFileThatCannotBeWrittenIsNamed) {
  const Directory dir;
  dir.write("file", "");
  const std::string under_file = dir.path() + "/file/curve.svg";
  EXPECT_EQ(message_of<BackendError>([&] { write_curve_svg(under_file, "t", two); }),
            under_file + ": the file must be writable, got \"Not a directory\"");
  std::filesystem::create_directory(dir.path() + "/taken.svg");
  const std::string taken = dir.path() + "/taken.svg";
  EXPECT_EQ(message_of<BackendError>([&] { write_curve_svg(taken, "t", two); }),
            taken + ": the file must be writable, got \"Is a directory\"");
}

TEST(Curve, ChecksItsArguments) {
  EXPECT_EQ(message_of([] { curve_svg("t", {}); }), "curve: at least one series is needed, got none");
  EXPECT_EQ(message_of([] { curve_svg("t", {{"a", {1, 2}, {1}}}); }), "curve: x and y of \"a\" must be equally many, got 2 and 1");
  EXPECT_EQ(message_of([] { curve_svg("t", {{"a", {NAN}, {1}}}); }), "curve: x of \"a\" must be finite, got nan");
  EXPECT_EQ(message_of([] { curve_svg("t", {{"a", {1}, {NAN}}}); }), "curve: at least one point with a finite y is needed, got none");
  EXPECT_EQ(message_of([] { curve_svg("t", two, {.width = 100}); }), "curve: must be at least 240 x 160, got 100 x 440");
}

TEST(OutputFile, OfSeveralThreadsIsOneOfTheirsAndWhole) {
  const Directory directory;
  const std::string path = directory.path() + "/same.txt";
  std::vector<std::thread> writers;
  for (char letter : {'a', 'b', 'c', 'd'})
    writers.emplace_back([&path, letter] {
      for (int i = 0; i < 100; ++i) EXPECT_NO_THROW(write_whole_file(path, std::string(100'000, letter)));
    });
  for (std::thread& w : writers) w.join();
  const std::string contents = read(path);
  EXPECT_EQ(contents, std::string(100'000, contents.empty() ? ' ' : contents[0]));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);  // no draft is left
}

}  // namespace
}  // namespace lanc
