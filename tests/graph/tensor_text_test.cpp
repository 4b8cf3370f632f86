// Tensors are printed as NumPy prints arrays: compared with what NumPy said (scripts/reference/tensor_text.py).
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

#include <nlohmann/json.hpp>

#include <lanc/graph/tensor.h>

namespace lanc {
namespace {

Tensor tensor_of(const nlohmann::json& stored) {
  DType dtype = f32;
  for (DType d : {f64, f32, f16, i64, i32, u8, boolean})
    if (name_of(d) == stored["dtype"].get<std::string>()) dtype = d;
  Tensor t(dtype, stored["sizes"].get<Sizes>());
  const std::string bits = stored["bits"];
  const auto width = static_cast<size_t>(2 * size_of(dtype));
  EXPECT_EQ(bits.size(), width * static_cast<size_t>(t.numel()));
  for (int64_t i = 0; i < t.numel(); ++i) {
    const uint64_t value = std::stoull(bits.substr(static_cast<size_t>(i) * width, width), nullptr, 16);
    std::memcpy(t.data() + i * size_of(dtype), &value, static_cast<size_t>(size_of(dtype)));  // little-endian
  }
  return t;
}

TEST(TensorText, IsNumPys) {
  std::ifstream file(LANC_SOURCE_DIR "/tests/data/tensor_text.json");
  const nlohmann::json stored = nlohmann::json::parse(file);
  int count = 0;
  for (const nlohmann::json& c : stored["cases"]) {
    const Tensor t = tensor_of(c);
    EXPECT_EQ(to_text(t), c["text"].get<std::string>()) << c["name"] << " " << t.type_text();
    ++count;
  }
  EXPECT_GE(count, 200);
}

TEST(TensorText, GoesToStreamsToo) {
  std::ostringstream out;
  out << Tensor::of<float>({2, 2}, {1, 2.5f, 3, 4});
  EXPECT_EQ(out.str(), "[[1.  2.5]\n [3.  4. ]]");
}

// NumPy has no bf16 of its own: its numbers are printed as the f32 they are.
TEST(TensorText, OfBf16IsThatOfTheSameNumbersInF32) {
  const Tensor t = Tensor::of<float>({3}, {0.1f, -2, 1e30f}).to(bf16);
  EXPECT_EQ(to_text(t), to_text(t.to(f32)));
  EXPECT_EQ(to_text(Tensor::scalar(0.1f).to(bf16)), to_text(Tensor::scalar(0.1f).to(bf16).to(f32)));
}

}  // namespace
}  // namespace lanc
