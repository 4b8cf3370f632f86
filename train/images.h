// train/images.h: Fashion-MNIST, and any other directory of four IDX files as MNIST has them.
#pragma once

#include <cstdint>
#include <string>

#include <lanc/train/dataset.h>

namespace lanc::data {

struct ImageOptions {
  /// The share of the training file that becomes the validation part, in [0, 1).
  double validation = 0.1;
  int64_t seed = 0;
  /// The directory of the files; empty: see fashion_mnist. idx_images needs one.
  std::string path = "";
};

/// 70,000 gray images of 28 x 28 of clothes in 10 classes (Xiao, Rasul, Vollgraf: arXiv 1708.07747).
/// training, validation and test: with validation = 0.1, 54,000 and 6,000 of the training file, and the 10,000 of the t10k file. Images
/// are f32 {n, 28, 28} in [0, 1] (pixel / 255), labels i32 {n}. Which images validate is a function of the seed; the others keep the
/// file's order. The files are looked for in .path; without it in $LANC_DATA/fashion-mnist, $LANC_DATA, and where Debian's package
/// dataset-fashion-mnist puts them. UserError: files missing (says what to install or set) or corrupt (as read_idx).
Parts<2> fashion_mnist(const ImageOptions& options = {});

/// Names of the ten classes of Fashion-MNIST by label.
inline constexpr const char* fashion_mnist_classes[] = {"T-shirt/top", "Trouser", "Pullover", "Dress",   "Coat",
                                                        "Sandal",      "Shirt",   "Sneaker",  "Bag",     "Ankle boot"};

/// The same from any directory with train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte,
/// each plain or .gz; images of any size. UserError also when the numbers of images and labels differ.
Parts<2> idx_images(const ImageOptions& options);

}  // namespace lanc::data
