// ops/cumulative.h: running sums and products along an axis, and the linear recurrence that their derivatives are made of.
#pragma once

#include <lanc/graph/graph.h>

namespace lanc {

struct CumulativeAttrs {
  int64_t axis = -1;       // along which it runs; negative: from the end
  bool exclusive = false;  // element t is left out of result t: the first result is 0 (1 for products)
  bool reversed = false;   // runs from the last element to the first
  void fields(auto& visit) {
    visit("axis", axis);
    visit("exclusive", exclusive);
    visit("reversed", reversed);
  }
};
extern const OpDef cumsum_op;
extern const OpDef cumprod_op;

/// y_t = x_0 + ... + x_t along `axis`, of x's shape. Any dtype; bool and u8 give i64, integers wrap. Floats below f64 are accumulated in f64, in
/// index order, and each result is rounded once. UserError: rank 0, an axis out of range.
Value cumsum(Operand x, CumulativeAttrs attrs = {});
/// y_t = x_0 * ... * x_t, otherwise like cumsum. Derivatives of any order are exact where elements are 0.
Value cumprod(Operand x, CumulativeAttrs attrs = {});

enum class RecurrenceForm : int64_t {
  plain,      // y_t = a_t y_{t-1} + b_t
  lagged,     // y_t = a_{t-1} y_{t-1} + b_t
  exclusive,  // y_t = s_{t-1} where s_t = a_t s_{t-1} + b_t
};
struct RecurrenceAttrs {
  int64_t axis = -1;
  RecurrenceForm form = RecurrenceForm::plain;
  bool reversed = false;
  void fields(auto& visit) {
    visit("axis", axis);
    visit("form", form);
    visit("reversed", reversed);
  }
};
extern const OpDef linear_recurrence_op;

/// First-order linear recurrence along `axis`, what is before the first element being 0: y_t = a_t y_{t-1} + b_t, or another form. An
/// exponential average is a = 1 - r, b = r x. Operands of one shape, any number dtype (promoted); floats below f64 are accumulated in f64.
/// Derivatives of any order are recurrences of these three forms. UserError: shapes that differ, rank 0, an axis out of range, bool.
Value linear_recurrence(Operand a, Operand b, RecurrenceAttrs attrs = {});

}  // namespace lanc
