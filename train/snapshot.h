// train/snapshot.h: a copy of a session's state in memory, to go back to the best epoch.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lanc/runtime/session.h>

namespace lanc {

/// `Snapshot best(session, "net/**"); ... if (stop.improved()) best.take(); ... best.restore();`. The pattern chooses parameters and states;
/// those of the moment when take() is called.
class Snapshot {
 public:
  explicit Snapshot(Session session, std::string pattern = "**") : session_(std::move(session)), pattern_(std::move(pattern)) {}
  /// UserError: nothing matches.
  void take();
  /// Sets what was taken; states made since keep their values. UserError: nothing was taken.
  void restore() const;
  bool empty() const { return taken_.empty(); }

 private:
  Session session_;
  std::string pattern_;
  std::vector<std::pair<Value, Tensor>> taken_;
};

}  // namespace lanc
