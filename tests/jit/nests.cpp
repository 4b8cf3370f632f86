#include <lanc/tests/jit/nests.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>

#include <lanc/backends/cpu/fused_kernel.h>
#include <lanc/backends/cpu/nest_code.h>
#include <lanc/graph/error.h>
#include <lanc/ops/scalar/float_environment.h>

namespace lanc::jit_tests {

Environment::Environment(const char* name, const char* value) : name_(name) {
  if (const char* old = std::getenv(name)) before_ = old;
  if (value != nullptr) setenv(name, value, 1);
  else unsetenv(name);
}
Environment::~Environment() {
  if (before_) setenv(name_.c_str(), before_->c_str(), 1);
  else unsetenv(name_.c_str());
}

TemporaryFolder::TemporaryFolder() {
  path = (std::filesystem::temp_directory_path() / "lanc-test-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary folder");
}
TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::permissions(path, std::filesystem::perms::owner_all, ignored);
  std::filesystem::remove_all(path, ignored);
}

std::string Nest::text() const {
  std::string out = "sizes";
  for (int64_t s : sizes) out += " " + std::to_string(s);
  for (const NestOperand& o : operands) {
    out += "; " + std::string(name_of(o.dtype)) + " along";
    for (int64_t a : o.axes) out += " " + std::to_string(a);
  }
  for (const FusedOutput& o : outputs) {
    out += "; output " + std::to_string(static_cast<int>(o.kind)) + " over";
    for (int64_t a : o.reduced) out += " " + std::to_string(a);
  }
  return out + "; " + formula.text();
}

namespace {

template <class T>
T random_float(std::mt19937_64& random) {
  using L = std::numeric_limits<T>;
  const auto unit = [&] { return std::uniform_real_distribution<double>(-1, 1)(random); };
  switch (random() % 16) {
    case 0: {
      const T special[] = {T(0), -T(0), L::infinity(), -L::infinity(), L::quiet_NaN(), L::denorm_min(), -L::denorm_min(), L::min() / 2, L::min(), L::max(),
                           L::lowest(), T(1), T(-1), T(0.5), T(2147483648.0), T(-2147483648.0)};
      return special[random() % std::size(special)];
    }
    case 1: return static_cast<T>(std::ldexp(unit(), static_cast<int>(random() % 300) - 150));
    case 2: return static_cast<T>(std::rint(unit() * 20));
    case 3: return static_cast<T>(unit() * 1e6);
    default: return static_cast<T>(unit() * 8);
  }
}
template <class T>
T random_integer(std::mt19937_64& random) {
  using L = std::numeric_limits<T>;
  const T special[] = {T(0), T(1), T(-1), L::max(), L::lowest(), T(L::max() - 1), T(2), T(7)};
  if (random() % 8 == 0) return special[random() % std::size(special)];
  if (random() % 4 == 0) return static_cast<T>(random());
  return static_cast<T>(static_cast<int64_t>(random() % 41) - 20);
}

bool is_nan(DType t, const std::byte* p) {
  double v = 0;
  uint16_t half = 0;
  float single = 0;
  if (t == f64) std::memcpy(&v, p, 8);
  if (t == f32) std::memcpy(&single, p, 4);
  if (is_storage_only(t)) std::memcpy(&half, p, 2);
  return t == f64 ? std::isnan(v) : t == f32 ? std::isnan(single) : t == bf16 ? std::isnan(from_bf16_bits(half)) : t == f16 && std::isnan(from_f16_bits(half));
}

std::string hex(const std::byte* p, int64_t n) {
  std::string out;
  for (int64_t i = n; i-- > 0;) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", static_cast<unsigned>(p[i]));
    out += two;
  }
  return out;
}

int64_t elements_of(const Nest& nest, const NestOperand& o) {
  int64_t n = 1;
  for (int64_t a : o.axes) n *= a < 0 ? 1 : nest.sizes[static_cast<size_t>(a)];
  return n;
}

}  // namespace

std::vector<std::byte> random_elements(DType dtype, int64_t count, std::mt19937_64& random) {
  std::vector<std::byte> bytes(static_cast<size_t>(count * size_of(dtype)));
  const auto put = [&](int64_t i, auto value) { std::memcpy(bytes.data() + i * static_cast<int64_t>(sizeof value), &value, sizeof value); };
  for (int64_t i = 0; i < count; ++i) switch (dtype) {
      case DType::f64: put(i, random_float<double>(random)); break;
      case DType::f32: put(i, random_float<float>(random)); break;
      case DType::bf16: put(i, to_bf16_bits(random_float<float>(random))); break;
      case DType::f16: put(i, random() % 8 == 0 ? static_cast<uint16_t>(random()) : to_f16_bits(random_float<float>(random))); break;
      case DType::i64: put(i, random_integer<int64_t>(random)); break;
      case DType::i32: put(i, random_integer<int32_t>(random)); break;
      case DType::u8: put(i, random_integer<uint8_t>(random)); break;
      case DType::boolean: put(i, static_cast<uint8_t>(random() % 2)); break;
    }
  return bytes;
}

Bytes random_operands(const Nest& nest, std::mt19937_64& random) {
  Bytes all;
  for (const NestOperand& o : nest.operands) all.push_back(random_elements(o.dtype, elements_of(nest, o), random));
  return all;
}

Bytes tame_operands(const Nest& nest, std::mt19937_64& random) {
  Bytes all;
  for (const NestOperand& o : nest.operands) {
    const int64_t n = elements_of(nest, o);
    Tensor t(o.dtype, {n});
    for (int64_t i = 0; i < n; ++i) {
      const double u = 2 * static_cast<double>(random() >> 11) * 0x1p-53 - 1;
      t.set(i, is_float(o.dtype) ? u : std::trunc(100 * u));
    }
    all.emplace_back(t.data(), t.data() + t.bytes());
  }
  return all;
}

