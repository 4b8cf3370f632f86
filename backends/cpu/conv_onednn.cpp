// Convolutions by oneDNN 3, f32: blocks of images are reordered into the layout that its kernels like, computed and reordered back while they are
// in the cache. Sequential primitives with prepared arguments and the plan's scratch memory.
#include <lanc/backends/cpu/conv_kernel.h>

#ifdef LANC_HAS_ONEDNN
#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <optional>

#include <lanc/backends/cpu/onednn.h>
#endif

namespace lanc::cpu {

#ifdef LANC_HAS_ONEDNN
namespace {

using namespace onednn;

constexpr int64_t align(int64_t bytes) { return (bytes + 63) / 64 * 64; }
int64_t bytes_of(const_dnnl_memory_desc_t d) { return static_cast<int64_t>(dnnl_memory_desc_get_size(d)); }

// Sizes and strides of {images, channels, places...} as the graph has them.
Desc as_given(int64_t images, int64_t channels, const Sizes& places, ImageLayout layout) {
  Sizes sizes = {images, channels};
  sizes.insert(sizes.end(), places.begin(), places.end());
  Sizes strides = row_major(sizes);
  if (layout == ImageLayout::channels_last) {
    for (size_t a = 2; a < sizes.size(); ++a) strides[a] *= channels;
    strides[1] = 1;
  }
  return strided(dnnl_f32, sizes, strides);
}
Desc weight_as_given(const ConvProblem& p) {
  Sizes sizes = {p.outputs, p.inputs};
  if (p.groups > 1) sizes.insert(sizes.begin(), p.groups);
  sizes.insert(sizes.end(), p.kernel.begin(), p.kernel.end());
  return strided(dnnl_f32, sizes, row_major(sizes));
}

// The layout in which blocks are computed. Measured on one core of a Zen 4, with the reorders, GFLOP/s as given / channels last / the library's
// choice (blocks of 16 channels):          y           dx          dw
//   1 -> 32 channels, 5x5, 28x28      37  28  51   29   3   3   23  54  56
//   3 -> 64, 3x3, 32x32               47  50  57   48  10  13   26  23  50
//   20 -> 50, 5x5, 12x12              46  53  33   34  42  38   25  58  34
//   32 -> 64, 3x3, 14x14              40  69  96   40  76  86   44  80  85
//   64 -> 64, 3x3, 32x32              43  66  83   58  65  70   41  65  58
// Blocks are filled up with zero channels, which costs what it wastes; few inputs are not blocked but for dx.
enum class Inner : uint8_t { as_given, channels_last, chosen };
Inner inner_layout(const ConvProblem& p) {
  if (p.x_layout == ImageLayout::channels_last && p.y_layout == ImageLayout::channels_last) return Inner::as_given;
  if (p.groups > 1) return Inner::chosen;
  if (p.inputs < 4) return p.result == ConvResult::x ? Inner::as_given : Inner::chosen;
  const auto blocked = [](int64_t channels) { return static_cast<double>((channels + 15) / 16 * 16); };
  const double used = static_cast<double>(p.inputs) * static_cast<double>(p.outputs) / (blocked(p.inputs) * blocked(p.outputs));
  return used < 0.6 ? Inner::channels_last : Inner::chosen;
}
Desc inner_desc(int64_t images, int64_t channels, const Sizes& places, Inner inner, ImageLayout given) {
  if (inner == Inner::as_given) return as_given(images, channels, places, given);
  if (inner == Inner::channels_last) return as_given(images, channels, places, ImageLayout::channels_last);
  dnnl_dims_t dims = {images, channels};
  std::copy(places.begin(), places.end(), dims + 2);
  dnnl_memory_desc_t made = nullptr;
  dnnl_memory_desc_create_with_tag(&made, static_cast<int>(places.size()) + 2, dims, dnnl_f32, dnnl_format_tag_any);
  return Desc(made);
}
Desc weight_of_any_layout(const Desc& given) {
  const dnnl_dims_t* dims = nullptr;
  int rank = 0;
  dnnl_memory_desc_query(given.get(), dnnl_query_ndims_s32, &rank);
  dnnl_memory_desc_query(given.get(), dnnl_query_dims, &dims);
  dnnl_memory_desc_t made = nullptr;
  dnnl_memory_desc_create_with_tag(&made, rank, *dims, dnnl_f32, dnnl_format_tag_any);
  return Desc(made);
}

// The operation for one block; null when the library has none, or only its slow reference.
PrimitiveDesc description_of(const ConvProblem& p, int64_t images, Inner inner, const Desc& weight) {
  const Desc x = inner_desc(images, p.groups * p.inputs, p.x, inner, p.x_layout), y = inner_desc(images, p.groups * p.outputs, p.y, inner, p.y_layout);
  if (!x || !y || !weight) return nullptr;
  std::array<dnnl_dims_t, 4> dims = {};  // strides, distances between elements of the kernel, padding
  for (size_t a = 0; a < p.x.size(); ++a) dims[0][a] = p.strides[a], dims[1][a] = p.dilations[a] - 1, dims[2][a] = p.low[a], dims[3][a] = p.high[a];
  const auto& [strides, dilations, low, high] = dims;
  const Attributes attributes = with_callers_scratch();
  dnnl_primitive_desc_t made = nullptr;
  if (dnnl_convolution_forward_primitive_desc_create(&made, engine(), dnnl_forward_training, dnnl_convolution_direct, x.get(), weight.get(), nullptr, y.get(),
                                                     strides, dilations, low, high, attributes.get()) != dnnl_success)
    return nullptr;
  PrimitiveDesc description(made);
  if (p.result != ConvResult::y) {
    const PrimitiveDesc hint = std::move(description);
    made = nullptr;
    const dnnl_status_t status =
        p.result == ConvResult::x
            ? dnnl_convolution_backward_data_primitive_desc_create(&made, engine(), dnnl_convolution_direct, x.get(), weight.get(), y.get(), strides, dilations, low,
                                                                   high, hint.get(), attributes.get())
            : dnnl_convolution_backward_weights_primitive_desc_create(&made, engine(), dnnl_convolution_direct, x.get(), weight.get(), nullptr, y.get(), strides,
                                                                      dilations, low, high, hint.get(), attributes.get());
    if (status != dnnl_success) return nullptr;
    description.reset(made);
  }
  const char* kind = nullptr;
  dnnl_primitive_desc_query(description.get(), dnnl_query_impl_info_str, 0, &kind);
  return kind != nullptr && std::strncmp(kind, "ref", 3) == 0 ? nullptr : std::move(description);
}

const_dnnl_memory_desc_t layout_of(const PrimitiveDesc& description, dnnl_query_t what) { return dnnl_primitive_desc_query_md(description.get(), what, 0); }

// From one layout to another; nothing where they are the same.
struct Reorder {
  Primitive primitive;
  const_dnnl_memory_desc_t from = nullptr, to = nullptr;
  bool needed = false, good = true;
  Reorder() = default;
  Reorder(const_dnnl_memory_desc_t a, const_dnnl_memory_desc_t b) : from(a), to(b), needed(dnnl_memory_desc_equal(a, b) == 0) {
    if (!needed) return;
    dnnl_primitive_desc_t made = nullptr;
    good = dnnl_reorder_primitive_desc_create(&made, a, engine(), b, engine(), nullptr) == dnnl_success;
    const PrimitiveDesc description(made);
    if (good) primitive = onednn::primitive(made);
    good = primitive != nullptr;
  }
};

// A primitive with memory of its own for each argument: addresses are set before it runs.
class Call {
 public:
  void add(int name, const_dnnl_memory_desc_t description) {
    memories_.push_back(memory(description));
    arguments_.push_back({name, memories_.back().get()});
  }
  bool run(const Primitive& primitive, std::initializer_list<const void*> addresses) const {
    size_t i = 0;
    for (const void* p : addresses) dnnl_memory_set_data_handle(arguments_[i++].memory, const_cast<void*>(p));
    return dnnl_primitive_execute(primitive.get(), stream(), static_cast<int>(arguments_.size()), arguments_.data()) == dnnl_success;
  }

