#include <lanc/train/csv.h>

#include <cmath>
#include <limits>

#include <lanc/tests/train/files.h>

namespace lanc::data {
namespace {

using testing_train::Bits;
using testing_train::Directory;
using testing_train::gzipped;
using testing_train::mutated;

std::string parse_error(std::string_view text, const CsvOptions& options = {}) {
  return message_of([&] { parse_csv(text, options); });
}

TEST(Csv, ReadsNumericColumnsWithTheirNames) {
  const Csv csv = parse_csv("width,height\n1,2.5\n-3e2,+4\n");
  EXPECT_EQ(csv.columns, (std::vector<std::string>{"width", "height"}));
  EXPECT_TRUE(identical(csv.values, Tensor::of<float>({2, 2}, {1, 2.5f, -300, 4})));
}

TEST(Csv, WithoutAHeaderColumnsAreNumbered) {
  const Csv csv = parse_csv("1;2\n3;4", {.header = false, .delimiter = ';', .columns = {"1"}, .dtype = f64});
  EXPECT_TRUE(identical(csv.values, Tensor::of<double>({2, 1}, {2, 4})));
}

TEST(Csv, CategoriesAreLabelsIntoSortedNames) {
  const Csv csv = parse_csv("x,kind\n1,pear\n2,apple\n3,pear\n4,fig\n", {.categorical = {"kind"}});
  EXPECT_EQ(csv.columns, (std::vector<std::string>{"x"}));
  EXPECT_EQ(csv.category("kind").classes, (std::vector<std::string>{"apple", "fig", "pear"}));
  EXPECT_TRUE(identical(csv.category("kind").labels, Tensor::of<int32_t>({4}, {2, 0, 2, 1})));
}

TEST(Csv, ClassesOfAnotherFileKeepTheirNumbers) {
  const CsvOptions options = {.categorical = {"kind"}, .classes = {{"apple", "fig", "pear"}}};
  EXPECT_TRUE(identical(parse_csv("kind\npear\napple\n", options).categories[0].labels, Tensor::of<int32_t>({2}, {2, 0})));
  EXPECT_EQ(parse_error("kind\npear\nplum\n", options),
            "text: line 3, column 1 (\"kind\"): must be one of \"apple\", \"fig\", \"pear\", got \"plum\"");
}

TEST(Csv, QuotedFieldsHoldDelimitersLineEndsAndQuotes) {
  const Csv csv = parse_csv("\"a,b\",\"c\r\n\"\"d\"\"\"\r\n\"1\",x\r\n2,\"y,\nz\"\r\n", {.categorical = {"c\r\n\"d\""}});
  EXPECT_EQ(csv.columns, (std::vector<std::string>{"a,b"}));
  EXPECT_EQ(csv.categories[0].classes, (std::vector<std::string>{"x", "y,\nz"}));
  EXPECT_TRUE(identical(csv.values, Tensor::of<float>({2, 1}, {1, 2})));
}

TEST(Csv, LineEndsBlankLinesSpacesAndByteOrderMarkDoNotMatter) {
  const Tensor wanted = Tensor::of<float>({2, 2}, {1, 2, 3, 4});
  for (const char* text : {"a,b\n1,2\n3,4", "a,b\r\n1,2\r\n3,4\r\n", "\n\na,b\n\n1,2\n\r\n3,4\n\n", "\xEF\xBB\xBF" "a,b\n 1 ,\t2\n3, 4 \n"})
    EXPECT_TRUE(identical(parse_csv(text).values, wanted)) << text;
  EXPECT_EQ(parse_csv("\xEF\xBB\xBF" "a\n1\n").columns[0], "a");
}

TEST(Csv, AHeaderAloneGivesNoRows) { EXPECT_EQ(parse_csv("a,b\n").values.sizes(), (Sizes{0, 2})); }

TEST(Csv, NumbersAreRoundedOnceAndTinyOnesAreZero) {
  const Csv single = parse_csv("a\n0.1\n1e-60\n-1e-60\ninf\n");
  EXPECT_EQ(single.values.span<float>()[0], 0.1f);
  EXPECT_EQ(single.values.at(1), 0);
  EXPECT_EQ(single.values.at(2), 0);
  EXPECT_TRUE(std::isinf(single.values.at(3)));
  const Csv wide = parse_csv("a\n0.1\n1e-400\n1e-9999\n5e-324\n", {.dtype = f64});
  EXPECT_EQ(wide.values.at(0), 0.1);
  EXPECT_EQ(wide.values.at(1), 0);
  EXPECT_EQ(wide.values.at(2), 0);
  EXPECT_EQ(wide.values.at(3), std::numeric_limits<double>::denorm_min());
}

TEST(Csv, ReadsFilesAlsoCompressed) {
  const Directory dir;
  const Tensor wanted = Tensor::of<float>({1, 2}, {1, 2});
  EXPECT_TRUE(identical(read_csv(dir.write("a.csv", "a,b\n1,2\n")).values, wanted));
  EXPECT_TRUE(identical(read_csv(dir.write("a.csv.gz", gzipped("a,b\n1,2\n"))).values, wanted));
}

TEST(Csv, MissingFieldsAreErrorsUnlessTheyAreNan) {
  EXPECT_EQ(parse_error("a,b\n1,\n"),
            "text: line 2, column 2 (\"b\"): must be a number, got an empty field (MissingFields::nan reads it as NaN)");
  EXPECT_EQ(parse_error("a,k\n1,\n", {.categorical = {"k"}}), "text: line 2, column 2 (\"k\"): must name a class, got an empty field");
  const Csv csv = parse_csv("a,k\n,x\n2,\n", {.categorical = {"k"}, .missing = MissingFields::nan});
  EXPECT_TRUE(std::isnan(csv.values.at(0)));
  EXPECT_TRUE(identical(csv.categories[0].labels, Tensor::of<int32_t>({2}, {0, -1})));
}

TEST(Csv, AFieldThatIsNoNumberIsShownWithItsPlace) {
  EXPECT_EQ(parse_error("a,b\n1,2\n3,4x\n"), "text: line 3, column 2 (\"b\"): must be a number, got \"4x\"");
  EXPECT_EQ(parse_error("a\n0x10\n"), "text: line 2, column 1 (\"a\"): must be a number, got \"0x10\"");
  EXPECT_EQ(parse_error("a\n+-1\n"), "text: line 2, column 1 (\"a\"): must be a number, got \"+-1\"");
  EXPECT_EQ(parse_error("a\n\x01\xff\n"), "text: line 2, column 1 (\"a\"): must be a number, got \"\\x01\\xff\"");
  EXPECT_EQ(parse_error("a\n" + std::string(50, 'z') + "\n"),
            "text: line 2, column 1 (\"a\"): must be a number, got \"" + std::string(40, 'z') + "...\"");
}

TEST(Csv, TheLineIsThatWhereTheRecordStarts) {
  EXPECT_EQ(parse_error("a,b\n1,\"2\n\n\"\nx,\n", {.columns = {"a"}}), "text: line 5, column 1 (\"a\"): must be a number, got \"x\"");
}

TEST(Csv, ANumberBeyondTheRangeIsRefused) {
  EXPECT_EQ(parse_error("a\n1e39\n"), "text: line 2, column 1 (\"a\"): must be within the range of f32, got \"1e39\"");
  EXPECT_EQ(parse_error("a\n-1e9999\n", {.dtype = f64}),
            "text: line 2, column 1 (\"a\"): must be within the range of f64, got \"-1e9999\"");
}

TEST(Csv, RecordsOfAnotherLengthAreCounted) {
  EXPECT_EQ(parse_error("a,b\n1\n"), "text: line 2: a record must have 2 fields as the first one, got 1");
  EXPECT_EQ(parse_error("a,b\n1,2\n1,2,\n"), "text: line 3: a record must have 2 fields as the first one, got 3");
}

TEST(Csv, MisplacedQuotesAndCarriageReturnsAreRefused) {
  EXPECT_EQ(parse_error("a\n1\"2\"\n"),
            "text: line 2, column 1: a quote must open the field or be within a quoted one, got one after \"1\"");
  EXPECT_EQ(parse_error("a\n\"1\"2\n"),
            "text: line 2, column 1: a closing quote must be followed by the delimiter or a line end, got \"2\"");
  EXPECT_EQ(parse_error("a,b\n1,\"2\n"), "text: line 2, column 2: a quoted field must be closed, got the end of the text");
  EXPECT_EQ(parse_error("a\r1\n"), "text: line 1, column 1: a carriage return must be followed by a line feed, got one alone");
}

TEST(Csv, NamesOfColumnsAreChecked) {
  EXPECT_EQ(parse_error("a,b\n1,2\n", {.columns = {"c"}}), "text: column \"c\" must be one of \"a\", \"b\", got none of that name");
  EXPECT_EQ(parse_error("a,b,a\n"), "text: line 1, column 3: column names must differ, got \"a\" in column 1 too");
  EXPECT_EQ(message_of([] { parse_csv("a\n").category("k"); }), "csv: category \"k\" must be one of those read, got none");
}

TEST(Csv, OptionsAreChecked) {
  EXPECT_EQ(parse_error(""), "text: must hold at least one record, got none");
  EXPECT_EQ(parse_error("a\n", {.delimiter = '\n'}), "text: delimiter must not be a quote or a line end, got \"\\x0a\"");
  EXPECT_EQ(parse_error("a\n", {.dtype = i32}), "text: dtype must be f32 or f64, got i32");
  EXPECT_EQ(parse_error("a\n", {.classes = {{"x"}}}), "text: classes must be given for each of the 0 categorical columns, got 1");
  const Directory dir;
  const std::string path = dir.write("a.csv", "a\n1\n2\n");
  EXPECT_EQ(message_of([&] { read_csv(path, {.max_bytes = 4}); }), path + ": must have at most max_bytes = 4 bytes, got more");
  EXPECT_EQ(message_of([] { read_csv("/nowhere/a.csv"); }), "/nowhere/a.csv: the file must exist, got none");
}

TEST(Csv, MutatedTextGivesOnlyTypedErrors) {
  Bits bits = {2};
  const std::string source = "width,\"the \"\"kind\"\"\",height\r\n1,pear,2.5\r\n-3e2,\"app,\nle\",4\r\n,pear,1e-3\r\n";
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string text = mutated(source, bits);
    try {
      const Csv csv = parse_csv(text, {.columns = {"height"}, .categorical = {"the \"kind\""}, .missing = MissingFields::nan});
      EXPECT_EQ(csv.values.sizes()[0], csv.categories[0].labels.numel());
    } catch (const UserError& error) {
      ++refused;
      EXPECT_EQ(std::string(error.what()).find("text: "), 0u);
    }
  }
  EXPECT_GT(refused, 5000);
  EXPECT_LT(refused, 20000);
}

}  // namespace
}  // namespace lanc::data
