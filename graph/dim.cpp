#include <lanc/graph/dim.h>
#include <lanc/graph/error.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <optional>
#include <set>

namespace lanc {
namespace {

enum class AtomKind { symbol, floordiv, ceildiv, smaller, larger };

int64_t checked(bool overflow, int64_t value) {
  if (overflow) throw UserError("dim: sizes must fit in 64 bits, got an expression that does not");
  return value;
}
int64_t add(int64_t a, int64_t b) {
  int64_t r = 0;
  const bool o = __builtin_add_overflow(a, b, &r);
  return checked(o, r);
}
int64_t mul(int64_t a, int64_t b) {
  int64_t r = 0;
  const bool o = __builtin_mul_overflow(a, b, &r);
  return checked(o, r);
}
// -2^63 / -1 is the one quotient that does not fit.
bool divides(int64_t a, int64_t b) { return b == -1 || a % b == 0; }
int64_t divided(int64_t a, int64_t b) {
  if (b == 0) throw UserError("dim: a divisor must not be 0, got 0");
  return b == -1 ? mul(a, -1) : a / b;
}
int64_t floor_divide(int64_t a, int64_t b) {
  const int64_t q = divided(a, b);
  return (!divides(a, b) && ((a < 0) != (b < 0))) ? q - 1 : q;
}
int64_t ceil_divide(int64_t a, int64_t b) {
  const int64_t q = divided(a, b);
  return (!divides(a, b) && ((a < 0) == (b < 0))) ? q + 1 : q;
}
int64_t apply(AtomKind kind, int64_t a, int64_t b) {
  switch (kind) {
    case AtomKind::floordiv: return floor_divide(a, b);
    case AtomKind::ceildiv: return ceil_divide(a, b);
    case AtomKind::smaller: return std::min(a, b);
    case AtomKind::larger: return std::max(a, b);
    case AtomKind::symbol: break;
  }
  throw InternalError("dim: a symbol has no operands");
}

}  // namespace

// A symbol or a division, min or max of two dims. `key` is its text and its identity.
struct Atom {
  AtomKind kind = AtomKind::symbol;
  std::string key;
  Dim a, b;
};

// key of the product -> (coefficient, factors sorted by key); the empty key is the constant term.
struct Term {
  int64_t coefficient = 0;
  std::vector<Atom> factors;
};
struct Dim::Expression {
  std::map<std::string, Term> terms;
};

struct DimBuilder {
  static std::map<std::string, Term> terms(const Dim& d) {
    if (d.expression_) return d.expression_->terms;
    std::map<std::string, Term> result;
    if (d.number_ != 0) result[""] = {d.number_, {}};
    return result;
  }

  // Texts hold the texts of their parts: a size that each of 30 layers takes twice would be written with 2^30 terms.
  static void require_short(size_t characters) {
    if (characters > 10000) throw UserError("dim: the text of an expression must have at most 10000 characters, got more");
  }

  static Dim make(std::map<std::string, Term> terms) {
    std::erase_if(terms, [](const auto& entry) { return entry.second.coefficient == 0; });
    size_t characters = 0;
    for (const auto& [key, term] : terms) characters += key.size();
    require_short(characters);
    Dim d;
    if (terms.empty()) return d;
    if (terms.size() == 1 && terms.begin()->first.empty()) {
      d.number_ = terms.begin()->second.coefficient;
      return d;
    }
    d.expression_ = std::make_shared<const Dim::Expression>(Dim::Expression{std::move(terms)});
    return d;
  }

  static Dim atom(Atom a) {
    const std::string key = a.key;
    return make({{key, Term{1, {std::move(a)}}}});
  }

  static Dim binary(AtomKind kind, const char* name, const Dim& a, const Dim& b) {
    return atom({kind, std::string(name) + "(" + a.text() + ", " + b.text() + ")", a, b});
  }

  static std::string key_of(const std::vector<Atom>& factors) {
    std::string key;
    for (const Atom& f : factors) key += (key.empty() ? "" : "*") + f.key;
    return key;
  }

