// ops/scalar/table.h: the one place where scalar functions are defined: a row is everything that is known about one.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <lanc/ops/scalar/formula.h>

namespace lanc {

/// Which dtypes a function takes and gives.
enum class Signature : uint8_t {
  real,        // floats; integers and bools are taken as f32; gives the promoted float
  number,      // promoted number; bools count in i32
  comparison,  // promoted; gives bool
  logical,     // anything, not equal to 0; gives bool
  bits,        // integers and bools
  shift,       // integers; bools count in i32
  test,        // floats (others are taken as f32); gives bool
  select,      // (condition, x, y): x and y promoted, any dtype
  cast,
};

class M;  // a machine value, program.h

/// Largest error in units in the last place over the domain that tests/scalar/accuracy_test.cpp samples, which fails beyond it; 0.5: the nearest
/// number. 16-bit floats are computed in f32 and rounded once more.
struct Accuracy {
  double f32 = 0.5;
  double f64 = 0.5;
  double floor = 0;  // results below it count as of this size: the function crosses 0 where its arguments are no numbers
};

struct ScalarFunction {
  std::string_view name;
  int arity = 1;
  Signature signature = Signature::real;
  /// d f / d x_i from the arguments and the result; none where it is 0 everywhere. Null: 0 for every argument.
  std::optional<Scalar> (*partial)(std::span<const Scalar> x, const Scalar& r, int i) = nullptr;
  /// May a partial derivative be infinite or NaN where the function is finite? Then a zero cotangent is guarded.
  bool singular = false;
  /// A function of other rows: computed and differentiated through them (partial overrides the latter).
  Scalar (*definition)(std::span<const Scalar> x) = nullptr;
  /// How it is computed in its promoted dtype; null for definitions.
  M (*rule)(std::span<const M> x) = nullptr;
  Accuracy accuracy = {};
  std::string_view doc = "";
};

/// All rows, in a fixed order.
std::span<const ScalarFunction> scalar_functions();
/// Null when there is none.
const ScalarFunction* scalar_function(std::string_view name);
/// A formula with the one call.
Formula formula_of_row(const ScalarFunction& row);
/// The definition as a formula.
Formula formula_of_definition(const ScalarFunction& row);
/// The dtype of a call; UserError when it does not take these.
DType result_type(const ScalarFunction& row, std::span<const DType> args, DType cast_to);
/// The dtype in which the operands meet before the rule is applied.
DType operand_type(const ScalarFunction& row, std::span<const DType> args, DType cast_to);

}  // namespace lanc
