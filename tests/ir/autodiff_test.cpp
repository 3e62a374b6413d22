// SPDX-License-Identifier: Apache-2.0
// What autodiff refuses and leaves out, sums of several ways, gradients of gradients.
#include <gtest/gtest.h>

#include "core/mean_square.hpp"
#include "finite_differences.hpp"
#include "raises.hpp"

namespace paragon {
namespace {

using ir::Builder;
using ir::Differentiable;
using ir::NodeId;
using ir::Op;
using testing::expect_gradient;
using testing::GraphMaker;
using Nodes = std::vector<NodeId>;

// y = f(x): a use of each operation whose gradient is zero or refused, on a float64 x.
NodeId use_of(Builder& b, Op op, NodeId x) {
  const NodeId whole = b.cast(x, DType::int32), wide = b.cast(x, DType::int64);
  const NodeId one = b.integer(1);
  switch (op) {
    case Op::constant:
      return b.real(1, DType::float64);
    case Op::iota:
      return b.iota({2, 2}, 0);
    case Op::greater:
    case Op::equal:
      return b.binary(op, x, b.real(0, DType::float64));
    case Op::table:
      return b.table(ir::make_index_table({0, 1, -1, 2}, 2, 2, 3));
    case Op::align:
      return b.align(whole, one, 127);
    case Op::requantise:
      return b.requantise(whole, one, 127, DType::int8);
    case Op::requantise_sr:
      return b.requantise_sr(whole, one, whole, 127, DType::int8);
    case Op::mul_shift:
      return b.mul_shift(whole, whole, one, 127);
    case Op::curve_slope:
      return b.graph().make(op, {x}, {.a = static_cast<int64_t>(Curve::tanh)});
    case Op::curve_fixed:
    case Op::curve_slope_fixed:
      return b.graph().make(op, {whole, one}, {.a = static_cast<int64_t>(Curve::tanh)});
    case Op::host_score:
      return b.host_score(x, [](std::span<const float> row) { return double{row[0]}; });
    case Op::entropy:
      return b.unary(op, x);
    case Op::clamp:
      return b.clamp(whole, -1, 1);
    case Op::shift_right:
      return b.shift_right(whole, 1);
    case Op::bit_length:
    case Op::exp2_negative:
    case Op::log2_q16:
    case Op::isqrt:
    case Op::or_bits:
      return b.unary(op, whole);
    case Op::div_round:
      return b.binary(op, whole, whole);
    case Op::mean_square:
      return b.mean_square(whole, whole, 10);
    case Op::mul_rsqrt:
      return b.mul_rsqrt(whole, whole, fixed::square_code(9));
    case Op::hash_key:
      return b.hash_key(b.unstack(b.unstack(wide, 0), 0), b.integer(1, DType::int64), 7,
                        random::Role::kError, 0);
    case Op::random:
      return b.random(b.unstack(b.unstack(wide, 0), 0), {2, 2}, 2, 1);
    case Op::permute:
      return b.permute(whole, b.integer(1, DType::int64), one);
    default:
      raise("[test] {} has no case", info(op).name);
  }
}

TEST(Gradients, ZeroAndRefusedByTheTable) {
  for (size_t i = 0; i < ir::kOpCount; ++i) {
    const Op op = static_cast<Op>(i);
    if (info(op).gradient == Differentiable::kGrad) continue;
    SCOPED_TRACE(info(op).name);
    GraphMaker maker;
    Builder b = maker.b();
    const NodeId x = maker.input("x", DType::float64, {2, 2});
    const NodeId y = use_of(b, op, x);
    ASSERT_EQ(b[y].op, op);
    const NodeId seed = maker.input("seed", b.type(y), b.shape(y));
    const auto gradient = [&] { return ir::vjp(maker.graph, {y}, {seed}, {x})[0]; };
    if (info(op).gradient == Differentiable::kZero) {
      EXPECT_EQ(gradient(), ir::kNoNode);
    } else {
      EXPECT_TRUE(testing::contains(testing::message_of(gradient), std::string(info(op).name)));
    }
  }
}

TEST(Gradients, NothingFlowsThroughWholeNumbers) {
  expect_gradient({{{3, 4}}, [](Builder& b, const Nodes& x) {
                     return b.mul(
                         x[0], b.cast(b.cast(b.mul(x[0], b.real(7, DType::float64)), DType::int32),
                                      DType::float64));
                   }});
}

TEST(Gradients, SumsOverAllWaysToANode) {
  expect_gradient({{{3, 4}, {1, 4}}, [](Builder& b, const Nodes& x) {
                     const NodeId y = b.mul(x[0], x[1]);
                     return b.add(b.mul(y, b.add(y, x[0])), b.sum(b.mul(y, x[1]), 1));
                   }});
}

TEST(Gradients, OfSecondOrder) {
  expect_gradient({{{2, 3}, {3, 2}},
                   [](Builder& b, const Nodes& x) {
                     const NodeId y = b.exp(b.contract(x[0], x[1]));
                     const NodeId loss = b.sum(b.mul(y, y), 2);
                     return ir::vjp(b.graph(), {loss}, {b.real(1, DType::float64)}, {x[0]})[0];
                   },
                   -0.5,
                   0.5});
}

TEST(Gradients, OfWhatDoesNotDependIsNone) {
  GraphMaker maker;
  Builder b = maker.b();
  const NodeId x = maker.input("x", DType::float64, {2, 2}),
               z = maker.input("z", DType::float64, {2, 2});
  const NodeId y = b.exp(x);
  const auto gradients = ir::vjp(maker.graph, {y}, {x}, {z, x});
  EXPECT_EQ(gradients[0], ir::kNoNode);
  EXPECT_NE(gradients[1], ir::kNoNode);
  const std::string message =
      testing::message_of([&] { ir::vjp(maker.graph, {y}, {b.sum(x, 1)}, {x}); });
  EXPECT_TRUE(testing::contains(message, "[2,1]"));
  EXPECT_TRUE(testing::contains(message, "[2,2]"));
}

}  // namespace
}  // namespace paragon
