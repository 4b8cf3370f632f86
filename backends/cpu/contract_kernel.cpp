#include <lanc/backends/cpu/contract_kernel.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

#include <lanc/backends/cpu/gemm.h>
#include <lanc/backends/cpu/gemm_small.h>
#include <lanc/backends/cpu/matrix_view.h>

namespace lanc::cpu {
namespace {

constexpr int64_t align(int64_t bytes) { return (bytes + 63) / 64 * 64; }

// A block of the result: rows [row, row + m) and columns [column, column + n) of some batches.
struct Part {
  int64_t batch = 0, batches = 1;
  int64_t row = 0, column = 0;
  std::unique_ptr<Gemm> gemm = nullptr;
  int64_t scratch = 0;  // offset
};

class ContractKernel : public Kernel {
 public:
  ContractKernel(const MatrixProduct& product, DType dtype) : p_(product), dtype_(dtype), size_(size_of(dtype)) {
    if (p_.pack_a) scratch_ = align(p_.batch * p_.m * p_.k * size_), b_packed_at_ = scratch_;
    if (p_.pack_b) scratch_ += align(p_.batch * p_.k * p_.n * size_);
    if (p_.m > 0 && p_.n > 0 && p_.batch > 0) split();
    for (Part& part : parts_) {
      part.scratch = scratch_;
      scratch_ += align(part.gemm->scratch_bytes());
    }
  }
  bool complete() const { return complete_; }

  std::string name() const override {
    const std::string library = parts_.empty() ? "nothing" : parts_[0].gemm->name();
    return library + " gemm" + (p_.batch > 1 ? " x " + std::to_string(p_.batch) : "") + (parts_.size() > 1 ? " in " + std::to_string(parts_.size()) + " parts" : "") +
           (p_.pack_a || p_.pack_b ? ", packed" : "");
  }
  int phases() const override { return p_.pack_a || p_.pack_b ? 2 : 1; }
  int parts(int phase) const override { return is_packing(phase) ? 1 : std::max<int>(1, static_cast<int>(parts_.size())); }
  int64_t scratch_bytes() const override { return scratch_; }
  double microseconds(int phase) const override {
    const double elements = static_cast<double>(p_.batch) * static_cast<double>(p_.m * p_.k + p_.k * p_.n);
    if (is_packing(phase)) return 0.002 * elements;
    return 1 + 2.0 * static_cast<double>(p_.batch) * static_cast<double>(p_.m) * static_cast<double>(p_.n) * static_cast<double>(p_.k) / 60e3;
  }
  void run(int phase, int part, const KernelArgs& args) noexcept override {
    const std::byte* a = p_.pack_a ? args.scratch : args.inputs[0];
    const std::byte* b = p_.pack_b ? args.scratch + b_packed_at_ : args.inputs[1];
    if (is_packing(phase)) {
      if (p_.pack_a) pack(p_.a, size_, args.inputs[0], args.scratch);
      if (p_.pack_b) pack(p_.b, size_, args.inputs[1], args.scratch + b_packed_at_);
      return;
    }
    if (parts_.empty()) return;
    const Part& p = parts_[static_cast<size_t>(part)];
    for (int64_t i = p.batch; i < p.batch + p.batches; ++i) {
      const bool good = p.gemm->run(a + (i * p_.a_batch + p.row * p_.a_row) * size_, b + (i * p_.b_batch + p.column * p_.b_column) * size_,
                                    args.outputs[0] + ((i * p_.m + p.row) * p_.n + p.column) * size_, args.scratch + p.scratch);
      if (!good) failed_.store(true, std::memory_order_relaxed);
    }
  }
  bool failed() const override { return failed_.load(std::memory_order_relaxed); }
  std::string take_failure() override { return failed_.exchange(false) ? "the library's matrix product must succeed, got an error from it" : ""; }

 private:
  bool is_packing(int phase) const { return phases() == 2 && phase == 0; }

  void add(int64_t batch, int64_t batches, int64_t row, int64_t rows, int64_t column, int64_t columns) {
    Part part{.batch = batch, .batches = batches, .row = row, .column = column};
    const GemmShape shape{.dtype = dtype_, .m = rows, .n = columns, .k = p_.k, .a_row = p_.a_row, .a_column = p_.a_column, .b_row = p_.b_row,
                          .b_column = p_.b_column, .c_row = p_.n};
    part.gemm = make_small_gemm(shape, p_.batch);
    if (!part.gemm) part.gemm = make_gemm(shape);
    complete_ &= part.gemm != nullptr;
    if (part.gemm) parts_.push_back(std::move(part));
  }

  // At least about 30 microseconds of work a part, at most 8 parts; whole batches first, then rows (measured: a split by rows loses less
  // than one by columns), then columns. Functions of the sizes only: the bits do not depend on the number of threads.
  void split() {
    const double flops = 2.0 * static_cast<double>(p_.batch) * static_cast<double>(p_.m) * static_cast<double>(p_.n) * static_cast<double>(p_.k);
    const auto wanted = static_cast<int64_t>(std::clamp(flops / 2e6, 1.0, 8.0));
    const auto chunks = [](int64_t size, int64_t count, int64_t least, auto each) {
      const int64_t parts = std::clamp<int64_t>(size / least, 1, count);
      for (int64_t i = 0; i < parts; ++i) each(size * i / parts, size * (i + 1) / parts - size * i / parts);
    };
    if (p_.batch > 1) {
      chunks(p_.batch, wanted, 1, [&](int64_t begin, int64_t count) { add(begin, count, 0, p_.m, 0, p_.n); });
    } else if (p_.m >= 64 || p_.n < 128) {
      chunks(p_.m, wanted, 32, [&](int64_t begin, int64_t count) { add(0, 1, begin, count, 0, p_.n); });
    } else {
      chunks(p_.n, wanted, 64, [&](int64_t begin, int64_t count) { add(0, 1, 0, p_.m, begin, count); });
    }
  }

  MatrixProduct p_;
  DType dtype_;
  int64_t size_;
  std::vector<Part> parts_;
  int64_t scratch_ = 0, b_packed_at_ = 0;
  bool complete_ = true;
  std::atomic<bool> failed_{false};
};

}  // namespace

std::unique_ptr<Kernel> make_contract_kernel(const Graph& graph, const Node& node) {
  const std::vector<Type> types = input_types(graph, node);
  const MatrixProduct product = matrix_product(sizes_of(types[0].shape), sizes_of(types[1].shape), node.attrs<ContractAttrs>());
  auto kernel = std::make_unique<ContractKernel>(product, types[0].dtype);
  return kernel->complete() ? std::move(kernel) : nullptr;
}

}  // namespace lanc::cpu