NestNode::NestNode(const Nest& nest) {
  std::vector<Operand> operands;
  FusedAttrs attrs{.formula = nest.formula, .outputs = nest.outputs};
  for (int64_t s : nest.sizes) attrs.shape.emplace_back(s);
  for (const NestOperand& o : nest.operands) {
    Shape shape;
    for (int64_t a : o.axes) shape.emplace_back(a < 0 ? 1 : nest.sizes[static_cast<size_t>(a)]);
    operands.emplace_back(graph_.input("x" + std::to_string(operands.size()), o.dtype, shape));
    attrs.inputs.push_back({o.axes});
  }
  const Value v = apply(fused_op, operands, attrs);
  id_ = v.node_id();
  types_ = node().outputs;
}

Bytes run(const NestNode& node, Kernel& kernel, const Bytes& operands) {
  const FloatEnvironment environment;
  Bytes results;
  for (const Type& t : node.result_types()) results.emplace_back(static_cast<size_t>(numel_of(sizes_of(t.shape)) * size_of(t.dtype)), std::byte{0xa5});
  std::vector<std::byte> scratch(static_cast<size_t>(kernel.scratch_bytes()) + 64, std::byte{0x5a});
  std::vector<const std::byte*> inputs;
  std::vector<std::byte*> outputs;
  for (const auto& o : operands) inputs.push_back(o.data());
  for (auto& r : results) outputs.push_back(r.data());
  auto* aligned = reinterpret_cast<std::byte*>((reinterpret_cast<uintptr_t>(scratch.data()) + 63) / 64 * 64);
  const KernelArgs args{inputs.data(), outputs.data(), aligned};
  for (int phase = 0; phase < kernel.phases(); ++phase)
    for (int part = 0; part < kernel.parts(phase); ++part) kernel.run(phase, part, args);
  return results;
}

std::string difference(const NestNode& node, const Bytes& a, const Bytes& b) {
  for (size_t k = 0; k < a.size(); ++k) {
    const DType t = node.result_types()[k].dtype;
    const int64_t size = size_of(t);
    for (int64_t i = 0; i * size < static_cast<int64_t>(a[k].size()); ++i) {
      const std::byte *x = a[k].data() + i * size, *y = b[k].data() + i * size;
      if (std::memcmp(x, y, static_cast<size_t>(size)) == 0 || (is_nan(t, x) && is_nan(t, y))) continue;
      return "result " + std::to_string(k) + " (" + std::string(name_of(t)) + "), element " + std::to_string(i) + ": " + hex(x, size) + " and " + hex(y, size);
    }
  }
  return "";
}

std::string compiled_against_interpreted(const Nest& nest, std::mt19937_64& random) { return compiled_against_interpreted(nest, random_operands(nest, random)); }

std::string compiled_against_interpreted(const Nest& nest, const Bytes& operands) {
  const NestNode node(nest);
  cpu::CompileQueue queue;
  const auto interpreted = cpu::make_fused_kernel(node.graph(), node.node());
  const auto compiled = cpu::make_fused_kernel(node.graph(), node.node(), &queue);
  queue.make_all(1);
  if (compiled->name().find("llvm") == std::string::npos) throw InternalError("not compiled: " + nest.text());
  return difference(node, run(node, *interpreted, operands), run(node, *compiled, operands));
}

// Its sum has as many terms as its operand is large; trigamma and digamma call the same routine.
bool is_endless(const ScalarFunction& row) { return row.name == "polygamma"; }

Formula random_formula(const std::vector<DType>& operands, int calls, int outputs, std::mt19937_64& random) {
  const auto rows = scalar_functions();
  FormulaBuilder builder;
  std::vector<int> nodes;
  for (size_t i = 0; i < operands.size(); ++i) nodes.push_back(builder.input(static_cast<int>(i)));
  const auto good = [&](int node) {
    try {
      const int output[] = {node};
      builder.finish(static_cast<int>(operands.size()), output).result_types(operands);
      return true;
    } catch (const UserError&) {
      return false;
    }
  };
  const auto any = [&](bool literals) {
    if (!literals || random() % 5 != 0) return nodes[nodes.size() < 4 || random() % 2 == 0 ? random() % nodes.size() : nodes.size() - 1 - random() % 4];
    const double numbers[] = {0, 1, -1, 2, 0.5, 3.25, 1e-3, 100};
    const double n = numbers[random() % std::size(numbers)];
    if (n == std::floor(n) && random() % 2 == 0) return builder.literal(Literal(static_cast<int64_t>(n)));
    return builder.literal(Literal(n));
  };
  for (int c = 0; c < calls;) {
    const ScalarFunction& row = rows[random() % rows.size()];
    if (is_endless(row)) continue;
    std::vector<int> args;
    for (int i = 0; i < row.arity; ++i) args.push_back(any(i > 0));
    const DType target = all_dtypes[random() % std::size(all_dtypes)];
    const int node = builder.call(row, args, row.name == "cast" ? target : f32);
    ++c;
    if (good(node)) nodes.push_back(node);
  }
  std::vector<int> chosen;
  for (int k = 0; k < outputs; ++k) chosen.push_back(k == 0 ? nodes.back() : nodes[random() % nodes.size()]);
  return builder.finish(static_cast<int>(operands.size()), chosen);
}

}  // namespace lanc::jit_tests
