#include <lanc/train/images.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <lanc/tests/train/files.h>

namespace lanc::data {
namespace {

using testing_train::big_endian;
using testing_train::Directory;
using testing_train::gzipped;

// n images of 1 x 2, image i is {i, 255 - i}, label i % 10.
void write_pair(const Directory& dir, const std::string& name, uint64_t n, uint64_t labels, bool compressed) {
  std::string x = big_endian(0x0803, 4) + big_endian(n, 4) + big_endian(1, 4) + big_endian(2, 4);
  std::string y = big_endian(0x0801, 4) + big_endian(labels, 4);
  for (uint64_t i = 0; i < n; ++i) x += big_endian(i, 1) + big_endian(255 - i, 1);
  for (uint64_t i = 0; i < labels; ++i) y += big_endian(i % 10, 1);
  dir.write(name + "-images-idx3-ubyte" + (compressed ? ".gz" : ""), compressed ? gzipped(x) : x);
  dir.write(name + "-labels-idx1-ubyte" + (compressed ? ".gz" : ""), compressed ? gzipped(y) : y);
}

/// LANC_DATA for the time of a test.
class DataRoot {
 public:
  explicit DataRoot(const std::string& path) {
    if (const char* old = std::getenv("LANC_DATA")) old_ = old;
    setenv("LANC_DATA", path.c_str(), 1);
  }
  ~DataRoot() {
    if (old_.empty()) unsetenv("LANC_DATA");
    else setenv("LANC_DATA", old_.c_str(), 1);
  }

 private:
  std::string old_;
};

TEST(Images, OfADirectoryAreScaledAndDivided) {
  const Directory dir;
  write_pair(dir, "train", 200, 200, true);
  write_pair(dir, "t10k", 3, 3, false);
  const auto [training, validation, test] = idx_images({.validation = 0.25, .seed = 1, .path = dir.path()});
  EXPECT_EQ(training.column(0).sizes(), (Sizes{150, 1, 2}));
  EXPECT_EQ(validation.column(0).sizes(), (Sizes{50, 1, 2}));
  EXPECT_EQ(test.column(0).type_text(), "f32[3,1,2]");
  EXPECT_EQ(test.column(1).type_text(), "i32[3]");
  EXPECT_EQ(test.column(0).span<float>()[0], 0.0f);
  EXPECT_EQ(test.column(0).span<float>()[1], 1.0f);
  EXPECT_EQ(test.column(0).span<float>()[4], 2.0f / 255.0f);

  std::vector<int> pixels;  // every image of the training file is in one of the two parts, with its label
  for (const auto& [images, labels] : {training.columns(), validation.columns()})
    for (int64_t i = 0; i < labels.numel(); ++i) {
      pixels.push_back(static_cast<int>(images.at(2 * i) * 255 + 0.5));
      EXPECT_EQ(labels.at(i), pixels.back() % 10);
    }
  EXPECT_TRUE(std::is_sorted(pixels.begin(), pixels.begin() + 150));
  std::sort(pixels.begin(), pixels.end());
  for (int i = 0; i < 200; ++i) EXPECT_EQ(pixels[static_cast<size_t>(i)], i);
}

TEST(Images, WithoutValidationAllAreForTraining) {
  const Directory dir;
  write_pair(dir, "train", 5, 5, false);
  write_pair(dir, "t10k", 1, 1, false);
  const auto parts = idx_images({.validation = 0, .path = dir.path()});
  EXPECT_EQ(parts.training.size(), 5);
  EXPECT_EQ(parts.validation.size(), 0);
}

TEST(Images, TheDataRootIsLookedAtFirst) {
  const Directory dir;
  write_pair(dir, "train", 4, 4, true);
  write_pair(dir, "t10k", 2, 2, true);
  const DataRoot root(dir.path());
  EXPECT_EQ(fashion_mnist().test.size(), 2);
}

TEST(Images, MissingFilesSayWhatToInstall) {
  const Directory dir;
  const std::string place = dir.path() + "/none";
  EXPECT_EQ(message_of([&] { fashion_mnist({.path = place}); }),
            "fashion_mnist: train-images-idx3-ubyte.gz must be in one of " + place +
                ", got none; install it (apt-get install dataset-fashion-mnist), or set LANC_DATA or .path to "
                "a directory with the four files");
  write_pair(dir, "train", 4, 4, true);
  EXPECT_EQ(message_of([&] { idx_images({.path = dir.path()}); }),
            "idx_images: " + dir.path() + " must hold t10k-images-idx3-ubyte or t10k-images-idx3-ubyte.gz, got neither");
  EXPECT_EQ(message_of([&] { idx_images({}); }), "idx_images: .path must name the directory of the files, got none");
}

TEST(Images, ImagesAndLabelsMustBeEquallyMany) {
  const Directory dir;
  write_pair(dir, "train", 4, 3, false);
  write_pair(dir, "t10k", 2, 2, false);
  const std::string images = dir.path() + "/train-images-idx3-ubyte", labels = dir.path() + "/train-labels-idx1-ubyte";
  EXPECT_EQ(message_of([&] { idx_images({.path = dir.path()}); }),
            labels + ": labels must be as many as the images of " + images + ", 4, got 3 at offset 4");
}

TEST(Images, TheValidationShareIsChecked) {
  EXPECT_EQ(message_of([] { idx_images({.validation = 1, .path = "/x"}); }), "idx_images: validation must be in [0, 1), got 1.000000");
}

TEST(Images, AFileOfAnotherKindIsNamed) {
  const Directory dir;
  write_pair(dir, "train", 4, 4, false);
  write_pair(dir, "t10k", 2, 2, false);
  std::filesystem::copy_file(dir.path() + "/t10k-labels-idx1-ubyte", dir.path() + "/t10k-images-idx3-ubyte",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(message_of([&] { idx_images({.path = dir.path()}); }),
            dir.path() + "/t10k-images-idx3-ubyte: magic must be 0x00000803, got 0x00000801 at offset 0");
}

// The figures of the data set: 6,000 and 1,000 of each class; first labels 9, 0, 0, 3 and 9, 2, 1, 1 (zalandoresearch/fashion-mnist).
TEST(FashionMnist, HasItsPartsAndClasses) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) GTEST_SKIP() << "no dataset-fashion-mnist";
  const auto [training, validation, test] = fashion_mnist({.validation = 0.1, .seed = 42});
  EXPECT_EQ(training.column(0).type_text(), "f32[54000,28,28]");
  EXPECT_EQ(validation.column(0).type_text(), "f32[6000,28,28]");
  EXPECT_EQ(test.column(0).type_text(), "f32[10000,28,28]");
  int counts[10] = {}, test_counts[10] = {};
  for (const Tensor& labels : {training.column(1), validation.column(1)})
    for (int32_t label : labels.span<int32_t>()) ++counts[label];
  for (int32_t label : test.column(1).span<int32_t>()) ++test_counts[label];
  for (int c = 0; c < 10; ++c) {
    EXPECT_EQ(counts[c], 6000);
    EXPECT_EQ(test_counts[c], 1000);
  }
  const int first[] = {9, 2, 1, 1};
  for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(test.column(1).at(i), first[i]);
  double sum = 0;
  for (float v : test.column(0).span<float>()) sum += static_cast<double>(v);
  EXPECT_NEAR(sum / 7840000, 0.2868, 1e-4);  // as published by others for the t10k images
}

}  // namespace
}  // namespace lanc::data