  // Evaluates with `leaf` giving the dim of each symbol.
  static Dim evaluate(const Dim& d, const std::function<Dim(const std::string&)>& leaf) {
    if (d.is_number()) return d;
    Dim total;
    for (const auto& [key, term] : d.expression_->terms) {
      Dim product = term.coefficient;
      for (const Atom& f : term.factors) product = product * evaluate_atom(f, leaf);
      total = total + product;
    }
    return total;
  }
  static Dim evaluate_atom(const Atom& f, const std::function<Dim(const std::string&)>& leaf) {
    if (f.kind == AtomKind::symbol) return leaf(f.key);
    const Dim a = evaluate(f.a, leaf), b = evaluate(f.b, leaf);
    switch (f.kind) {
      case AtomKind::floordiv: return floordiv(a, b);
      case AtomKind::ceildiv: return ceildiv(a, b);
      case AtomKind::smaller: return smaller_of(a, b);
      case AtomKind::larger: return larger_of(a, b);
      case AtomKind::symbol: break;
    }
    throw InternalError("dim: unknown kind of term");
  }

  // True when every term is a non-negative multiple of a product of symbols (which stand for numbers >= 0).
  static bool surely_non_negative(const Dim& d) {
    if (d.is_number()) return d.number_ >= 0;
    for (const auto& [key, term] : d.expression_->terms) {
      if (term.coefficient < 0) return false;
      for (const Atom& f : term.factors) {
        if (f.kind == AtomKind::symbol) continue;
        const bool a = surely_non_negative(f.a), b = surely_non_negative(f.b);
        if (f.kind == AtomKind::larger ? !(a || b) : !(a && b)) return false;
      }
    }
    return true;
  }
  static int64_t constant(const Dim& d) {
    if (d.is_number()) return d.number_;
    const auto found = d.expression_->terms.find("");
    return found == d.expression_->terms.end() ? 0 : found->second.coefficient;
  }
};

void Dim::refuse_wide() { throw UserError("dim: sizes must be below 2^63, got a number that is not"); }

Dim Dim::symbol(std::string name) { return DimBuilder::atom({AtomKind::symbol, std::move(name), {}, {}}); }

int64_t Dim::number() const {
  if (expression_) throw InternalError("dim: expected a number, got " + text());
  return number_;
}

int64_t Dim::bind(const Bindings& bindings) const {
  return DimBuilder::evaluate(*this, [&](const std::string& name) -> Dim {
           const auto found = bindings.find(name);
           if (found == bindings.end()) throw UserError("dim: every dim must be bound by an input, got no size for '" + name + "'");
           return found->second;
         })
      .number();
}

Dim Dim::substitute(const Bindings& bindings) const {
  return DimBuilder::evaluate(*this, [&](const std::string& name) -> Dim {
    const auto found = bindings.find(name);
    return found == bindings.end() ? Dim::symbol(name) : Dim(found->second);
  });
}

std::vector<std::string> Dim::symbols() const {
  std::set<std::string> names;
  DimBuilder::evaluate(*this, [&](const std::string& name) -> Dim {
    names.insert(name);
    return Dim::symbol(name);
  });
  return {names.begin(), names.end()};
}

std::string Dim::text() const {
  if (!expression_) return std::to_string(number_);
  std::string out;
  const auto append = [&](const std::string& key, int64_t coefficient) {
    const bool negative = coefficient < 0;
    if (out.empty()) {
      if (negative) out += "-";
    } else {
      out += negative ? " - " : " + ";
    }
    std::string magnitude = std::to_string(coefficient);
    if (negative) magnitude.erase(0, 1);
    if (key.empty()) out += magnitude;
    else out += (magnitude == "1" ? "" : magnitude + "*") + key;
  };
  for (const auto& [key, term] : expression_->terms)
    if (!key.empty()) append(key, term.coefficient);
  if (const int64_t c = DimBuilder::constant(*this); c != 0) append("", c);
  return out;
}

bool operator==(const Dim& a, const Dim& b) {
  if (a.is_number() || b.is_number()) return a.is_number() && b.is_number() && a.number_ == b.number_;
  if (a.expression_ == b.expression_) return true;
  const auto& x = a.expression_->terms;
  const auto& y = b.expression_->terms;
  return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](const auto& p, const auto& q) {
    return p.first == q.first && p.second.coefficient == q.second.coefficient;
  });
}

