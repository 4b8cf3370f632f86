#include <lanc/tools/op_facts.h>

#include <algorithm>
#include <memory>
#include <optional>

#include <lanc/backends/cpu/cpu.h>
#include <lanc/backends/reference/reference.h>
#include <lanc/graph/error.h>
#include <lanc/graph/graph.h>
#include <lanc/ops/op_set.h>

namespace lanc::tools {
namespace {

constexpr DType helpers[] = {DType::i32, DType::i64, DType::boolean};  // indices, conditions

// Sets the attributes called dtype and shape, those of windows so that two places of x give two of y, and finds out whether there is a dtype.
class AttributeSetter : public FieldVisitor {
 public:
  AttributeSetter(DType dtype, size_t rank) : dtype_(dtype), rank_(rank) {}
  bool found() const { return found_; }
  void field(const char*, bool&) override {}
  void field(const char*, int64_t& value) override {
    if (in_windows_) value = list_ == "kernel" ? 2 : 1;
  }
  void field(const char*, uint64_t&) override {}
  void field(const char*, double&) override {}
  void field(const char*, std::string&) override {}
  void field(const char* name, DType& value) override {
    if (std::string_view(name) != "dtype") return;
    found_ = true;
    value = dtype_;
  }
  void field(const char* name, Dim& value) override {
    if (in_shape_) value = Dim(2);
    if (in_windows_ && std::string_view(name) == "low") value = Dim(1);
  }
  void field(const char*, Tensor&) override {}
  void open_list(const char* name, size_t& size) override {
    list_ = name != nullptr ? name : "";
    in_shape_ = list_ == "shape";
    in_windows_ = rank_ > 2 && (list_ == "kernel" || list_ == "strides" || list_ == "padding" || list_ == "dilations");
    if (in_shape_) size = rank_;
    if (in_windows_) size = rank_ - 2;
  }
  void close_list() override { in_shape_ = in_windows_ = false; }
  void open_struct(const char*) override {}
  void close_struct() override {}

