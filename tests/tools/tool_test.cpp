// The command line as a process: what it prints, and what wrong input gets.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <nlohmann/json.hpp>

#include <lanc/graph/parse.h>
#include <lanc/graph/text.h>
#include <lanc/ops/op_set.h>
#include <lanc/tests/support/process.h>

namespace lanc {
namespace {

using testing_support::Finished;

const std::string program = LANC_BINARY_DIR "/bin/lanc";

struct Directory {
  Directory() {
    path = (std::filesystem::temp_directory_path() / "lanc_tool_XXXXXX").string();
    EXPECT_NE(mkdtemp(path.data()), nullptr);
  }
  ~Directory() { std::filesystem::remove_all(path); }
  std::string path;
};

Finished lanc(std::vector<std::string> arguments, const std::string& directory = "") {
  arguments.insert(arguments.begin(), program);
  return testing_support::run_program(arguments, {.directory = directory});
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Tool, HelpOfEachCommandNamesItsOptions) {
  const Finished all = lanc({"--help"});
  EXPECT_EQ(all.code, 0);
  for (const char* command : {"train", "ops", "graph", "devices"}) EXPECT_TRUE(contains(all.out, command)) << all.out;
  const Finished train = lanc({"train", "mlp", "--help"});
  EXPECT_EQ(train.code, 0);
  for (const char* option : {"--data", "--hidden", "--epochs", "--batch", "--learning-rate", "--optimizer", "--seed", "--threads", "--output"})
    EXPECT_TRUE(contains(train.out, option)) << option << "\n" << train.out;
  EXPECT_TRUE(contains(lanc({"graph", "--help"}).out, "--as"));
  EXPECT_TRUE(contains(lanc({"ops", "--help"}).out, "--json"));
  EXPECT_TRUE(contains(lanc({"devices", "--help"}).out, "--json"));
}

TEST(Tool, TellsItsVersion) {
  const Finished finished = lanc({"--version"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  const std::string project = read_file(LANC_SOURCE_DIR "/CMakeLists.txt"), before = "project(lanc VERSION ";
  const size_t at = project.find(before) + before.size();
  EXPECT_EQ(finished.out, "lanc " + project.substr(at, project.find(' ', at) - at) + "\n");
}

TEST(Tool, AnswersWrongInputWithAMessageAndExitCode2) {
  const struct {
    std::vector<std::string> arguments;
    std::string message;
  } cases[] = {
      {{}, "lanc: A subcommand is required"},
      {{"trian"}, "lanc: the command must be one of train, ops, graph, devices, got 'trian'\nMore by: lanc --help\n"},
      {{"trian", "mlp", "--epochs", "3"}, "lanc: the command must be one of train, ops, graph, devices, got 'trian'\n"},
      {{"train", "cnn9"}, "lanc train: the command must be one of mlp, got 'cnn9'\n"},
      {{"train"}, "lanc train: A subcommand is required"},
      {{"train", "mlp", "--epochs", "0"}, "lanc train mlp: --epochs: the value must be in [1, 1048576], got '0'"},
      {{"train", "mlp", "--epochs", "ten"}, "lanc train mlp: "},
      {{"train", "mlp", "--nonsense"}, "lanc train mlp: "},
      {{"train", "mlp", "--optimizer", "magic"}, "lanc train mlp: --optimizer: magic not in {sgd,"},
      {{"train", "mlp", "--data", "/nonexistent"}, "lanc: idx_images: /nonexistent must hold train-images-idx3-ubyte"},
      {{"graph"}, "lanc graph: model is required"},
      {{"graph", "cnn2"}, "lanc graph: model: cnn2 not in {mlp"},
      {{"graph", "mlp", "--as", "music"}, "lanc graph: --as: music not in {text,summary,picture}"},
      {{"ops", "--family", "brass"}, "lanc ops: --family: no op is of the family 'brass'"},
      {{"devices", "extra"}, "lanc devices: "},
  };
  for (const auto& c : cases) {
    const Finished finished = lanc(c.arguments);
    EXPECT_EQ(finished.code, 2) << finished.err;
    EXPECT_EQ(finished.err.rfind(c.message, 0), 0u) << finished.err;
    EXPECT_EQ(finished.out, "");
  }
}

TEST(Tool, OpsAreThoseOfTheLibraryEachWithDerivativeDtypesAndKernels) {
  const Finished finished = lanc({"ops", "--json"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  const nlohmann::json list = nlohmann::json::parse(finished.out);
  std::set<std::string> names;
  for (const nlohmann::json& op : list) {
    const std::string name = op["name"];
    names.insert(name);
    const OpRef def = all_ops().find(name);
    ASSERT_NE(def, nullptr) << name;
    EXPECT_EQ(op["family"], def->family);
    EXPECT_EQ(op.contains("no_derivative_because"), !op["derivative"].get<bool>()) << name;
    if (def->vjp == nullptr) {
      EXPECT_EQ(op["no_derivative_because"], def->no_gradient) << name;
    }
    // What the machinery makes of formulas has no dtypes of its own; every other op has some, and a kernel on both backends.
    if (name == "formula" || name == "fused") continue;
    EXPECT_FALSE(op["dtypes"].empty()) << name;
    EXPECT_TRUE(op["backends"].contains("cpu")) << name;
    EXPECT_TRUE(op["backends"].contains("reference")) << name;
  }
  EXPECT_EQ(names.size(), all_ops().ops().size());
  const auto entry = [&](const char* name) { return *std::find_if(list.begin(), list.end(), [&](const nlohmann::json& op) { return op["name"] == name; }); };
  for (const char* name : {"exp", "sum", "contract", "softmax"}) EXPECT_TRUE(entry(name)["derivative"].get<bool>()) << name;
  for (const char* name : {"less_than", "and", "isnan"}) EXPECT_EQ(entry(name)["no_derivative_because"], "its results are not floats") << name;
}

TEST(Tool, OpsAreATableToo) {
  const Finished finished = lanc({"ops", "--family", "contract"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(finished.out.rfind("name ", 0), 0u) << finished.out;
  EXPECT_TRUE(contains(finished.out, "\ncontract ")) << finished.out;
  EXPECT_FALSE(contains(finished.out, "\nsum ")) << finished.out;
  EXPECT_TRUE(contains(lanc({"ops"}).out, "none: fusion comes after all derivatives"));
}

TEST(Tool, GraphIsTextThatReadsBack) {
  const Finished finished = lanc({"graph", "mlp", "--part", "training", "--hidden", "7", "5"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  const Graph again = parse_graph(finished.out, all_ops());
  EXPECT_EQ(to_text(again, {.lines = false}), finished.out);
  EXPECT_TRUE(contains(finished.out, "f32[7,784]")) << finished.out;
  EXPECT_TRUE(contains(finished.out, "f32[10,5]")) << finished.out;
}

TEST(Tool, GraphEndsWithThePartThatIsAskedFor) {
  const auto result = [](const std::string& part) {
    return parse_graph(lanc({"graph", "mlp", "--part", part}).out, all_ops()).outputs().at(0).type().text();
  };
  EXPECT_EQ(result("network"), "f32[batch,10]");
  EXPECT_EQ(result("loss"), "f32[]");
  EXPECT_EQ(result("training"), "f32[]");
}

TEST(Tool, GraphIsATableOfLayers) {
  const Finished finished = lanc({"graph", "mlp", "--as", "summary"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_TRUE(contains(finished.out, "net/layer0")) << finished.out;
  EXPECT_TRUE(contains(finished.out, "203,530")) << finished.out;  // 784 * 256 + 256 + 256 * 10 + 10
}

TEST(Tool, GraphsOfConvolutionalNetworksAreTablesAndReadBack) {
  EXPECT_TRUE(contains(lanc({"graph", "lenet", "--as", "summary"}).out, "61,706"));
  EXPECT_TRUE(contains(lanc({"graph", "resnet20", "--as", "summary"}).out, "269,434"));  // 269,722 of colour images less 2 * 16 * 9
  for (const char* part : {"network", "training"}) {
    const Finished finished = lanc({"graph", "resnet20", "--part", part});
    ASSERT_EQ(finished.code, 0) << finished.err;
    EXPECT_EQ(to_text(parse_graph(finished.out, all_ops()), {.lines = false}), finished.out);
    EXPECT_EQ(contains(finished.out, " with_update("), std::string(part) == "training") << part;
  }
  const Finished odd = lanc({"graph", "lenet", "--inputs", "783"});
  EXPECT_TRUE(contains(odd.err, "inputs: the number must be that of the pixels of a square image, got 783")) << odd.err;
}

TEST(Tool, GraphIsAPicture) {
  const Directory directory;
  const Finished text = lanc({"graph", "mlp", "--as", "picture", "--output", "here.dot"}, directory.path);
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_EQ(text.out, "here.dot\n");
  EXPECT_EQ(read_file(directory.path + "/here.dot").rfind("digraph lanc {", 0), 0u);
  const Finished picture = lanc({"graph", "mlp", "--as", "picture"}, directory.path);  // the .dot file where the program dot is missing
  EXPECT_EQ(picture.code, 0) << picture.err;
  ASSERT_EQ(picture.out.rfind("runs/mlp.", 0), 0u) << picture.out;
  EXPECT_TRUE(std::filesystem::exists(directory.path + "/" + picture.out.substr(0, picture.out.size() - 1)));
}

TEST(Tool, DevicesNameTierLibrariesAndThreads) {
  const Finished finished = lanc({"devices", "--json"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  const nlohmann::json cpu = nlohmann::json::parse(finished.out)["cpu"];
  EXPECT_TRUE((std::set<std::string>{"avx512", "avx2", "portable"}).count(cpu["kernel_tier"]) == 1) << finished.out;
  EXPECT_GE(cpu["threads"].get<int>(), 1);
  EXPECT_FALSE(cpu["matrix_products"].get<std::string>().empty());
  const Finished table = lanc({"devices"});
  EXPECT_TRUE(contains(table.out, cpu["kernel_tier"].get<std::string>())) << table.out;
}

// 60 images of 2 x 2 whose bright pixel is their class: learned by heart in a moment.
std::string big_endian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16 & 255), static_cast<char>(value >> 8 & 255), static_cast<char>(value & 255)};
}
void write_images(const std::string& path, uint32_t count) {
  std::string images = big_endian(0x803) + big_endian(count) + big_endian(2) + big_endian(2), labels = big_endian(0x801) + big_endian(count);
  for (uint32_t i = 0; i < count; ++i) {
    for (uint32_t pixel = 0; pixel < 4; ++pixel) images += static_cast<char>(pixel == i % 4 ? 250 : (17 * i + pixel) % 60);
    labels += static_cast<char>(i % 4);
  }
  std::ofstream(path + "-images-idx3-ubyte", std::ios::binary) << images;
  std::ofstream(path + "-labels-idx1-ubyte", std::ios::binary) << labels;
}

TEST(Tool, TrainsOnADirectoryOfImages) {
  const Directory directory;
  write_images(directory.path + "/train", 60);
  write_images(directory.path + "/t10k", 20);
  const std::vector<std::string> command = {"train", "mlp",     "--data", ".",    "--hidden", "16", "8",        "--epochs", "40",
                                            "--batch", "10", "--learning-rate", "0.02", "--seed", "3", "--threads", "1", "--output", "out/net"};
  const Finished finished = lanc(command, directory.path);
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_TRUE(contains(finished.out, "54 images for training, 6 for validation, 20 for the test")) << finished.out;
  EXPECT_TRUE(contains(finished.out, "net/layer2")) << finished.out;
  EXPECT_TRUE(contains(finished.out, "epoch 40/40")) << finished.out;
  EXPECT_TRUE(contains(finished.out, "test accuracy 100.00 %\n")) << finished.out;
  EXPECT_TRUE(contains(read_file(directory.path + "/out/net.curve.svg"), "</svg>"));
  EXPECT_TRUE(std::filesystem::exists(directory.path + "/out/net.graph.svg") || std::filesystem::exists(directory.path + "/out/net.graph.dot"));
  // Same seed, same numbers.
  const auto losses = [](const std::string& out) {
    std::string kept;
    for (size_t at = out.find("loss "); at != std::string::npos; at = out.find("loss ", at + 1)) kept += out.substr(at, 12);
    return kept;
  };
  const std::string first = losses(finished.out);
  EXPECT_FALSE(first.empty());
  EXPECT_EQ(losses(lanc(command, directory.path).out), first);
}

}  // namespace
}  // namespace lanc
