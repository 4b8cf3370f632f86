#include <lanc/train/snapshot.h>

#include <lanc/graph/error.h>

namespace lanc {

void Snapshot::take() {
  std::vector<std::pair<Value, Tensor>> taken;
  for (const Value& state : session_.graph().states(pattern_)) taken.emplace_back(state, session_.get(state));
  taken_ = std::move(taken);
}

void Snapshot::restore() const {
  if (taken_.empty()) throw UserError("snapshot: take() must come before restore(), got nothing taken");
  for (const auto& [state, value] : taken_) session_.set(state, value);
}

}  // namespace lanc
