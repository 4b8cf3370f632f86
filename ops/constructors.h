// ops/constructors.h: values made of nothing but a shape: constants, sequences, identity and triangles.
#pragma once

#include <concepts>
#include <optional>
#include <source_location>
#include <type_traits>
#include <vector>

#include <lanc/graph/graph.h>
#include <lanc/graph/operands.h>

namespace lanc {

/// The primitive: 0, 1, 2, ... of this size. Integers wrap, 16-bit floats round.
struct IotaAttrs {
  Dim size = {};
  DType dtype = DType::i64;
  void fields(auto& visit) {
    visit("size", size);
    visit("dtype", dtype);
  }
};
extern const OpDef iota_op;

// Shapes may have symbols: zeros(g, {batch, 10}). UserError of all that take a shape: a negative size, a dim that the graph has not
// declared. Their line is the caller's.

/// Every element is `value`, a number or a value of rank 0. Without a dtype a number gives f32, a value keeps its own. UserError: a value
/// of higher rank; a number that the dtype does not hold (300 as u8, 0.5 as i32).
Value full(Graph graph, Shape shape, Operand value, std::optional<DType> dtype = {}, std::source_location where = std::source_location::current());
Value zeros(Graph graph, Shape shape, DType dtype = f32, std::source_location where = std::source_location::current());
Value ones(Graph graph, Shape shape, DType dtype = f32, std::source_location where = std::source_location::current());
/// Of the dtype and shape of another value.
Value full_like(Operand like, Operand value);
Value zeros_like(Operand like);
Value ones_like(Operand like);

/// 0, 1, ..., stop - 1. UserError: a negative stop; bool.
Value arange(Graph graph, Dim stop, DType dtype = i64, std::source_location where = std::source_location::current());
/// start, start + step, ... as long as below stop (above, for a negative step): ceil((stop - start) / step) elements, computed in i64.
/// UserError: a step of 0; stop on the other side of start; bool.
Value arange(Graph graph, Dim start, Dim stop, int64_t step = 1, DType dtype = i64,
             std::source_location where = std::source_location::current());
/// The same of real numbers: element i is start + i * step in f64, rounded once. UserError: also an integer dtype, NaN or infinity.
Value arange_of_reals(Graph graph, double start, double stop, double step, DType dtype, std::source_location where);
template <class A, class B, class C>
  requires(std::is_arithmetic_v<A> && std::is_arithmetic_v<B> && std::is_arithmetic_v<C> &&
           (std::floating_point<A> || std::floating_point<B> || std::floating_point<C>))
Value arange(Graph graph, A start, B stop, C step, DType dtype = f32, std::source_location where = std::source_location::current()) {
  return arange_of_reals(graph, static_cast<double>(start), static_cast<double>(stop), static_cast<double>(step), dtype, where);
}
/// `count` numbers from start to stop, both in, equally far apart; one number: start. Computed from the nearer end, so that both ends are
/// exact. start and stop are numbers (f64 inside) or values of rank 0. UserError: a negative count, a dtype that is no float.
Value linspace(Graph graph, Operand start, Operand stop, Dim count, DType dtype = f32,
               std::source_location where = std::source_location::current());

/// 1 where column = row, 0 elsewhere.
Value eye(Graph graph, Dim size, DType dtype = f32, std::source_location where = std::source_location::current());
/// 1 where column = row + offset.
Value eye(Graph graph, Dim rows, Dim columns, int64_t offset = 0, DType dtype = f32,
          std::source_location where = std::source_location::current());
/// x where column <= row + offset (tril), >= (triu), 0 elsewhere, in the last two axes; any dtype. UserError: rank below 2.
Value tril(Operand x, int64_t offset = 0);
Value triu(Operand x, int64_t offset = 0);

/// A vector becomes the diagonal `offset` (above the main one when positive) of a square matrix of zeros; of a matrix it is the vector of
/// its diagonal. Any dtype. UserError: another rank, an offset beyond the matrix.
Value diag(Operand x, int64_t offset = 0);
/// The diagonal of the last two axes, as the last axis of the result. UserError: rank below 2, an offset beyond the matrix.
Value diagonal(Operand x, int64_t offset = 0);
/// Sum of the diagonal of the last two axes, which need not be square. UserError: rank below 2, an offset beyond the matrix.
Value trace(Operand x, int64_t offset = 0);

/// Which axis the first vector runs along: the first (matrix indices) or the second (Cartesian coordinates).
enum class Indexing : uint8_t { ij, xy };
/// Vectors repeated to the grid of all their combinations: result k holds the k-th coordinate of each point. UserError: none, an operand
/// that is no vector.
std::vector<Value> meshgrid(Operands vectors, Indexing indexing = Indexing::ij);

}  // namespace lanc
