// SPDX-License-Identifier: Apache-2.0
#include "core/mean_square.hpp"
#include "ir/rules/rules.hpp"

namespace paragon::ir {
namespace {

Shape broadcast_all(const InferArgs& args) {
  Shape shape = args[0].shape;
  const std::string place = fmt::format("{}] [{}", args.graph.place(), info(args.op).name);
  for (size_t i = 1; i < args.operands.size(); ++i) shape = broadcast(shape, args[i].shape, place);
  return shape;
}

void expect_type(const InferArgs& args, size_t operand, DType expected) {
  if (args[operand].type != expected)
    args.fail("operand {} is {}, expected {}", operand, name(args[operand].type), name(expected));
}

}  // namespace

TypeAndShape infer_cast(const InferArgs& args) {
  if (args.attrs.a < 0 || static_cast<size_t>(args.attrs.a) >= dtypes().size())
    args.fail("unknown type {}", args.attrs.a);
  return {static_cast<DType>(args.attrs.a), args[0].shape};
}

TypeAndShape infer_same(const InferArgs& args) {
  for (size_t i = 1; i < args.operands.size(); ++i) expect_type(args, i, args[0].type);
  if (info(args[0].type).bits < 32)
    args.fail("got {}; cast storage types first", name(args[0].type));
  return {args[0].type, broadcast_all(args)};
}

TypeAndShape infer_real(const InferArgs& args) {
  if (!is_float(args[0].type))
    args.fail("got {}, expected a floating-point type", name(args[0].type));
  return infer_same(args);
}

TypeAndShape infer_integer(const InferArgs& args) {
  if (is_float(args[0].type)) args.fail("got {}, expected an integer type", name(args[0].type));
  const auto bits = static_cast<int64_t>(info(args[0].type).bits);
  if (args.op == Op::shift_right && (args.attrs.a < 0 || args.attrs.a >= bits))
    args.fail("got {} bits, expected 0 to {}", args.attrs.a, bits - 1);
  return infer_same(args);
}

TypeAndShape infer_select(const InferArgs& args) {
  expect_type(args, 2, args[1].type);
  return {args[1].type, broadcast_all(args)};
}

TypeAndShape infer_shift(const InferArgs& args) {
  const bool wide = args.op != Op::requantise_sr && args[0].type == DType::int64;
  if (args[0].type != DType::int32 && !wide)
    args.fail("got {}, expected an int32 accumulator", name(args[0].type));
  expect_type(args, 1, DType::int32);
  if (!args[1].shape.is_scalar())
    args.fail("the shift has shape {}, expected a scalar", to_string(args[1].shape));
  if (args.op == Op::requantise_sr) expect_type(args, 2, DType::int32);
  if (args.attrs.a <= 0) args.fail("the limit is {}, expected a positive number", args.attrs.a);
  if (args.op == Op::align) return {args[0].type, broadcast_all(args)};
  const auto to = static_cast<DType>(args.attrs.b);
  if (to != DType::int8 && to != DType::int16 && to != DType::int32)
    args.fail("the result's type is {}, expected int8, int16 or int32", args.attrs.b);
  return {to, broadcast_all(args)};
}

TypeAndShape infer_mul_shift(const InferArgs& args) {
  for (size_t i = 0; i < 3; ++i) expect_type(args, i, DType::int32);
  if (!args[2].shape.is_scalar())
    args.fail("the shift has shape {}, expected a scalar", to_string(args[2].shape));
  if (args.attrs.a <= 0) args.fail("the limit is {}, expected a positive number", args.attrs.a);
  return {DType::int32, broadcast_all(args)};
}

TypeAndShape infer_to_int32(const InferArgs& args) {
  if (is_float(args[0].type)) args.fail("got {}, expected an integer type", name(args[0].type));
  return {DType::int32, args[0].shape};
}

TypeAndShape infer_square_code(const InferArgs& args) {
  expect_type(args, 0, DType::int32);
  expect_type(args, 1, DType::int32);
  if (args.op == Op::mean_square && (args.attrs.a < 1 || args.attrs.a > fixed::kMaxDecayBits))
    args.fail("a decay of {} bits, expected 1 to {}", args.attrs.a, fixed::kMaxDecayBits);
  if (args.op == Op::mul_rsqrt &&
      (args.attrs.a < fixed::square_code(1) || args.attrs.a > fixed::kLargestSquareCode))
    args.fail("the code {}, expected {} to {}", args.attrs.a, fixed::square_code(1),
              fixed::kLargestSquareCode);
  return {DType::int32, broadcast_all(args)};
}

TypeAndShape infer_fixed_curve(const InferArgs& args) {
  expect_type(args, 0, DType::int32);
  expect_type(args, 1, DType::int32);
  if (!args[1].shape.is_scalar())
    args.fail("the exponent has shape {}, expected a scalar", to_string(args[1].shape));
  return {DType::int32, args[0].shape};
}

TypeAndShape infer_hash_key(const InferArgs& args) {
  expect_type(args, 0, DType::int64);
  expect_type(args, 1, DType::int64);
  return {DType::int64, broadcast_all(args)};
}

TypeAndShape infer_random(const InferArgs& args) {
  expect_type(args, 0, DType::int64);
  if (!args[0].shape.is_scalar())
    args.fail("the key has shape {}, expected a scalar", to_string(args[0].shape));
  return {DType::int32, args.attrs.shape};
}

TypeAndShape infer_permute(const InferArgs& args) {
  expect_type(args, 0, DType::int32);
  expect_type(args, 1, DType::int64);
  expect_type(args, 2, DType::int32);
  return {DType::int32, broadcast_all(args)};
}

NodeId unbroadcast(Builder& b, NodeId dy, NodeId x) {
  if (dy == kNoNode || b.shape(dy) == b.shape(x)) return dy;
  const Shape& from = b.shape(dy);
  const Shape& to = b.shape(x);
  if (to.is_scalar()) return b.sum(dy, 2);
  if (to.rows() == 1 && from.rows() != 1) dy = b.sum(dy, 0);
  if (to.cols() == 1 && from.cols() != 1) dy = b.sum(dy, 1);
  return b.reshape(dy, to);
}

// Whole numbers are steps: nothing flows through them.
Gradients grad_cast(const GradArgs& g) {
  const DType from = g.b.type(g.x(0));
  return {is_float(from) && is_float(g.node().type) ? g.b.cast(g.dy, from) : kNoNode};
}
Gradients grad_neg(const GradArgs& g) {
  return {g.b.neg(g.dy)};
}

Gradients grad_abs(const GradArgs& g) {
  const NodeId positive = g.b.greater(g.x(0), g.b.constant(0, g.dy));
  return {g.b.select(positive, g.dy, g.b.neg(g.dy))};
}

Gradients grad_exp(const GradArgs& g) {
  return {g.b.mul(g.dy, g.self)};
}
Gradients grad_log(const GradArgs& g) {
  return {g.b.div(g.dy, g.x(0))};
}

Gradients grad_sqrt(const GradArgs& g) {
  return {g.b.div(g.b.mul(g.dy, g.b.constant(0.5, g.dy)), g.self)};
}

// By the output's sign, which is the input's: only the output has to be kept.
Gradients grad_leaky_relu(const GradArgs& g) {
  const NodeId positive = g.b.greater(g.self, g.b.constant(0, g.self));
  const NodeId slope = g.b.constant(g.node().attrs.real, g.dy);
  return {g.b.select(positive, g.dy, g.node().attrs.real == 0 ? slope : g.b.mul(g.dy, slope))};
}

Gradients grad_curve(const GradArgs& g) {
  const NodeId slope = g.b.graph().make(Op::curve_slope, {g.x(0)}, {.a = g.node().attrs.a});
  return {g.b.mul(g.dy, slope)};
}

Gradients grad_add(const GradArgs& g) {
  return {unbroadcast(g.b, g.dy, g.x(0)), unbroadcast(g.b, g.dy, g.x(1))};
}

Gradients grad_sub(const GradArgs& g) {
  return {unbroadcast(g.b, g.dy, g.x(0)), unbroadcast(g.b, g.b.neg(g.dy), g.x(1))};
}

Gradients grad_mul(const GradArgs& g) {
  return {unbroadcast(g.b, g.b.mul(g.dy, g.x(1)), g.x(0)),
          unbroadcast(g.b, g.b.mul(g.dy, g.x(0)), g.x(1))};
}

Gradients grad_div(const GradArgs& g) {
  const NodeId dx = g.b.div(g.dy, g.x(1));
  return {unbroadcast(g.b, dx, g.x(0)), unbroadcast(g.b, g.b.neg(g.b.mul(dx, g.self)), g.x(1))};
}

namespace {

// The first operand takes the gradient on ties.
Gradients extreme(const GradArgs& g, NodeId second_wins) {
  const NodeId zero = g.b.constant(0, g.dy);
  return {unbroadcast(g.b, g.b.select(second_wins, zero, g.dy), g.x(0)),
          unbroadcast(g.b, g.b.select(second_wins, g.dy, zero), g.x(1))};
}

}  // namespace

Gradients grad_max(const GradArgs& g) {
  return extreme(g, g.b.greater(g.x(1), g.x(0)));
}
Gradients grad_min(const GradArgs& g) {
  return extreme(g, g.b.greater(g.x(0), g.x(1)));
}

Gradients grad_select(const GradArgs& g) {
  const NodeId zero = g.b.constant(0, g.dy);
  return {kNoNode, unbroadcast(g.b, g.b.select(g.x(0), g.dy, zero), g.x(1)),
          unbroadcast(g.b, g.b.select(g.x(0), zero, g.dy), g.x(2))};
}

}  // namespace paragon::ir