 private:
  DType dtype_;
  size_t rank_;
  std::string_view list_ = "";
  bool found_ = false, in_shape_ = false, in_windows_ = false;
};

Attributes attributes_with(const OpDef& op, DType dtype, size_t rank, bool& has_dtype) {
  const std::shared_ptr<void> data = op.attributes->create();
  AttributeSetter setter(dtype, rank);
  op.attributes->fields(data.get(), setter);
  has_dtype = setter.found();
  return {op.attributes, data};
}

// A node of the op over inputs of these types in a graph of its own; none when its rule refuses them.
struct Sample {
  Graph graph;
  uint32_t node;
};
std::optional<Sample> sample(const OpRef& op, const Attributes& attributes, const Types& inputs) {
  Graph g;
  std::vector<Operand> operands;
  for (size_t i = 0; i < inputs.size(); ++i) operands.emplace_back(g.input("x" + std::to_string(i), inputs[i].dtype, inputs[i].shape));
  try {
    if (operands.empty()) return Sample{g, apply_source(*op, g, attributes, SourceLine{}).node_id()};
    const std::vector<Value> results = apply_all(op, operands, attributes);
    if (results.empty()) return std::nullopt;
    return Sample{g, results[0].node_id()};
  } catch (const Error&) {
    return std::nullopt;
  }
}

// One way to give the op operands of these ranks, of which one has this dtype, with indices or conditions beside it.
std::optional<Sample> sample_of(const OpRef& op, DType dtype, size_t attribute_rank, const std::vector<size_t>& ranks) {
  bool has_dtype = false;
  const Attributes attributes = attributes_with(*op, dtype, attribute_rank, has_dtype);
  std::vector<DType> choices = {dtype};
  for (DType helper : helpers)
    if (helper != dtype) choices.push_back(helper);
  size_t combinations = 1;
  for (size_t i = 0; i < ranks.size(); ++i) combinations *= choices.size();
  for (size_t combination = 0; combination < combinations; ++combination) {
    Types inputs;
    bool used = false;
    size_t rest = combination;
    for (size_t rank : ranks) {
      inputs.push_back({choices[rest % choices.size()], Shape(rank, Dim(2))});
      used |= inputs.back().dtype == dtype;
      rest /= choices.size();
    }
    if (!used && !has_dtype) continue;
    std::optional<Sample> found = sample(op, attributes, inputs);
    if (found && (used || found->graph.node(found->node).outputs[0].dtype == dtype)) return found;
  }
  return std::nullopt;
}

// The same with operands of one rank, then with mixed ranks.
std::optional<Sample> sample_of(const OpRef& op, DType dtype) {
  const auto operands = static_cast<size_t>(op->arity < 0 ? 2 : op->arity);
  for (size_t rank = 0; rank <= 3; ++rank)
    if (auto found = sample_of(op, dtype, rank, std::vector<size_t>(operands, rank))) return found;
  for (size_t rank = 0; rank <= 2; ++rank)
    for (size_t mix = 0; mix < (size_t{1} << (2 * operands)) && operands > 1; ++mix) {
      std::vector<size_t> ranks;
      for (size_t i = 0; i < operands; ++i) ranks.push_back(mix >> (2 * i) & 3);
      if (auto found = sample_of(op, dtype, rank, ranks)) return found;
    }
  return std::nullopt;
}

std::string kernel_name(const Backend& backend, const Sample& s) {
  const Node& node = s.graph.node(s.node);
  if (node.op->compose != nullptr) return "composed of other ops";
  if (node.op->alias_of >= 0) return "no work";
  const std::unique_ptr<Kernel> kernel = backend.select(s.graph, node);
  return kernel ? kernel->name() : "";
}

bool gives_floats(const Sample& s) {
  const std::vector<Type>& outputs = s.graph.node(s.node).outputs;
  return std::any_of(outputs.begin(), outputs.end(), [](const Type& t) { return is_float(t.dtype); });
}

}  // namespace

std::vector<OpFacts> op_facts(const std::string& family) {
  const ReferenceBackend reference;
  const CpuBackend cpu({.threads = 1, .jit = true}, std::make_unique<ReferenceBackend>());
  std::vector<OpFacts> all;
  for (const OpRef& op : all_ops().ops()) {
    if (!family.empty() && op->family != family) continue;
    OpFacts facts{.op = op};
    bool sampled = false, floats = false;
    if (op->family == "source" && op->infer == nullptr) facts.dtypes = {std::begin(all_dtypes), std::end(all_dtypes)};
    else if (op->attributes != attributes<ConstantAttrs>)
      for (DType dtype : all_dtypes) {
        const std::optional<Sample> s = sample_of(op, dtype);
        if (!s) continue;
        facts.dtypes.push_back(dtype);
        sampled = true;
        floats |= gives_floats(*s);
        if (facts.cpu.empty() || dtype == f32) facts.reference = kernel_name(reference, *s), facts.cpu = kernel_name(cpu, *s);
      }
    else facts.dtypes = {std::begin(all_dtypes), std::end(all_dtypes)};
    if (op->family == "control") {  // what a body may be is not sampled
      facts.dtypes = {std::begin(all_dtypes), std::end(all_dtypes)};
      facts.reference = facts.cpu = op->vjp != nullptr ? "runs its body" : "no work";
    }
    if (op->family == "source" && facts.cpu.empty()) facts.reference = facts.cpu = "no work";
    if (op->vjp == nullptr) facts.no_derivative = op->no_gradient;
    else if (sampled && !floats) facts.no_derivative = "its results are not floats";
    all.push_back(std::move(facts));
  }
  return all;
}

std::string dtype_list(const std::vector<DType>& dtypes) {
  if (dtypes.size() == std::size(all_dtypes)) return "all";
  std::string out;
  for (DType d : dtypes) out += (out.empty() ? "" : " ") + std::string(name_of(d));
  return out.empty() ? "as its formula" : out;
}

}  // namespace lanc::tools
