#include <lanc/ops/random.h>

#include <cmath>
#include <limits>

#include <lanc/graph/error.h>
#include <lanc/ops/box_muller.h>
#include <lanc/ops/constructors.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/philox.h>
#include <lanc/ops/reduce.h>
#include <lanc/ops/requirements.h>

namespace lanc {
namespace {

void require_seed_and_step(const InferArgs& args) {
  for (size_t i = 0; i < 2; ++i)
    if (!(args.input(i) == Type{i64, {}})) args.fail("seed and step must be i64[]", args.types_text());
}

Types uniform_types(const InferArgs& args) {
  const auto& attrs = args.attrs<RandomAttrs>();
  if (attrs.dtype != f32 && attrs.dtype != f64) args.fail("dtype must be f32 or f64", std::string(name_of(attrs.dtype)));
  require_seed_and_step(args);
  return {{attrs.dtype, attrs.shape}};
}

Types bernoulli_types(const InferArgs& args) {
  uniform_types(args);
  const Shape &shape = args.attrs<RandomAttrs>().shape, &p = args.shape(2);
  const std::string requirement = "p must broadcast to the draw's shape " + shape_text(shape);
  if (p.size() > shape.size()) args.fail(requirement, args.input(2).text());
  for (size_t i = 0; i < p.size(); ++i)
    if (!(p[i] == Dim(1))) args.require_equal(p[i], shape[shape.size() - p.size() + i], requirement);
  return {{boolean, shape}};
}

Types categorical_types(const InferArgs& args) {
  uniform_types(args);
  const Shape& shape = args.shape(2);
  if (shape.empty()) args.fail("logits must have the classes as last axis", args.input(2).text());
  return {{i64, {shape.begin(), shape.end() - 1}}};
}

Types permutation_types(const InferArgs& args) {
  require_seed_and_step(args);
  return {{i64, {args.attrs<PermutationAttrs>().size}}};
}

// The draw of a composite: seed and step come first.
Value uniform_of(const std::vector<Value>& inputs, const Attributes& attributes) {
  return apply(random_uniform_op, {inputs[0], inputs[1]}, attributes.as<RandomAttrs>());
}

std::vector<Value> bernoulli_compose(const std::vector<Value>& inputs, const Attributes& attributes, const OpDef&) {
  return {less_than(uniform_of(inputs, attributes), inputs[2])};
}

// -log(-log(1 - u)); a u of 0 counts as half a step above it, which keeps the result finite.
Value standard_gumbel(const Value& u) { return -log(-log1p(-max(u, u.dtype() == f64 ? 0x1p-54 : 0x1p-25))); }

std::vector<Value> categorical_compose(const std::vector<Value>& inputs, const Attributes& attributes, const OpDef&) {
  const Value u = uniform_of(inputs, attributes);
  const Value z = cast(inputs[2], u.dtype()) + standard_gumbel(u);
  // The first position that is not below the largest; in a row with a NaN that is 0.
  const Value below = less_than(z, reduce_max(z, {.axes = {-1}, .keep = true}));
  const Value positions = broadcast_to(arange(z.graph(), z.size(-1), i64), z.shape(), {z.rank() - 1});
  return {reduce_min(where(below, std::numeric_limits<int64_t>::max(), positions), {.axes = {-1}})};
}

// The draw's numbers are as many as its elements; a permutation sorts them.
Cost permutation_cost(const CostArgs& args) { return {args.outputs[0].numel(), args.outputs[0].bytes()}; }

// One name per scope: two draws with one key would be the same numbers.
uint64_t named_key(const Scope& scope, const std::string& name) {
  const Graph graph = scope.graph();
  const std::string path = scope.path() + "#" + name;
  auto& draws = graph.data()->draws;
  if (const auto found = draws.find(path); found != draws.end()) {
    const std::string function = CallSite::function();
    throw UserError(function + ": draws of one scope must have different names, got '" + name + "' twice in scope '" + scope.path() +
                    "'\n  first at " + graph.node(found->second).origin->text() + "; again at " + CallSite::user_line().text() + "; give a name or another scope");
  }
  draws.emplace(path, static_cast<uint32_t>(graph.size()));
  return random_key(scope.path(), name);
}

DType draw_dtype(DType wanted) { return wanted == f64 ? f64 : f32; }

// Checked before the name is taken.
Value named_uniform(const Scope& scope, const Shape& shape, const std::string& name, DType dtype) {
  if (!is_float(dtype)) refuse("dtype must be a float", std::string(name_of(dtype)));
  require_shape(scope.graph(), shape);
  return random_bits_uniform(scope.graph(), named_key(scope, name), shape, draw_dtype(dtype), CallSite::user_line());
}

// The result of a draw with parameters: of the draw's shape, whatever they are.
Value of_shape(const Value& result, const Shape& shape, DType dtype) {
  if (!(result.shape() == shape))
    refuse("parameters must broadcast to the draw's shape " + shape_text(shape), "a result of shape " + shape_text(result.shape()));
  return cast(result, dtype);
}

void require_real(const char* name, const Operand& parameter) {
  if (!parameter.is_literal() && !is_float(parameter.dtype()))
    refuse(std::string(name) + " must be a number or a float", parameter.type().text(), parameter.value());
}

}  // namespace

const OpDef random_uniform_op{.name = "random_uniform", .family = "random", .arity = 2, .attributes = attributes<RandomAttrs>,
                              .infer = uniform_types, .no_gradient = "a draw does not depend on its seed and step smoothly",
                              .effects = Effects::random, .doc = "Uniform in [0, 1) from Philox4x32-10; operands: seed, step."};
const OpDef random_bernoulli_op{.name = "random_bernoulli", .family = "random", .arity = 3, .attributes = attributes<RandomAttrs>,
                                .infer = bernoulli_types, .no_gradient = "a draw that is true or false does not depend on p smoothly",
                                .effects = Effects::random, .compose = bernoulli_compose,
                                .doc = "True where a uniform draw lies below p; operands: seed, step, p."};
const OpDef random_categorical_op{.name = "random_categorical", .family = "random", .arity = 3, .attributes = attributes<RandomAttrs>,
                                  .infer = categorical_types, .no_gradient = "a class does not depend on its logits smoothly",
                                  .effects = Effects::random, .compose = categorical_compose,
                                  .doc = "The position of the largest of logits + gumbel along the last axis; operands: seed, step, logits."};
const OpDef random_permutation_op{.name = "random_permutation", .family = "random", .arity = 2, .attributes = attributes<PermutationAttrs>,
                                  .infer = permutation_types, .no_gradient = "a permutation has no derivative", .cost = permutation_cost,
                                  .effects = Effects::random, .doc = "0, 1, ..., size - 1 sorted by random bits; operands: seed, step."};

uint64_t random_key(std::string_view path, std::string_view name) {
  uint64_t h = 0xcbf29ce484222325u;  // FNV-1a over path, 0, name
  const auto byte = [&](unsigned char c) { h = (h ^ c) * 0x100000001b3u; };
  for (char c : path) byte(static_cast<unsigned char>(c));
  byte(0);
  for (char c : name) byte(static_cast<unsigned char>(c));
  return mix_bits(h);
}

Value session_step(Graph graph) {
  if (const auto found = graph.find(session_step_path)) return *found;
  Graph initial;
  Tensor zero(i64, {});
  initial.set_outputs({constant(initial, zero)});
  return graph.state(std::string(session_step_path), {i64, {}}, initial, CallSite::user_line());
}

Value session_seed(Graph graph) {
  if (const auto found = graph.find(session_seed_path)) return *found;
  return graph.state(std::string(session_seed_path), {i64, {}}, Graph(nullptr), CallSite::user_line());
}

Value random_bits_uniform(Graph graph, uint64_t key, Shape shape, DType dtype, SourceLine where) {
  const CallSite site("random_uniform", where, graph.data());
  return apply(random_uniform_op, {session_seed(graph), session_step(graph)}, RandomAttrs{key, std::move(shape), dtype});
}

Value random_uniform(const Scope& scope, Shape shape, Operand low, Operand high, DrawOptions options, std::source_location where) {
  const CallSite site("random_uniform", where, scope.graph().data());
  require_real("low", low);
  require_real("high", high);
  const Value u = named_uniform(scope, shape, options.name, options.dtype);
  const bool numbers = low.is_literal() && high.is_literal();
  if (numbers && !(low.literal().real <= high.literal().real)) refuse("low must be at most high", low.literal().text() + " and " + high.literal().text());
  const Operand width = numbers ? Operand(high.literal().real - low.literal().real) : Operand(high - low);
  return of_shape(low + u * width, shape, options.dtype);
}

Value random_normal(const Scope& scope, Shape shape, Operand mean, Operand deviation, DrawOptions options, std::source_location where) {
  const CallSite site("random_normal", where, scope.graph().data());
  require_real("mean", mean);
  require_real("deviation", deviation);
  if (deviation.is_literal() && !(deviation.literal().real >= 0)) refuse("the deviation must be at least 0", deviation.literal().text());
  const Value u = named_uniform(scope, shape, options.name, options.dtype);
  const uint64_t second = mix_bits(random_key(scope.path(), options.name));
  const Value v = random_bits_uniform(scope.graph(), second, shape, u.dtype(), CallSite::user_line());
  return of_shape(mean + box_muller(u, v) * deviation, shape, options.dtype);
}

Value random_truncated_normal(const Scope& scope, Shape shape, Operand mean, Operand deviation, TruncatedOptions options, std::source_location where) {
  const CallSite site("random_truncated_normal", where, scope.graph().data());
  require_real("mean", mean);
  require_real("deviation", deviation);
  if (!(options.low < options.high && options.low <= 6 && options.high >= -6))
    refuse("low must be below high, low at most 6 and high at least -6 deviations", number_text(options.low) + " and " + number_text(options.high));
  if (!is_float(options.dtype)) refuse("dtype must be a float", std::string(name_of(options.dtype)));
  // F(z) = (1 + erf(z / sqrt(2))) / 2, and z the inverse of F(low) + u (F(high) - F(low)). A u of 0 counts as half a step above it: a side
  // that is open stays finite.
  const Value u = max(named_uniform(scope, shape, options.name, f64), 0x1p-54);
  const double root = 1.4142135623730951, from = std::erf(options.low / root), to = std::erf(options.high / root);
  const Value z = cast(clamp(root * erfinv(from + u * (to - from)), options.low, options.high), draw_dtype(options.dtype));
  return of_shape(mean + z * deviation, shape, options.dtype);
}

Value random_exponential(const Scope& scope, Shape shape, Operand rate, DrawOptions options, std::source_location where) {
  const CallSite site("random_exponential", where, scope.graph().data());
  require_real("rate", rate);
  const Value u = named_uniform(scope, shape, options.name, options.dtype);
  return of_shape(-log1p(-u) / rate, shape, options.dtype);
}

Value random_gumbel(const Scope& scope, Shape shape, Operand location, Operand scale, DrawOptions options, std::source_location where) {
  const CallSite site("random_gumbel", where, scope.graph().data());
  require_real("location", location);
  require_real("scale", scale);
  const Value u = named_uniform(scope, shape, options.name, options.dtype);
  return of_shape(location + standard_gumbel(u) * scale, shape, options.dtype);
}

Value random_bernoulli(const Scope& scope, Shape shape, Operand p, DrawOptions options, std::source_location where) {
  const CallSite site("random_bernoulli", where, scope.graph().data());
  require_real("p", p);
  if (p.is_literal() && !(p.literal().real >= 0 && p.literal().real <= 1)) refuse("p must be in [0, 1]", p.literal().text());
  const Graph graph = scope.graph();
  if (!is_float(options.dtype)) refuse("dtype must be a float", std::string(name_of(options.dtype)));
  require_shape(graph, shape);
  const DType dtype = draw_dtype(options.dtype);
  const uint64_t key = named_key(scope, options.name);
  const Value seed = session_seed(graph), step = session_step(graph);
  const Value chance = p.is_literal() ? constant(graph, Tensor::scalar(p.literal().real).to(dtype)) : cast(p, dtype);
  return apply(random_bernoulli_op, {seed, step, chance}, RandomAttrs{key, std::move(shape), dtype});
}

Value random_categorical(const Scope& scope, Operand logits, std::string name, std::source_location where) {
  const CallSite site("random_categorical", where, scope.graph().data());
  if (!is_float(logits.dtype())) refuse("logits must be floats", logits.type().text(), logits.value());
  if (logits.rank() == 0 || logits.size(-1) == Dim(0))
    refuse("logits must have at least one class along their last axis", logits.type().text(), logits.value());
  const Graph graph = scope.graph();
  const uint64_t key = named_key(scope, name);
  const RandomAttrs attrs{key, logits.shape(), draw_dtype(logits.dtype())};
  return apply(random_categorical_op, {session_seed(graph), session_step(graph), logits}, attrs);
}

Value random_permutation(const Scope& scope, Dim size, std::string name, std::source_location where) {
  const CallSite site("random_permutation", where, scope.graph().data());
  const Graph graph = scope.graph();
  require_shape(graph, {size});
  const uint64_t key = named_key(scope, name);
  return apply(random_permutation_op, {session_seed(graph), session_step(graph)}, PermutationAttrs{key, std::move(size)});
}

}  // namespace lanc
