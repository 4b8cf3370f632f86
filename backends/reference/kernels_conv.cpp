// Reference kernels of convolutions: y, the gradient of x and that of the weight are the same sum, over other indices.
#include <lanc/backends/reference/reference.h>

#include <type_traits>

#include <lanc/ops/conv.h>

namespace lanc {
namespace {

// The three tensors' sizes, whichever of them is the result.
struct Convolution {
  const ConvAttrs& attrs;
  const Sizes &x, &weight, &y;
  Sizes low = {}, x_strides = row_major(x), weight_strides = row_major(weight), y_strides = row_major(y);

  Convolution(const ConvAttrs& a, const Sizes& of_x, const Sizes& of_weight, const Sizes& of_y) : attrs(a), x(of_x), weight(of_weight), y(of_y) {
    for (const Margin& m : attrs.padding) low.push_back(m.low.number());
  }
  size_t axes() const { return low.size(); }
  int64_t inputs_of_group() const { return weight[1]; }
  int64_t outputs_of_group() const { return weight[0] / attrs.groups; }

  // Elements (n, c, places) of x, (n, o, places) of y; x's is -1 outside.
  static int64_t at(const Sizes& strides, int64_t first, int64_t second, const Sizes& places) {
    int64_t i = first * strides[0] + second * strides[1];
    for (size_t a = 0; a < places.size(); ++a) i += places[a] * strides[a + 2];
    return i;
  }
  // The place of x that the kernel's element `k` meets for the result's place `to`; false outside of x.
  bool meets(const Sizes& to, const Sizes& k, Sizes& from) const {
    for (size_t a = 0; a < axes(); ++a) {
      from[a] = to[a] * attrs.strides[a] - low[a] + k[a] * attrs.dilations[a];
      if (from[a] < 0 || from[a] >= x[a + 2]) return false;
    }
    return true;
  }
  // The place of y for which the kernel's element `k` meets the place `from` of x.
  bool met(const Sizes& from, const Sizes& k, Sizes& to) const {
    for (size_t a = 0; a < axes(); ++a) {
      const int64_t distance = from[a] + low[a] - k[a] * attrs.dilations[a];
      if (distance < 0 || distance % attrs.strides[a] != 0) return false;
      to[a] = distance / attrs.strides[a];
      if (to[a] >= y[a + 2]) return false;
    }
    return true;
  }
};

Sizes spatial(const Sizes& sizes) { return {sizes.begin() + 2, sizes.end()}; }

// Calls fill with double for floats, which are rounded once, and with uint64_t for integers, which wrap.
template <class F>
void with_accumulator(DType dtype, F fill) {
  if (is_float(dtype)) fill.template operator()<double>();
  else fill.template operator()<uint64_t>();
}
template <class Acc>
void store_total(Tensor& to, int64_t i, Acc total) {
  if constexpr (std::is_floating_point_v<Acc>) store(to, i, total);
  else store(to, i, static_cast<int64_t>(total));
}

void conv_kernel(const ReferenceCall& call) {
  const Tensor &x = call.inputs[0], &weight = call.inputs[1];
  Tensor& y = call.outputs[0];
  const Convolution c(call.attrs<ConvAttrs>(), x.sizes(), weight.sizes(), y.sizes());
  with_accumulator(x.dtype(), [&]<class Acc>() {
    Sizes from(c.axes());
    for_each_index(y.sizes(), [&](int64_t i, const Sizes& index) {
      const int64_t first = index[1] / c.outputs_of_group() * c.inputs_of_group();
      const Sizes to = spatial(index);
      Acc total = 0;
      for (int64_t in = 0; in < c.inputs_of_group(); ++in)
        for_each_index(spatial(c.weight), [&](int64_t, const Sizes& k) {
          if (!c.meets(to, k, from)) return;
          total += load<Acc>(x, c.at(c.x_strides, index[0], first + in, from)) * load<Acc>(weight, c.at(c.weight_strides, index[1], in, k));
        });
      store_total(y, i, total);
    });
  });
}

void input_gradient_kernel(const ReferenceCall& call) {
  const Tensor &dy = call.inputs[0], &weight = call.inputs[1];
  Tensor& dx = call.outputs[0];
  const Convolution c(call.attrs<ConvAttrs>(), dx.sizes(), weight.sizes(), dy.sizes());
  with_accumulator(dy.dtype(), [&]<class Acc>() {
    Sizes to(c.axes());
    for_each_index(dx.sizes(), [&](int64_t i, const Sizes& index) {
      const int64_t group = index[1] / c.inputs_of_group(), in = index[1] % c.inputs_of_group();
      const Sizes from = spatial(index);
      Acc total = 0;
      for (int64_t o = group * c.outputs_of_group(); o < (group + 1) * c.outputs_of_group(); ++o)
        for_each_index(spatial(c.weight), [&](int64_t, const Sizes& k) {
          if (!c.met(from, k, to)) return;
          total += load<Acc>(dy, c.at(c.y_strides, index[0], o, to)) * load<Acc>(weight, c.at(c.weight_strides, o, in, k));
        });
      store_total(dx, i, total);
    });
  });
}

void weight_gradient_kernel(const ReferenceCall& call) {
  const Tensor &x = call.inputs[0], &dy = call.inputs[1];
  Tensor& dw = call.outputs[0];
  const Convolution c(call.attrs<ConvAttrs>(), x.sizes(), dw.sizes(), dy.sizes());
  with_accumulator(x.dtype(), [&]<class Acc>() {
    Sizes from(c.axes());
    for_each_index(dw.sizes(), [&](int64_t i, const Sizes& index) {
      const int64_t in = index[0] / c.outputs_of_group() * c.inputs_of_group() + index[1];
      const Sizes k = spatial(index);
      Acc total = 0;
      for (int64_t n = 0; n < c.x[0]; ++n)
        for_each_index(spatial(c.y), [&](int64_t, const Sizes& to) {
          if (!c.meets(to, k, from)) return;
          total += load<Acc>(x, c.at(c.x_strides, n, in, from)) * load<Acc>(dy, c.at(c.y_strides, n, index[0], to));
        });
      store_total(dw, i, total);
    });
  });
}

}  // namespace

void add_reference_conv(ReferenceTable& table);
void add_reference_conv(ReferenceTable& table) {
  table.add(conv_op, conv_kernel);
  table.add(conv_input_gradient_op, input_gradient_kernel);
  table.add(conv_weight_gradient_op, weight_gradient_kernel);
}

}  // namespace lanc
