#include <lanc/runtime/feeds.h>

#include <map>
#include <optional>
#include <set>

#include <lanc/graph/error.h>

namespace lanc {
namespace {

std::string sizes_text(const Sizes& sizes) {
  std::string out = "[";
  for (size_t i = 0; i < sizes.size(); ++i) out += (i ? "," : "") + std::to_string(sizes[i]);
  return out + "]";
}

std::string list_text(const std::vector<std::string>& items) {
  std::string out;
  for (size_t i = 0; i < items.size(); ++i) out += (i == 0 ? "" : i + 1 == items.size() ? " and " : ", ") + items[i];
  return out;
}

std::string built_at(const FeedSlot& slot) { return "\n  input '" + slot.name + "' built at " + slot.origin->text(); }

// floordiv, min and the like depart from the line somewhere near 1 or far out.
LinearDim linear(const Dim& d) {
  const std::vector<std::string> symbols = d.symbols();
  if (symbols.size() != 1) return {};
  const auto at = [&](int64_t n) { return d.bind({{symbols[0], n}}); };
  const int64_t scale = at(2) - at(1), offset = at(1) - scale;
  for (int64_t n : {3, 4, 5, 7, 64, 1 << 20})
    if (at(n) != scale * n + offset) return {};
  return scale == 0 ? LinearDim{} : LinearDim{symbols[0], scale, offset};
}

// Binds the symbols of one declared shape to the sizes of a feed; false when the sizes do not fit, with the reason if it is a dim.
bool bind_shape(const FeedSlot& slot, const Sizes& sizes, Bindings& bindings, std::string& why) {
  if (slot.dims.size() != sizes.size()) return false;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const Dim& d = slot.type.shape[i];
    const LinearDim& l = slot.dims[i];
    if (d.is_number() && d.number() != sizes[i]) return false;
    if (l.symbol.empty()) continue;  // an expression is checked when all symbols are bound
    if ((sizes[i] - l.offset) % l.scale != 0 || (sizes[i] - l.offset) / l.scale < 0) return false;
    const int64_t n = (sizes[i] - l.offset) / l.scale;
    const auto [place, fresh] = bindings.emplace(l.symbol, n);
    if (!fresh && place->second != n) {
      why = "dim '" + l.symbol + "' must have one size, got " + std::to_string(place->second) + " and " + std::to_string(n);
      return false;
    }
  }
  return true;
}

// A feed such as {128, 28, 28} for {batch, 784}: the first size stays, the rest is the same number of elements.
std::optional<Sizes> reshaped_feed(const Shape& declared, const Sizes& sizes) {
  if (declared.empty() || sizes.empty() || sizes.size() == declared.size()) return std::nullopt;
  int64_t rest = 1, fed = 1;
  Sizes result = {sizes[0]};
  for (size_t i = 1; i < declared.size(); ++i) {
    if (!declared[i].is_number()) return std::nullopt;
    rest *= declared[i].number();
    result.push_back(declared[i].number());
  }
  for (size_t i = 1; i < sizes.size(); ++i) fed *= sizes[i];
  if (rest != fed) return std::nullopt;
  return result;
}

void require_count(const std::string& title, const std::vector<FeedSlot>& slots, const std::vector<Tensor>& feeds) {
  if (feeds.size() == slots.size()) return;
  std::vector<std::string> wanted, got;
  for (const FeedSlot& s : slots) wanted.push_back(s.name + " " + s.type.text());
  for (const Tensor& t : feeds) got.push_back(t.type_text());
  throw UserError(title + ": one tensor per input is needed (" + (wanted.empty() ? "none" : list_text(wanted)) + "), got " + std::to_string(feeds.size()) +
                  (got.empty() ? "" : " (" + list_text(got) + ")"));
}

// The symbols in types and attributes of a graph, each with a node that has it.
class SymbolCollector : public FieldVisitor {
 public:
  void look_at(const Node& node) {
    node_ = &node;
    for (const Type& t : node.outputs)
      for (const Dim& d : t.shape) add(d);
    node.attributes.visit(*this);
  }
  const std::map<std::string, const Node*>& found() const { return found_; }

  void field(const char*, bool&) override {}
  void field(const char*, int64_t&) override {}
  void field(const char*, uint64_t&) override {}
  void field(const char*, double&) override {}
  void field(const char*, std::string&) override {}
  void field(const char*, DType&) override {}
  void field(const char*, Dim& value) override { add(value); }
  void field(const char*, Tensor&) override {}
  void open_list(const char*, size_t&) override {}
  void close_list() override {}
  void open_struct(const char*) override {}
  void close_struct() override {}

