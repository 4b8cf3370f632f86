#include <lanc/ops/random.h>

#include <lanc/graph/error.h>
#include <lanc/ops/elementwise.h>

namespace lanc {
namespace {

Types uniform_types(const InferArgs& args) {
  const auto& attrs = args.attrs<RandomAttrs>();
  if (attrs.dtype != f32 && attrs.dtype != f64) args.fail("dtype must be f32 or f64", std::string(name_of(attrs.dtype)));
  for (size_t i = 0; i < 2; ++i)
    if (!(args.input(i) == Type{i64, {}})) args.fail("seed and step must be i64[]", args.types_text());
  return {{attrs.dtype, attrs.shape}};
}

// splitmix64 (Steele et al. 2014): one round of mixing.
uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

uint64_t named_key(const Scope& scope, const DrawOptions& options, const char* function, uint32_t node) {
  const std::string path = scope.path() + "#" + options.name;
  auto& draws = scope.graph().data()->draws;
  if (const auto found = draws.find(path); found != draws.end())
    throw UserError(std::string(function) + ": draws of one scope must have different names, got '" + options.name + "' twice in scope '" +
                    scope.path() + "'\n  first at " + scope.graph().node(found->second).origin->text() + "; again at " +
                    CallSite::user_line().text() + "; give {.name = ...}");
  draws.emplace(path, node);
  return random_key(scope.path(), options.name);
}

// A draw of dtype 16-bit floats is made in f32 and rounded.
Value draw(const Scope& scope, Shape shape, const DrawOptions& options, const char* function) {
  if (!is_float(options.dtype))
    throw UserError(std::string(function) + ": dtype must be a float, got " + std::string(name_of(options.dtype)) + "\n  at " +
                    CallSite::user_line().text());
  const Graph graph = scope.graph();
  const uint64_t key = named_key(scope, options, function, static_cast<uint32_t>(graph.size()));
  return random_bits_uniform(graph, key, std::move(shape), options.dtype == f64 ? f64 : f32, CallSite::user_line());
}

}  // namespace

const OpDef random_uniform_op{.name = "random_uniform", .family = "random", .arity = 2, .attributes = attributes<RandomAttrs>,
                              .infer = uniform_types, .no_gradient = "a draw does not depend on its seed and step smoothly",
                              .effects = Effects::random, .doc = "Uniform in [0, 1) from Philox4x32-10; operands: seed, step."};

uint64_t random_key(std::string_view path, std::string_view name) {
  uint64_t h = 0xcbf29ce484222325u;  // FNV-1a over path, 0, name
  const auto byte = [&](unsigned char c) { h = (h ^ c) * 0x100000001b3u; };
  for (char c : path) byte(static_cast<unsigned char>(c));
  byte(0);
  for (char c : name) byte(static_cast<unsigned char>(c));
  return mix(h);
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
  const CallSite site("random_uniform", where);
  return apply(random_uniform_op, {session_seed(graph), session_step(graph)}, RandomAttrs{key, std::move(shape), dtype});
}

Value random_uniform(const Scope& scope, Shape shape, Operand low, Operand high, DrawOptions options) {
  const CallSite site("random_uniform", scope.line(), scope.graph().data());
  const Value u = draw(scope, std::move(shape), options, "random_uniform");
  return cast(low + u * (high.is_literal() && low.is_literal() ? Operand(high.literal().real - low.literal().real) : Operand(high - low)),
              options.dtype);
}

Value random_normal(const Scope& scope, Shape shape, Operand mean, Operand deviation, DrawOptions options) {
  const CallSite site("random_normal", scope.line(), scope.graph().data());
  const Value radius = draw(scope, shape, options, "random_normal");
  const Graph graph = scope.graph();
  const Value angle = random_bits_uniform(graph, mix(random_key(scope.path(), options.name)), shape, radius.dtype(), CallSite::user_line());
  // 1 - u lies in (0, 1], so that its logarithm is finite.
  const Value z = sqrt(-2.0 * log(1.0 - radius)) * cos(6.283185307179586 * angle);
  return cast(mean + z * deviation, options.dtype);
}

Value random_bernoulli(const Scope& scope, Shape shape, Operand p, DrawOptions options) {
  const CallSite site("random_bernoulli", scope.line(), scope.graph().data());
  return less_than(draw(scope, std::move(shape), options, "random_bernoulli"), p);
}

Philox philox(uint64_t counter_low, uint64_t counter_high, uint64_t key) {
  uint32_t c[4] = {static_cast<uint32_t>(counter_low), static_cast<uint32_t>(counter_low >> 32), static_cast<uint32_t>(counter_high),
                   static_cast<uint32_t>(counter_high >> 32)};
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53u} * c[0], p1 = uint64_t{0xCD9E8D57u} * c[2];
    const uint32_t n0 = static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k0, n2 = static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k1;
    c[1] = static_cast<uint32_t>(p1);
    c[3] = static_cast<uint32_t>(p0);
    c[0] = n0;
    c[2] = n2;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return {{c[0], c[1], c[2], c[3]}};
}

uint64_t philox_key(uint64_t key, int64_t seed) { return mix(key ^ mix(static_cast<uint64_t>(seed))); }

void fill_uniform(DType dtype, uint64_t key, int64_t seed, int64_t step, int64_t begin, int64_t end, std::byte* out) {
  const uint64_t k = philox_key(key, seed);
  const int64_t per_block = dtype == f64 ? 2 : 4;
  for (int64_t i = begin; i < end;) {
    const int64_t block = i / per_block;
    const Philox r = philox(static_cast<uint64_t>(block), static_cast<uint64_t>(step), k);
    for (int64_t lane = i % per_block; lane < per_block && i < end; ++lane, ++i) {
      if (dtype == f64) {
        const uint64_t bits = (uint64_t{r.words[2 * lane + 1]} << 32) | r.words[2 * lane];
        reinterpret_cast<double*>(out)[i] = static_cast<double>(bits >> 11) * 0x1p-53;
      } else {
        reinterpret_cast<float*>(out)[i] = static_cast<float>(r.words[lane] >> 8) * 0x1p-24f;
      }
    }
  }
}

}  // namespace lanc
