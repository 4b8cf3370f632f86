// runtime/feeds.h: from the tensors of a call to the sizes of the dims; what does not fit is said by the names of the inputs.
#pragma once

#include <string>
#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

/// A dim of the form scale*symbol + offset: from a size follows the symbol. Without a symbol: any other dim.
struct LinearDim {
  std::string symbol = "";
  int64_t scale = 0, offset = 0;
};

/// An input of a function, as declared.
struct FeedSlot {
  explicit FeedSlot(const Value& input);
  std::string name;
  Type type;
  OriginRef origin;
  std::vector<LinearDim> dims;  // one per axis
};

/// What each symbol is bound to by these feeds, one per slot, in order. A feed of another rank is taken in the declared shape when the number of elements and
/// the first size agree; `feeds` then holds it in that shape. A size such as 2*n binds n too. `title` names the function in messages.
/// UserError: number of feeds, dtype, sizes that contradict the declaration or one another.
Bindings bind_feeds(const std::string& title, const std::vector<FeedSlot>& slots, std::vector<Tensor>& feeds);

/// UserError when a symbol that `graph` needs is bound by none of the slots, or an input of the graph is not among them.
void require_bindable(const std::string& title, const std::vector<FeedSlot>& slots, const Graph& graph);

/// UserError unless `bindings` gives a size >= 0 for each symbol of `graph` and none for other names.
void require_bound(const std::string& title, const Graph& graph, const Bindings& bindings);

}  // namespace lanc
