// models/dropout.h: layers that leave out random elements while a network learns, so that it does not rely on any of them.
#pragma once

#include <source_location>
#include <string>

#include <lanc/graph/graph.h>
#include <lanc/models/mode.h>

namespace lanc::models {

/// The probability that an element is kept, in (0, 1]: a number, or a value of rank 0 such as a Knob.
struct DropoutOptions {
  Operand keep = 0.5;
};

/// y = x / keep where a draw keeps the element, else 0, so that the expectation of y is x (Srivastava et al. 2014); x itself in Mode::inference. Each
/// element has a draw of its own, made anew in each call that trains; it is named by the scope. Any float dtype and shape. UserError: a number keep
/// outside (0, 1], a keep of another rank; x that is no float; a second call in Mode::training (two layers are needed, or dropout with scopes of its own).
class Dropout {
 public:
  explicit Dropout(const Scope& scope, DropoutOptions options = {}, std::source_location where = std::source_location::current());
  Value operator()(Operand x, Mode mode) const;

 private:
  Scope scope_;
  Operand keep_;
};

/// For selu: left out elements become selu's lower limit a = -1.758..., and y = p * z + q brings mean 0 and variance 1 back to 0 and 1:
/// p = (keep + a^2 keep (1 - keep))^(-1/2), q = -p (1 - keep) a (Klambauer et al. 2017). Errors as Dropout.
class AlphaDropout {
 public:
  explicit AlphaDropout(const Scope& scope, DropoutOptions options = {}, std::source_location where = std::source_location::current());
  Value operator()(Operand x, Mode mode) const;

 private:
  Scope scope_;
  Operand keep_;
};

/// What Dropout does in Mode::training, with the draw of this scope.
Value dropout(const Scope& scope, Operand x, DropoutOptions options = {});
Value alpha_dropout(const Scope& scope, Operand x, DropoutOptions options = {});

}  // namespace lanc::models
