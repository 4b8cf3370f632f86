// runtime/runnable.h: what a session asks of a graph before it compiles a function: what is watched, whether it draws, what cannot run.
#pragma once

#include <string>
#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

/// A probe or print that the function runs: one more output of its plan.
struct Watch {
  std::string name;
  bool prints = false;
  OriginRef origin;
};

/// The values that probes and prints on the way to the roots look at, in canonical order, and what each is called. UserError: two probes of one name.
std::vector<Value> watched_values(const std::string& function, const Graph& graph, const std::vector<Value>& roots, std::vector<Watch>& watches);

/// Does it, or a body in it, draw random values?
bool draws(const Graph& graph);

/// UserError: a value of a body that is used outside of it; in a strict session, an op whose results may differ between runs.
void require_runnable(const std::string& function, const Graph& graph, const std::vector<Value>& roots, bool strict);

}  // namespace lanc