 private:
  std::vector<Memory> memories_;
  std::vector<dnnl_exec_arg_t> arguments_;
};
Call call_of(const Reorder& reorder) {
  Call call;
  if (reorder.needed) call.add(DNNL_ARG_FROM, reorder.from), call.add(DNNL_ARG_TO, reorder.to);
  return call;
}

// y and x: the weight is reordered, then blocks of images. The weight's gradient: each part of the images leaves a sum in the kernel's layout,
// these are added up in the order of the parts, and the total is reordered.
class OneDnnConv : public Kernel {
 public:
  explicit OneDnnConv(const ConvProblem& problem) : p_(problem) {
    const OneThread sequential;
    // A sum of the weight's gradient is worth about 320 places.
    blocks_ = image_blocks(p_, p_.result == ConvResult::weight ? std::clamp<int64_t>(320 / p_.y_places(), 1, 32) : 1);
    given_weight_ = weight_as_given(p_);
    const Inner inner = inner_layout(p_);
    description_ = description_of(p_, blocks_.images, inner, weight_of_any_layout(given_weight_));
    if (!description_) return;
    primitive_ = primitive(description_.get());
    given_x_ = as_given(blocks_.images, p_.groups * p_.inputs, p_.x, p_.x_layout);
    given_y_ = as_given(blocks_.images, p_.groups * p_.outputs, p_.y, p_.y_layout);
    const bool to_x = p_.result == ConvResult::x, to_y = p_.result == ConvResult::y, to_weight = p_.result == ConvResult::weight;
    inner_x_ = layout_of(description_, to_x ? dnnl_query_diff_src_md : dnnl_query_src_md);
    inner_y_ = layout_of(description_, to_y ? dnnl_query_dst_md : dnnl_query_diff_dst_md);
    inner_weight_ = layout_of(description_, to_weight ? dnnl_query_diff_weights_md : dnnl_query_weights_md);
    const_dnnl_memory_desc_t own = layout_of(description_, dnnl_query_scratchpad_md);
    x_ = to_x ? Reorder(inner_x_, given_x_.get()) : Reorder(given_x_.get(), inner_x_);
    y_ = to_y ? Reorder(inner_y_, given_y_.get()) : Reorder(given_y_.get(), inner_y_);
    weight_ = to_weight ? Reorder(inner_weight_, given_weight_.get()) : Reorder(given_weight_.get(), inner_weight_);
    weight_call_ = call_of(weight_);
    if (weight_.needed && !to_weight) scratch_ = align(bytes_of(inner_weight_));
    for (int i = 0; i < blocks_.parts; ++i) {
      Part part{.x = scratch_};
      part.y = part.x + (x_.needed ? align(bytes_of(inner_x_)) : 0);
      part.own = part.y + (y_.needed ? align(bytes_of(inner_y_)) : 0);
      part.sum = part.own + align(bytes_of(own));
      part.one = part.sum + (to_weight ? align(bytes_of(inner_weight_)) : 0);
      scratch_ = part.one + (to_weight ? align(bytes_of(inner_weight_)) : 0);
      part.x_call = call_of(x_);
      part.y_call = call_of(y_);
      part.call.add(to_x ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC, inner_x_);
      part.call.add(to_y ? DNNL_ARG_DST : DNNL_ARG_DIFF_DST, inner_y_);
      part.call.add(to_weight ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS, inner_weight_);
      part.call.add(DNNL_ARG_SCRATCHPAD, own);
      parts_.push_back(std::move(part));
    }
    usable_ = primitive_ != nullptr && x_.good && y_.good && weight_.good;
  }
  bool usable() const { return usable_; }

