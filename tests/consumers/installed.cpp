// What a user of the installed package writes: the whole library through its one header.
#include <iostream>

#include <lanc/lanc.h>

#include <lanc/backends/cpu/cpu.h>

int main() {
  try {
    lanc::Graph g;
    lanc::Value x = g.input("x", lanc::f32, {2, 3});
    lanc::Value y = lanc::exp(x);
    std::cout << lanc::to_text({y}) << "fused kernels: " << lanc::cpu_info().fused_kernels << '\n';
    g.input("x", lanc::f32, {2});
  } catch (const lanc::UserError& error) {   // an exception crosses the library's boundary with its type
    std::cout << "UserError: " << error.what() << '\n';
    return 0;
  }
  return 1;
}