Dim operator+(const Dim& a, const Dim& b) {
  if (a.is_number() && b.is_number()) return add(a.number_, b.number_);
  auto terms = DimBuilder::terms(a);
  for (const auto& [key, term] : DimBuilder::terms(b)) {
    const auto [place, fresh] = terms.try_emplace(key, term);
    if (!fresh) place->second.coefficient = add(place->second.coefficient, term.coefficient);
  }
  return DimBuilder::make(std::move(terms));
}

Dim operator-(const Dim& a, const Dim& b) { return a + Dim(-1) * b; }

Dim operator*(const Dim& a, const Dim& b) {
  if (a.is_number() && b.is_number()) return mul(a.number_, b.number_);
  std::map<std::string, Term> terms;
  size_t characters = 0;  // of products before terms cancel
  for (const auto& [ka, x] : DimBuilder::terms(a))
    for (const auto& [kb, y] : DimBuilder::terms(b)) {
      Term product{mul(x.coefficient, y.coefficient), x.factors};
      product.factors.insert(product.factors.end(), y.factors.begin(), y.factors.end());
      std::stable_sort(product.factors.begin(), product.factors.end(), [](const Atom& p, const Atom& q) { return p.key < q.key; });
      const std::string key = DimBuilder::key_of(product.factors);
      const auto [place, fresh] = terms.try_emplace(key, product);
      if (!fresh) place->second.coefficient = add(place->second.coefficient, product.coefficient);
      else DimBuilder::require_short(characters += key.size());
    }
  return DimBuilder::make(std::move(terms));
}

namespace {

// a / b where b is one product and every term of a is a multiple of it: exact wherever b is not 0.
std::optional<Dim> exact_quotient(const Dim& a, const Dim& b) {
  const auto divisor = DimBuilder::terms(b);
  if (divisor.size() != 1 || a == Dim(0)) return std::nullopt;
  const Term& by = divisor.begin()->second;
  std::map<std::string, Term> quotient;
  for (const auto& [key, term] : DimBuilder::terms(a)) {
    if (!divides(term.coefficient, by.coefficient)) return std::nullopt;
    Term left{divided(term.coefficient, by.coefficient), term.factors};
    for (const Atom& f : by.factors) {
      const auto same = std::find_if(left.factors.begin(), left.factors.end(), [&](const Atom& g) { return g.key == f.key; });
      if (same == left.factors.end()) return std::nullopt;
      left.factors.erase(same);
    }
    const std::string left_key = DimBuilder::key_of(left.factors);
    quotient.emplace(left_key, std::move(left));
  }
  return DimBuilder::make(std::move(quotient));
}

Dim divide(AtomKind kind, const char* name, const Dim& a, const Dim& b) {
  if (a.is_number() && b.is_number()) return apply(kind, a.number(), b.number());
  if (!b.is_number())
    if (const std::optional<Dim> exact = exact_quotient(a, b)) return *exact;
  if (b.is_number()) {
    const int64_t divisor = b.number();
    if (divisor == 0) throw UserError("dim: a divisor must not be 0, got 0");
    if (divisor == 1) return a;
    auto terms = DimBuilder::terms(a);
    const bool exact = std::all_of(terms.begin(), terms.end(), [&](const auto& e) { return divides(e.second.coefficient, divisor); });
    if (exact) {
      for (auto& [key, term] : terms) term.coefficient = divided(term.coefficient, divisor);
      return DimBuilder::make(std::move(terms));
    }
  }
  return DimBuilder::binary(kind, name, a, b);
}

}  // namespace