  std::string name() const override {
    const char* kind = "";
    dnnl_primitive_desc_query(description_.get(), dnnl_query_impl_info_str, 0, &kind);
    return std::string("onednn conv ") + kind + (blocks_.parts > 1 ? " in " + std::to_string(blocks_.parts) + " parts" : "");
  }
  int phases() const override { return p_.result == ConvResult::weight ? 3 : 2; }
  int parts(int phase) const override { return phase == images_phase() ? blocks_.parts : is_sum(phase) ? sum_parts() : 1; }
  int64_t scratch_bytes() const override { return scratch_; }
  double microseconds(int phase) const override {
    if (phase == images_phase()) return 2 + static_cast<double>(p_.images) * p_.flops() / 70e3;
    const double weights = static_cast<double>(p_.weights());
    if (is_sum(phase)) return 0.0002 * weights * blocks_.parts;
    return weight_.needed ? 0.3 + 0.0002 * weights : 0.1;
  }
  void run(int phase, int part, const KernelArgs& args) noexcept override {
    const OneThread sequential;
    if (phase == images_phase()) images(parts_[static_cast<size_t>(part)], blocks_.first(part), blocks_.first(part + 1), args);
    else if (is_sum(phase)) add_up(part, args);
    else if (p_.result == ConvResult::weight) finish(args);
    else if (weight_.needed) require(weight_call_.run(weight_.primitive, {args.inputs[1], args.scratch}));
  }
  bool failed() const override { return failed_.load(std::memory_order_relaxed); }
  std::string take_failure() override { return failed_.exchange(false) ? "the library's convolution must succeed, got an error from it" : ""; }

