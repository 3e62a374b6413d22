// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/curve.hpp"
#include "core/error.hpp"
#include "core/random.hpp"
#include "ir/graph.hpp"

namespace paragon::ir {

/// Convenience over Graph::make: one function an operation, in the words of ops.def.
class Builder {
 public:
  explicit Builder(Graph& graph) : graph_(graph) {}

  Graph& graph() const { return graph_; }
  const Node& operator[](NodeId id) const { return graph_[id]; }
  const Shape& shape(NodeId id) const { return graph_[id].shape; }
  DType type(NodeId id) const { return graph_[id].type; }

  NodeId real(double value, DType type = DType::float32) {
    return graph_.make(Op::constant, {}, {.real = value}, type);
  }
  NodeId integer(int64_t value, DType type = DType::int32) {
    return graph_.make(Op::constant, {}, {.a = value}, type);
  }
  /// A constant of the type of `like`.
  NodeId constant(double value, NodeId like) {
    return info(type(like)).kind == DTypeKind::kFloat
               ? real(value, type(like))
               : integer(static_cast<int64_t>(value), type(like));
  }
  /// Zeros of a floating-point type and any shape.
  NodeId zeros(DType zero_type, const Shape& zero_shape) {
    if (zero_shape.is_scalar()) return real(0, zero_type);
    const NodeId flat = cast(iota({1, zero_shape.elements()}, 0), zero_type);
    return reshape(mul(flat, real(0, zero_type)), zero_shape);
  }
  NodeId iota(const Shape& shape, int axis) {
    return graph_.make(Op::iota, {}, {.a = axis, .shape = shape}, DType::int32);
  }
  NodeId read(uint64_t id, std::string_view name) {
    return graph_.read(graph_.find_slot(id, name));
  }

  NodeId unary(Op op, NodeId x) { return graph_.make(op, {x}); }
  NodeId binary(Op op, NodeId x, NodeId y) { return graph_.make(op, {x, y}); }

  NodeId cast(NodeId x, DType to) {
    return type(x) == to ? x : graph_.make(Op::cast, {x}, {.a = static_cast<int64_t>(to)});
  }
  NodeId neg(NodeId x) { return unary(Op::neg, x); }
  NodeId exp(NodeId x) { return unary(Op::exp, x); }
  NodeId log(NodeId x) { return unary(Op::log, x); }
  NodeId sqrt(NodeId x) { return unary(Op::sqrt, x); }
  NodeId leaky_relu(NodeId x, double slope) {
    return graph_.make(Op::leaky_relu, {x}, {.real = slope});
  }
  NodeId curve(NodeId x, Curve which) {
    return graph_.make(Op::curve, {x}, {.a = static_cast<int64_t>(which)});
  }
  NodeId add(NodeId x, NodeId y) { return binary(Op::add, x, y); }
  NodeId sub(NodeId x, NodeId y) { return binary(Op::sub, x, y); }
  NodeId mul(NodeId x, NodeId y) { return binary(Op::mul, x, y); }
  NodeId div(NodeId x, NodeId y) { return binary(Op::div, x, y); }
  NodeId max(NodeId x, NodeId y) { return binary(Op::max, x, y); }
  NodeId min(NodeId x, NodeId y) { return binary(Op::min, x, y); }
  NodeId greater(NodeId x, NodeId y) { return binary(Op::greater, x, y); }
  NodeId equal(NodeId x, NodeId y) { return binary(Op::equal, x, y); }
  NodeId select(NodeId c, NodeId x, NodeId y) { return graph_.make(Op::select, {c, x, y}); }

  NodeId align(NodeId x, NodeId shift, int64_t limit) {
    return graph_.make(Op::align, {x, shift}, {.a = limit});
  }
  NodeId requantise(NodeId x, NodeId shift, int64_t limit, DType to) {
    return graph_.make(Op::requantise, {x, shift}, {.a = limit, .b = static_cast<int64_t>(to)});
  }
  NodeId requantise_sr(NodeId x, NodeId shift, NodeId random, int64_t limit, DType to) {
    return graph_.make(Op::requantise_sr, {x, shift, random},
                       {.a = limit, .b = static_cast<int64_t>(to)});
  }
  NodeId mul_shift(NodeId x, NodeId y, NodeId shift, int64_t limit) {
    return graph_.make(Op::mul_shift, {x, y, shift}, {.a = limit});
  }
  NodeId clamp(NodeId x, int64_t low, int64_t high) {
    return graph_.make(Op::clamp, {x}, {.a = low, .b = high});
  }
  NodeId shift_right(NodeId x, int64_t bits) {
    return graph_.make(Op::shift_right, {x}, {.a = bits});
  }
  /// Mean squares as codes: core/mean_square.hpp.
  NodeId mean_square(NodeId code, NodeId x, int bits) {
    return graph_.make(Op::mean_square, {code, x}, {.a = bits});
  }
  NodeId mul_rsqrt(NodeId x, NodeId code, int32_t epsilon) {
    return graph_.make(Op::mul_rsqrt, {x, code}, {.a = epsilon});
  }
  /// Key of the stream of a site's random numbers in a step; `repetition` tells its draws apart.
  NodeId hash_key(NodeId seed, NodeId step, uint64_t site, random::Role role, size_t repetition) {
    return graph_.make(
        Op::hash_key, {seed, step},
        {.a = static_cast<int64_t>(role), .b = static_cast<int64_t>(repetition), .id = site});
  }
  /// Random bits of the given shape; element (row, column) has the logical index
  /// row * row_stride + column * column_stride.
  NodeId random(NodeId key, const Shape& shape, size_t row_stride, size_t column_stride) {
    return graph_.make(Op::random, {key},
                       {.a = static_cast<int64_t>(row_stride),
                        .b = static_cast<int64_t>(column_stride),
                        .shape = shape});
  }
  NodeId permute(NodeId index, NodeId key, NodeId count) {
    return graph_.make(Op::permute, {index, key, count});
  }

