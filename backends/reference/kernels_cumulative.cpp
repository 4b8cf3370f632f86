// Reference kernels of what runs along an axis: cumulative sums and products, linear recurrences.
#include <lanc/backends/reference/reference.h>

#include <type_traits>

#include <lanc/ops/cumulative.h>

namespace lanc {
namespace {

// Calls each(element before, element) along the axis, `before` being -1 for the first of a row.
template <class F>
void for_each_in_order(const Tensor& x, int64_t axis, bool reversed, F each) {
  const auto at = static_cast<size_t>(axis < 0 ? axis + x.rank() : axis);
  const int64_t length = x.sizes()[at], stride = row_major(x.sizes())[at];
  for_each_index(x.sizes(), [&](int64_t i, const Sizes& index) {
    if (index[at] != 0) return;
    int64_t before = -1;
    for (int64_t t = 0; t < length; ++t) {
      const int64_t now = i + stride * (reversed ? length - 1 - t : t);
      each(before, now);
      before = now;
    }
  });
}

// Floats are accumulated in f64 and each result is rounded; integers wrap.
template <class F>
void with_accumulator(DType dtype, F f) {
  if (is_float(dtype)) f.template operator()<double, double>();
  else f.template operator()<uint64_t, int64_t>();
}

template <bool product>
void cumulative_kernel(const ReferenceCall& call) {
  const auto& attrs = call.attrs<CumulativeAttrs>();
  const Tensor& x = call.inputs[0];
  with_accumulator(x.dtype(), [&]<class Acc, class Stored>() {
    Acc total = 0;
    for_each_in_order(x, attrs.axis, attrs.reversed, [&](int64_t before, int64_t now) {
      if (before < 0) total = product ? 1 : 0;
      if (attrs.exclusive) store(call.outputs[0], now, static_cast<Stored>(total));
      const Acc v = load<Acc>(x, now);
      total = product ? total * v : total + v;
      if (!attrs.exclusive) store(call.outputs[0], now, static_cast<Stored>(total));
    });
  });
}

void recurrence_kernel(const ReferenceCall& call) {
  const auto& attrs = call.attrs<RecurrenceAttrs>();
  const Tensor &a = call.inputs[0], &b = call.inputs[1];
  with_accumulator(a.dtype(), [&]<class Acc, class Stored>() {
    Acc state = 0;
    for_each_in_order(a, attrs.axis, attrs.reversed, [&](int64_t before, int64_t now) {
      if (before < 0) state = 0;
      if (attrs.form == RecurrenceForm::exclusive) store(call.outputs[0], now, static_cast<Stored>(state));
      // The first element has nothing before it: its factor does not matter, not even when it is infinite.
      if (before < 0) state = load<Acc>(b, now);
      else state = load<Acc>(a, attrs.form == RecurrenceForm::lagged ? before : now) * state + load<Acc>(b, now);
      if (attrs.form != RecurrenceForm::exclusive) store(call.outputs[0], now, static_cast<Stored>(state));
    });
  });
}

}  // namespace

void add_reference_cumulative(ReferenceTable& table);
void add_reference_cumulative(ReferenceTable& table) {
  table.add(cumsum_op, cumulative_kernel<false>);
  table.add(cumprod_op, cumulative_kernel<true>);
  table.add(linear_recurrence_op, recurrence_kernel);
}

}  // namespace lanc