 private:
  void add(const Dim& d) {
    for (const std::string& s : d.symbols()) found_.emplace(s, node_);
  }
  const Node* node_ = nullptr;
  std::map<std::string, const Node*> found_;
};

}  // namespace

FeedSlot::FeedSlot(const Value& input) : name(input.node().attrs<NamedAttrs>().name), type(input.type()), origin(input.node().origin) {
  for (const Dim& d : type.shape) dims.push_back(linear(d));
}

Bindings bind_feeds(const std::string& title, const std::vector<FeedSlot>& slots, std::vector<Tensor>& feeds) {
  require_count(title, slots, feeds);
  Bindings bindings;
  for (size_t i = 0; i < feeds.size(); ++i) {
    const FeedSlot& slot = slots[i];
    const std::string name = "input '" + slot.name + "'";
    if (feeds[i].dtype() != slot.type.dtype)
      throw UserError(title + ": " + name + " must be " + slot.type.text() + ", got " + feeds[i].type_text() + "; convert with tensor.to(" +
                      std::string(name_of(slot.type.dtype)) + ")" + built_at(slot));
    std::string why;
    Bindings trial = bindings;
    if (bind_shape(slot, feeds[i].sizes(), trial, why)) {
      bindings = std::move(trial);
      continue;
    }
    const std::optional<Sizes> other = why.empty() ? reshaped_feed(slot.type.shape, feeds[i].sizes()) : std::nullopt;
    trial = bindings;
    if (!other || !bind_shape(slot, *other, trial, why))
      throw UserError(title + ": " + (why.empty() ? name + " must be " + slot.type.text() + ", got " + feeds[i].type_text() : why + " in " + name) +
                      built_at(slot));
    feeds[i] = feeds[i].reshaped(*other);
    bindings = std::move(trial);
  }
  for (size_t i = 0; i < feeds.size(); ++i) {
    Sizes wanted;
    for (const Dim& d : slots[i].type.shape) wanted.push_back(d.bind(bindings));
    if (wanted != feeds[i].sizes())
      throw UserError(title + ": input '" + slots[i].name + "' must be " + slots[i].type.text() + ", here " + sizes_text(wanted) + ", got " +
                      feeds[i].type_text() + built_at(slots[i]));
  }
  return bindings;
}

void require_bindable(const std::string& title, const std::vector<FeedSlot>& slots, const Graph& graph) {
  std::set<std::string> listed, bound;
  for (const FeedSlot& slot : slots) {
    if (!listed.insert(slot.name).second) throw UserError(title + ": an input must be listed once, got '" + slot.name + "' twice" + built_at(slot));
    for (const LinearDim& d : slot.dims) bound.insert(d.symbol);
  }
  SymbolCollector symbols;
  for (uint32_t id = 0; id < graph.size(); ++id) {
    const Node& node = graph.node(id);
    if (node.op->name == input_op.name && listed.count(node.attrs<NamedAttrs>().name) == 0)
      throw UserError(title + ": every input that is needed must be listed, got none for '" + node.attrs<NamedAttrs>().name + "'\n  input '" +
                      node.attrs<NamedAttrs>().name + "' built at " + node.origin->text());
    symbols.look_at(node);
  }
  for (const auto& [symbol, node] : symbols.found())
    if (bound.count(symbol) == 0)
      throw UserError(title + ": dim '" + symbol + "' must be bound by a size of a listed input, got none; it is needed by " + std::string(node->op->name) +
                      " " + node->outputs[0].text() + "\n  " + std::string(node->op->name) + " at " + node->origin->text());
}

void require_bound(const std::string& title, const Graph& graph, const Bindings& bindings) {
  SymbolCollector symbols;
  for (uint32_t id = 0; id < graph.size(); ++id) symbols.look_at(graph.node(id));
  std::string needed;
  for (const auto& [symbol, node] : symbols.found()) needed += (needed.empty() ? "'" : ", '") + symbol + "'";
  for (const auto& [symbol, node] : symbols.found())
    if (bindings.count(symbol) == 0)
      throw UserError(title + ": a size must be given for each of the dims " + needed + ", got none for '" + symbol + "'");
  for (const auto& [symbol, size] : bindings) {
    if (symbols.found().count(symbol) == 0)
      throw UserError(title + ": sizes must be given for dims that the function has, got '" + symbol + "'; it has " + (needed.empty() ? "none" : needed));
    if (size < 0) throw UserError(title + ": the size of dim '" + symbol + "' must be >= 0, got " + std::to_string(size));
  }
}

}  // namespace lanc
