// SPDX-License-Identifier: Apache-2.0
#include "ir/rules/rules.hpp"

namespace paragon::ir {
namespace {

DType accumulator(const InferArgs& args) {
  if (args[0].type != args[1].type)
    args.fail("operands are {} and {}, expected equal types", name(args[0].type),
              name(args[1].type));
  switch (args[0].type) {
    case DType::float32:
    case DType::float64:
      return args[0].type;
    case DType::int8:
    case DType::int16:
    case DType::int32:
      if (args.attrs.c < 0 || args.attrs.c > 40)
        args.fail("the shift is {}, expected 0 to 40", args.attrs.c);
      return DType::int32;
    default:
      args.fail("got {}, expected float32, float64, int8, int16 or int32", name(args[0].type));
  }
}

void expect_matrix(const InferArgs& args, size_t operand, size_t rows, size_t cols) {
  const Shape expected{rows, cols};
  if (args[operand].shape != expected)
    args.fail("operand {} has shape {}, expected {}", operand, to_string(args[operand].shape),
              to_string(expected));
}

const IndexTable& table(const InferArgs& args) {
  if (args.attrs.table == nullptr) args.fail("there is no index table");
  return *args.attrs.table;
}

}  // namespace

TypeAndShape infer_contract(const InferArgs& args) {
  if (args[0].shape.rank() != 2 || args[1].shape.rank() != 2)
    args.fail("got shapes {} and {}, expected matrices", to_string(args[0].shape),
              to_string(args[1].shape));
  const bool ta = args.attrs.a != 0, tb = args.attrs.b != 0;
  const size_t m = args[0].shape[ta ? 1 : 0], k = args[0].shape[ta ? 0 : 1];
  const size_t kb = args[1].shape[tb ? 1 : 0], n = args[1].shape[tb ? 0 : 1];
  if (k != kb) args.fail("the first operand has {} values to sum, the second {}", k, kb);
  return {accumulator(args), {m, n}};
}

TypeAndShape infer_gather_dot(const InferArgs& args) {
  const IndexTable& t = table(args);
  expect_matrix(args, 0, t.features, args[0].shape.cols());
  expect_matrix(args, 1, t.units, t.taps);
  return {accumulator(args), {t.units, args[0].shape.cols()}};
}

TypeAndShape infer_gather_dot_wgrad(const InferArgs& args) {
  const IndexTable& t = table(args);
  expect_matrix(args, 0, t.features, args[0].shape.cols());
  expect_matrix(args, 1, t.units, args[0].shape.cols());
  return {accumulator(args), {t.units, t.taps}};
}

TypeAndShape infer_gather_dot_xgrad(const InferArgs& args) {
  const IndexTable& t = table(args);
  expect_matrix(args, 0, t.units, args[0].shape.cols());
  expect_matrix(args, 1, t.units, t.taps);
  return {accumulator(args), {t.features, args[0].shape.cols()}};
}

Gradients grad_contract(const GradArgs& g) {
  const bool ta = g.node().attrs.a != 0, tb = g.node().attrs.b != 0;
  const NodeId dx =
      ta ? g.b.contract(g.x(1), g.dy, tb, true) : g.b.contract(g.dy, g.x(1), false, !tb);
  const NodeId dw =
      tb ? g.b.contract(g.dy, g.x(0), true, ta) : g.b.contract(g.x(0), g.dy, !ta, false);
  return {dx, dw};
}

// The three indexed contractions are one trilinear form, so each is a gradient of the others.
Gradients grad_gather_dot(const GradArgs& g) {
  const auto& table = g.node().attrs.table;
  return {g.b.gather_dot(Op::gather_dot_xgrad, g.dy, g.x(1), table),
          g.b.gather_dot(Op::gather_dot_wgrad, g.x(0), g.dy, table)};
}

Gradients grad_gather_dot_wgrad(const GradArgs& g) {
  const auto& table = g.node().attrs.table;
  return {g.b.gather_dot(Op::gather_dot_xgrad, g.x(1), g.dy, table),
          g.b.gather_dot(Op::gather_dot, g.x(0), g.dy, table)};
}

Gradients grad_gather_dot_xgrad(const GradArgs& g) {
  const auto& table = g.node().attrs.table;
  return {g.b.gather_dot(Op::gather_dot, g.dy, g.x(1), table),
          g.b.gather_dot(Op::gather_dot_wgrad, g.dy, g.x(0), table)};
}

}  // namespace paragon::ir