 private:
  struct Part {
    int64_t x = 0, y = 0, own = 0, sum = 0, one = 0;  // offsets in scratch
    Call x_call = {}, y_call = {}, call = {};
  };
  int images_phase() const { return p_.result == ConvResult::weight ? 0 : 1; }
  bool is_sum(int phase) const { return p_.result == ConvResult::weight && phase == 1; }
  int64_t sum_elements() const { return bytes_of(inner_weight_) / 4; }
  int sum_parts() const { return blocks_.parts == 1 ? 1 : static_cast<int>(std::clamp<int64_t>(sum_elements() / 16384, 1, 8)); }
  void require(bool good) {
    if (!good) failed_.store(true, std::memory_order_relaxed);
  }

  void images(const Part& part, int64_t begin, int64_t end, const KernelArgs& args) {
    const bool to_x = p_.result == ConvResult::x, to_y = p_.result == ConvResult::y;
    for (int64_t block = begin; block < end; ++block) {
      const int64_t x_at = block * blocks_.images * p_.x_elements() * 4, y_at = block * blocks_.images * p_.y_elements() * 4;
      const std::byte* x = (to_x ? args.outputs[0] : args.inputs[0]) + x_at;
      const std::byte* y = (to_y ? args.outputs[0] : args.inputs[to_x ? 0 : 1]) + y_at;
      const std::byte *inner_x = x_.needed ? args.scratch + part.x : x, *inner_y = y_.needed ? args.scratch + part.y : y;
      if (x_.needed && !to_x) require(part.x_call.run(x_.primitive, {x, inner_x}));
      if (y_.needed && !to_y) require(part.y_call.run(y_.primitive, {y, inner_y}));
      if (p_.result == ConvResult::weight) {
        float* sum = at(args, part.sum);
        float* one = block == begin ? sum : at(args, part.one);
        require(part.call.run(primitive_, {inner_x, inner_y, one, args.scratch + part.own}));
        if (block != begin) add(sum, one, 0, sum_elements());
        continue;
      }
      require(part.call.run(primitive_, {inner_x, inner_y, weight_.needed ? args.scratch : args.inputs[1], args.scratch + part.own}));
      if (x_.needed && to_x) require(part.x_call.run(x_.primitive, {inner_x, x}));
      if (y_.needed && to_y) require(part.y_call.run(y_.primitive, {inner_y, y}));
    }
  }
  static float* at(const KernelArgs& args, int64_t offset) { return reinterpret_cast<float*>(args.scratch + offset); }
  static void add(float* sum, const float* one, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) sum[i] += one[i];
  }
  void add_up(int part, const KernelArgs& args) const {
    const int64_t n = sum_elements(), begin = n * part / sum_parts(), end = n * (part + 1) / sum_parts();
    for (size_t i = 1; i < parts_.size(); ++i) add(at(args, parts_[0].sum), at(args, parts_[i].sum), begin, end);
  }
  void finish(const KernelArgs& args) {
    if (weight_.needed) require(weight_call_.run(weight_.primitive, {at(args, parts_[0].sum), args.outputs[0]}));
    else std::memcpy(args.outputs[0], at(args, parts_[0].sum), static_cast<size_t>(p_.weights() * 4));
  }

  ConvProblem p_;
  ImageBlocks blocks_;
  Desc given_x_, given_y_, given_weight_;
  PrimitiveDesc description_;
  const_dnnl_memory_desc_t inner_x_ = nullptr, inner_y_ = nullptr, inner_weight_ = nullptr;  // of the description
  Primitive primitive_;
  Reorder x_, y_, weight_;
  Call weight_call_;
  std::vector<Part> parts_;
  int64_t scratch_ = 0;
  bool usable_ = false;
  std::atomic<bool> failed_{false};
};

}  // namespace

std::unique_ptr<Kernel> make_onednn_conv(const ConvProblem& problem) {
  if (switched_off() || problem.dtype != f32) return nullptr;
  if (problem.images * problem.weights() * problem.x_places() * problem.y_places() == 0) return nullptr;
  auto kernel = std::make_unique<OneDnnConv>(problem);
  return kernel->usable() ? std::unique_ptr<Kernel>(std::move(kernel)) : nullptr;
}

#else

std::unique_ptr<Kernel> make_onednn_conv(const ConvProblem&) { return nullptr; }

#endif

}  // namespace lanc::cpu