  NodeId sum(NodeId x, int axis) { return graph_.make(Op::sum, {x}, {.a = axis}); }
  NodeId maximum(NodeId x, int axis) { return graph_.make(Op::maximum, {x}, {.a = axis}); }
  NodeId or_bits(NodeId x) { return unary(Op::or_bits, x); }

  NodeId contract(NodeId x, NodeId y, bool x_transposed = false, bool y_transposed = false,
                  int64_t shift = 0) {
    return graph_.make(Op::contract, {x, y}, {.a = x_transposed, .b = y_transposed, .c = shift});
  }
  NodeId gather_dot(Op op, NodeId x, NodeId y, std::shared_ptr<const IndexTable> table) {
    return graph_.make(op, {x, y}, {.table = std::move(table)});
  }
  NodeId transpose(NodeId x) {
    // Two transpositions cancel; a matrix with one row or column only changes its shape.
    if (graph_[x].op == Op::transpose) return graph_[x].operands[0];
    return unary(Op::transpose, x);
  }
  NodeId reshape(NodeId x, const Shape& to) {
    return shape(x) == to ? x : graph_.make(Op::reshape, {x}, {.shape = to});
  }
  NodeId stack(std::vector<NodeId> parts) { return graph_.make(Op::stack, std::move(parts)); }
  NodeId concat(std::vector<NodeId> parts) { return graph_.make(Op::concat, std::move(parts)); }
  NodeId rows(NodeId x, size_t first, size_t count) {
    return graph_.make(Op::rows, {x},
                       {.a = static_cast<int64_t>(first), .b = static_cast<int64_t>(count)});
  }
  /// The table itself, int32 [units, taps].
  NodeId table(std::shared_ptr<const IndexTable> table) {
    return graph_.make(Op::table, {}, {.table = std::move(table)}, DType::int32);
  }
  /// The function's value for each row; operands of floating-point type have no exponent.
  NodeId host_score(NodeId x, HostFunction function) {
    return graph_.make(Op::host_score, {x, integer(0)},
                       {.function = std::make_shared<const HostFunction>(std::move(function))});
  }
  NodeId unstack(NodeId x, int64_t element) {
    return graph_.make(Op::unstack, {x}, {.a = element});
  }
  /// Rows of a table; `turned` gives them as columns.
  NodeId gather(NodeId table, NodeId rows, bool turned = false) {
    return graph_.make(Op::gather, {table, rows}, {.a = turned});
  }
  NodeId scatter_add(NodeId rows, NodeId index, size_t count) {
    return graph_.make(Op::scatter_add, {rows, index}, {.a = static_cast<int64_t>(count)});
  }
  /// [n, classes] int32: 1 in the column of each row's label, 0 elsewhere (all 0 if out of range).
  NodeId one_hot(NodeId labels, size_t classes) {
    const size_t rows = shape(labels).elements();
    return equal(iota({rows, classes}, 1), reshape(labels, {rows, 1}));
  }
  NodeId softmax(NodeId x) { return unary(Op::softmax, x); }
  NodeId cross_entropy(NodeId logits, NodeId labels) {
    return binary(Op::cross_entropy, logits, labels);
  }
  NodeId when(NodeId condition, NodeId value, NodeId otherwise) {
    return graph_.make(Op::when, {condition, value, otherwise});
  }
  /// operands: carried values, scanned values, constants. Results are read with get().
  NodeId scan(std::shared_ptr<const Body> body, std::vector<NodeId> operands, size_t repetitions,
              size_t carried, size_t scanned, bool reverse = false) {
    return graph_.make(Op::scan, std::move(operands),
                       {.a = static_cast<int64_t>(repetitions),
                        .b = static_cast<int64_t>(carried),
                        .c = static_cast<int64_t>(scanned),
                        .reverse = reverse,
                        .body = std::move(body)});
  }
  NodeId get(NodeId scan, size_t result) {
    return graph_.make(Op::get, {scan}, {.a = static_cast<int64_t>(result)});
  }

 private:
  Graph& graph_;
};

}  // namespace paragon::ir
