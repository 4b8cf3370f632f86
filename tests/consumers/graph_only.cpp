// What a user writes who takes the sources and links the graph library only.
#include <iostream>

#include <lanc/graph/error.h>
#include <lanc/graph/graph.h>
#include <lanc/ops/elementwise.h>

int main() {
  try {
    lanc::Graph g;
    lanc::Value x = g.input("x", lanc::f32, {2, 3});
    lanc::Value y = lanc::exp(x);
    std::cout << g.size() << " nodes\n";
    g.input("x", lanc::f32, {2});
  } catch (const lanc::UserError& error) {
    std::cout << "UserError: " << error.what() << '\n';
    return 0;
  }
  return 1;
}
