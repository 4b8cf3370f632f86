#include <lanc/train/images.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <optional>

#include <lanc/graph/error.h>
#include <lanc/train/idx.h>
#include <lanc/train/order.h>

namespace lanc::data {
namespace {

constexpr const char* debian_directory = "/usr/share/datasets/fashion-mnist";
constexpr const char* files[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                                 "t10k-labels-idx1-ubyte"};

bool exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// The file's path in a directory, as it is or with .gz.
std::optional<std::string> find(const std::string& directory, const std::string& name) {
  for (const char* ending : {".gz", ""})
    if (std::string path = directory + "/" + name + ending; exists(path)) return path;
  return std::nullopt;
}

// f32 in [0, 1] of these rows of u8 images.
Tensor scaled_rows(const Tensor& images, const std::vector<int64_t>& rows) {
  float value_of[256];
  for (int v = 0; v < 256; ++v) value_of[v] = static_cast<float>(v) / 255.0f;
  Sizes sizes = images.sizes();
  sizes[0] = static_cast<int64_t>(rows.size());
  Tensor result = Tensor::uninitialized(f32, sizes);
  const size_t pixels = static_cast<size_t>(sizes[1] * sizes[2]);
  const uint8_t* from = images.span<uint8_t>().data();
  float* to = result.span<float>().data();
  for (int64_t row : rows)
    for (const uint8_t *p = from + static_cast<size_t>(row) * pixels, *end = p + pixels; p != end; ++p) *to++ = value_of[*p];
  return result;
}

Tensor label_rows(const Tensor& labels, const std::vector<int64_t>& rows) {
  Tensor result = Tensor::uninitialized(i32, {static_cast<int64_t>(rows.size())});
  const auto from = labels.span<uint8_t>();
  const auto to = result.span<int32_t>();
  for (size_t i = 0; i < rows.size(); ++i) to[i] = from[static_cast<size_t>(rows[i])];
  return result;
}

struct Pair {
  Tensor images, labels;  // u8
  Table<2> rows(const std::vector<int64_t>& rows) const { return Table(scaled_rows(images, rows), label_rows(labels, rows)); }
};

Pair read_pair(const std::string& images_path, const std::string& labels_path) {
  Pair pair = {read_idx(images_path, {.magic = 0x0803}), read_idx(labels_path, {.magic = 0x0801})};
  const int64_t images = pair.images.sizes()[0], labels = pair.labels.sizes()[0];
  if (images != labels)
    throw UserError(labels_path + ": labels must be as many as the images of " + images_path + ", " + std::to_string(images) + ", got " +
                    std::to_string(labels) + " at offset 4");
  return pair;
}

Parts<2> load(const char* caller, const std::string& directory, const ImageOptions& options) {
  if (!(options.validation >= 0 && options.validation < 1))
    throw UserError(std::string(caller) + ": validation must be in [0, 1), got " + std::to_string(options.validation));
  std::string paths[4];
  for (size_t i = 0; i < 4; ++i) {
    const std::optional<std::string> path = find(directory, files[i]);
    if (!path) throw UserError(std::string(caller) + ": " + directory + " must hold " + files[i] + " or " + files[i] + ".gz, got neither");
    paths[i] = *path;
  }
  const Pair train = read_pair(paths[0], paths[1]);
  const Pair test = read_pair(paths[2], paths[3]);

  const int64_t n = train.images.sizes()[0];
  const auto rows = detail::split_rows(n, {1 - options.validation, options.validation, 0}, options.seed);
  std::vector<int64_t> all(static_cast<size_t>(test.images.sizes()[0]));
  std::iota(all.begin(), all.end(), int64_t{0});
  return {train.rows(rows[0]), ValidationSet(train.rows(rows[1])), TestSet(test.rows(all))};
}

}  // namespace

Parts<2> idx_images(const ImageOptions& options) {
  if (options.path.empty()) throw UserError("idx_images: .path must name the directory of the files, got none");
  return load("idx_images", options.path, options);
}

Parts<2> fashion_mnist(const ImageOptions& options) {
  std::vector<std::string> places;
  const char* root = std::getenv("LANC_DATA");
  if (!options.path.empty()) {
    places = {options.path};
  } else {
    if (root != nullptr && *root != '\0') places = {std::string(root) + "/fashion-mnist", root};
    places.push_back(debian_directory);
  }
  std::string looked;
  for (const std::string& place : places) {
    if (find(place, files[0])) return load("fashion_mnist", place, options);
    looked += (looked.empty() ? "" : ", ") + place;
  }
  throw UserError("fashion_mnist: " + std::string(files[0]) + ".gz must be in one of " + looked +
                  ", got none; install it (apt-get install dataset-fashion-mnist), or set LANC_DATA or .path to a directory with the four "
                  "files");
}

}  // namespace lanc::data
