// Sums of products by subscripts.
#include <lanc/ops/einsum.h>

#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
namespace {

Sample sample(std::string name, const std::string& subscripts, std::vector<Fed> inputs, double condition = 1) {
  std::string torch = "torch.einsum('" + subscripts + "'";
  for (size_t i = 0; i < inputs.size(); ++i) torch += ", x[" + std::to_string(i) + "]";
  return {.name = std::move(name),
          .inputs = std::move(inputs),
          .build = [subscripts](const std::vector<Value>& x) { return einsum(subscripts, {x.begin(), x.end()}); },
          .torch = torch + ")",
          .condition = condition};
}

Fed part(Sizes sizes) { return uniform(std::move(sizes), -2, 2); }

ErrorCase mistake(std::string name, const std::string& subscripts, std::vector<Shape> shapes, std::string message) {
  const auto build = [=](Graph& g) {
    std::vector<Operand> x;
    for (size_t i = 0; i < shapes.size(); ++i) x.emplace_back(g.input("x" + std::to_string(i), f32, shapes[i]));
    einsum(subscripts, x);  // the guilty call
  };
  return {std::move(name), build, "einsum: " + std::move(message)};
}

}  // namespace

std::vector<OpCases> einsum_cases() {
  return {{.op = "einsum",
           .dtypes = numbers(),
           .samples = {sample("a matrix product", "ij,jk->ik", {part({2, 3}), part({3, 4})}),
                       sample("an implicit result", "ba,bc", {part({3, 2}), part({3, 4})}),
                       sample("a trace", "ii", {part({3, 3})}),
                       sample("a diagonal", "ii->i", {part({3, 3})}),
                       sample("a diagonal of three axes", "iii->i", {part({2, 2, 2})}),
                       sample("diagonals of a batch", "bii->bi", {part({2, 3, 3})}),
                       sample("a transpose", "ij->ji", {part({2, 3})}),
                       sample("sums of columns", "ij->j", {part({2, 3})}),
                       sample("a sum", "ij->", {part({2, 3})}),
                       sample("an outer product", "i,j->ij", {part({2}), part({3})}),
                       sample("an outer product, transposed", "i,j->ji", {part({2}), part({3})}),
                       sample("element by element", "ij,ij->ij", {part({2, 3}), part({2, 3})}),
                       sample("scaled rows", "ij,i->ij", {part({2, 3}), part({2})}),
                       sample("batches of dot products", "bi,bi->b", {part({3, 4}), part({3, 4})}),
                       sample("batches of matrix products", "bij,bjk->bik", {part({2, 2, 3}), part({2, 3, 2})}),
                       sample("a batch in the middle", "ibj,jkb->kib", {part({2, 2, 3}), part({3, 2, 2})}),
                       sample("a bilinear form", "i,ij,j", {part({2}), part({2, 3}), part({3})}, 2),
                       sample("a chain of three", "ij,jk,kl->il", {part({2, 3}), part({3, 2}), part({2, 2})}, 2),
                       sample("four factors", "ia,ja,ka,a->ijk", {part({2, 2}), part({2, 2}), part({2, 2}), part({2})}, 4),
                       sample("a sum on one side", "ij,k->k", {part({2, 3}), part({4})}),
                       sample("an ellipsis", "...ij,...jk->...ik", {part({2, 2, 3}), part({2, 3, 2})}),
                       sample("an ellipsis that broadcasts", "...ij,...j->...i", {part({2, 1, 2, 3}), part({4, 3})}),
                       sample("an ellipsis over nothing", "...i,i->...", {part({3}), part({3})}),
                       sample("an implicit ellipsis", "...ij", {part({2, 3, 2})}),
                       sample("sizes of one", "ij,jk->ik", {part({1, 1}), part({1, 1})}),
                       sample("no elements", "ij,jk->ik", {zeros({2, 0}), zeros({0, 3})}),
                       sample("scalars", ",->", {part({}), part({})})},
           .errors = {mistake("another character", "ij;jk", {{2, 3}, {3, 4}}, "subscripts must be letters, '...', ',' or '->', got ';' at position 2 of 'ij;jk'"),
                      mistake("a digit in the result", "ij->i1", {{2, 3}}, "the result must be letters or '...', got '1' at position 5 of 'ij->i1'"),
                      mistake("two arrows", "ij->i->j", {{2, 3}}, "the result must be letters or '...', got '-' at position 5"),
                      mistake("half an arrow", "ij-i", {{2, 3}}, "'-' must be followed by '>', got 'i' at position 3 of 'ij-i'"),
                      mistake("two dots", "..i", {{2, 3}}, "an ellipsis must have three dots, got 'i' at position 2 of '..i'"),
                      mistake("dots at the end", "i..", {{2, 3}}, "an ellipsis must have three dots, got the end of 'i..'"),
                      mistake("two ellipses", "...i...", {{2, 3}}, "an ellipsis must stand once in a list, got '.' at position 4"),
                      mistake("a letter twice in the result", "ij->ii", {{2, 3}}, "a letter must stand once in the result, got 'i' at position 5"),
                      mistake("a letter from nowhere", "ij->ik", {{2, 3}}, "a letter of the result must stand in an operand's list, got 'k'"),
                      mistake("no ellipsis in the result", "...i->i", {{2, 3}}, "the result must have '...' too, got operands with 1 axes there"),
                      mistake("too few lists", "ij", {{2, 3}, {3, 4}}, "one list of subscripts per operand is needed, got 1 in 'ij' for 2 operands"),
                      mistake("too many lists", "ij,jk", {{2, 3}}, "one list of subscripts per operand is needed, got 2 in 'ij,jk' for 1 operands"),
                      mistake("too few letters", "i,i", {{2, 3}, {3}}, "operand 0 must have 1 axes, one per letter, got f32[2,3]"),
                      mistake("too many letters", "ij...", {{2}}, "operand 0 must have at least 2 axes, one per letter, got f32[2]"),
                      mistake("sizes differ", "ij,jk->ik", {{2, 3}, {4, 5}}, "'j' must have one size, got operand 0 f32[2,3] and operand 1 f32[4,5] (3 and 4)"),
                      mistake("no diagonal", "ii", {{2, 3}}, "'i' must have one size, got operand 0 f32[2,3] (2 and 3)"),
                      mistake("a letter does not broadcast", "ij,ij->ij", {{2, 1}, {2, 3}}, "'j' must have one size, got operand 0 f32[2,1] and operand 1 f32[2,3] (1 and 3)"),
                      mistake("batches differ", "...i,...i", {{2, 3}, {4, 3}}, "axes of '...' must have one size or 1, got operand 0 f32[2,3] and operand 1 f32[4,3] (2 and 4)"),
                      mistake("no operands", "i", {}, "at least one operand is needed, got none"),
                      {"bools", [](Graph& g) { einsum("i,i", {g.input("a", f32, {3}), g.input("b", boolean, {3})}); },
                       "einsum: operands must be numbers, got operand 1 bool[3]"},
                      {"a number", [](Graph& g) { einsum("i,", {g.input("a", f32, {3}), 2}); }, "einsum: the operand must be a Value, got the number 2"},
                      {"two graphs", [](Graph& g) { einsum("i,i", {g.input("a", f32, {3}), Graph().input("b", f32, {3})}); },
                       "einsum: operands must belong to one graph, got values of two graphs"}}}};
}

}  // namespace lanc::cases
