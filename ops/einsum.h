// ops/einsum.h: sums of products written with subscripts, as in "ij,jk->ik".
#pragma once

#include <source_location>
#include <string_view>
#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

/// Each operand has a list of letters, one per axis; lists are separated by commas, the result's follows "->". A letter stands for one size
/// everywhere; the product of the operands is summed over the letters that the result does not have.
///     einsum("ij,jk->ik", {a, b})        matrix product          einsum("bij,bjk->bik", {a, b})   of batches
///     einsum("ii->i", {a})               diagonal                einsum("ii", {a})                trace
///     einsum("i,j->ij", {x, y})          outer product           einsum("...ij->...ji", {a})      transposes
///     einsum("i,ij,j", {x, a, y})        bilinear form           einsum("ij->j", {a})             sums of columns
/// Without "->" the result has the axes of "..." and then, in alphabetical order, the letters that stand once. "..." stands for any number of
/// axes, aligned at the end; only they broadcast (a size of 1). Spaces do not count. 1 or more operands of number dtypes, promoted to one,
/// which is the result's: 16-bit floats accumulate in f32, integers wrap. Several operands are multiplied in pairs, each time the pair
/// that makes the result smallest beside its operands, from left to right where sizes are symbols. Derivatives of any order.
/// UserError: a character out of place (with its position), another number of lists than operands or of letters than axes, sizes of one letter
/// that differ, a letter of the result that no operand has or that stands there twice, bool.
Value einsum(std::string_view subscripts, std::vector<Operand> operands, std::source_location where = std::source_location::current());

}  // namespace lanc