Dim floordiv(const Dim& a, const Dim& b) { return divide(AtomKind::floordiv, "floordiv", a, b); }
Dim ceildiv(const Dim& a, const Dim& b) { return divide(AtomKind::ceildiv, "ceildiv", a, b); }

Dim smaller_of(const Dim& a, const Dim& b) {
  if (at_most(a, b) == Truth::yes) return a;
  if (at_most(b, a) == Truth::yes) return b;
  return a.text() < b.text() ? DimBuilder::binary(AtomKind::smaller, "min", a, b) : DimBuilder::binary(AtomKind::smaller, "min", b, a);
}
Dim larger_of(const Dim& a, const Dim& b) {
  if (at_most(a, b) == Truth::yes) return b;
  if (at_most(b, a) == Truth::yes) return a;
  return a.text() < b.text() ? DimBuilder::binary(AtomKind::larger, "max", a, b) : DimBuilder::binary(AtomKind::larger, "max", b, a);
}

Truth equal_dims(const Dim& a, const Dim& b) {
  const Dim difference = a - b;
  if (difference.is_number()) return difference.number() == 0 ? Truth::yes : Truth::no;
  const auto never = [](const Dim& d) { return DimBuilder::surely_non_negative(d) && DimBuilder::constant(d) > 0; };
  return never(difference) || never(b - a) ? Truth::no : Truth::unknown;
}

Truth at_most(const Dim& a, const Dim& b) {
  if (DimBuilder::surely_non_negative(b - a)) return Truth::yes;
  const Dim excess = a - b;
  return DimBuilder::surely_non_negative(excess) && DimBuilder::constant(excess) > 0 ? Truth::no : Truth::unknown;
}

namespace {

// sum := product (('+' | '-') product)*; product := factor ('*' factor)*; factor := number | name | function '(' sum ',' sum ')'
class DimParser {
 public:
  explicit DimParser(const std::string& text) : text_(text) {}
  Dim all() {
    const Dim result = sum();
    if (at_ != text_.size()) fail("the end");
    return result;
  }

 private:
  [[noreturn]] void fail(const std::string& wanted) const {
    throw UserError("dim: expected " + wanted + " at character " + std::to_string(at_ + 1) + " of '" + text_ + "'");
  }
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    skip();
    return true;
  }
  Dim sum() {
    Dim total = take('-') ? Dim(-1) * product() : product();
    for (;;) {
      if (take('+')) total = total + product();
      else if (take('-')) total = total - product();
      else return total;
    }
  }
  Dim product() {
    if (++depth_ > 64) fail("at most 64 levels of nesting");
    Dim total = factor();
    while (take('*')) total = total * factor();
    --depth_;
    return total;
  }
  Dim factor() {
    skip();
    const size_t start = at_;
    const auto more = [&](auto test) {
      while (at_ < text_.size() && test(static_cast<unsigned char>(text_[at_]))) ++at_;
      return at_ > start;
    };
    if (more([](int c) { return std::isdigit(c) != 0; })) {
      if (at_ - start > 18) fail("a number below 10^18");
      return std::stoll(text_.substr(start, at_ - start));
    }
    if (!more([](int c) { return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '/'; })) fail("a number or a name");
    const std::string name = text_.substr(start, at_ - start);
    if (!take('(')) return Dim::symbol(name);
    const Dim a = sum();
    if (!take(',')) fail("','");
    const Dim b = sum();
    if (!take(')')) fail("')'");
    if (name == "floordiv") return floordiv(a, b);
    if (name == "ceildiv") return ceildiv(a, b);
    if (name == "min") return smaller_of(a, b);
    if (name == "max") return larger_of(a, b);
    fail("floordiv, ceildiv, min or max");
  }
  const std::string& text_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Dim parse_dim(const std::string& text) { return DimParser(text).all(); }

}  // namespace lanc
