// SPDX-License-Identifier: Apache-2.0
#include "ir/rules/rules.hpp"

namespace paragon::ir {

TypeAndShape infer_reduce(const InferArgs& args) {
  if (args[0].shape.rank() > 2)
    args.fail("got shape {}, expected a matrix", to_string(args[0].shape));
  if (info(args[0].type).kind == DTypeKind::kUnsigned)
    args.fail("got {}, expected a signed or floating-point type", name(args[0].type));
  const DType type = info(args[0].type).bits < 32 ? DType::int32 : args[0].type;
  const size_t rows = args[0].shape.rows(), cols = args[0].shape.cols();
  switch (args.attrs.a) {
    case 0:
      return {type, {1, cols}};
    case 1:
      return {type, {rows, 1}};
    case 2:
      return {type, {}};
    default:
      args.fail("axis {} is unknown, expected 0, 1 or 2 (both)", args.attrs.a);
  }
}

TypeAndShape infer_or_bits(const InferArgs& args) {
  if (args[0].type != DType::int32 && args[0].type != DType::int64)
    args.fail("got {}, expected int32 or int64", name(args[0].type));
  return {args[0].type, {}};
}

Gradients grad_sum(const GradArgs& g) {
  // Adding a zero of the operand's shape repeats dy along the axes that were summed.
  const NodeId x = g.x(0);
  const NodeId zeros = g.b.zeros(g.b.type(g.dy), g.b.shape(x));
  return {g.b.reshape(g.b.add(zeros, g.dy), g.b.shape(x))};
}

Gradients grad_maximum(const GradArgs& g) {
  const NodeId zero = g.b.constant(0, g.dy);
  const NodeId chosen = g.b.select(g.b.equal(g.x(0), g.self), g.dy, zero);
  return {g.b.reshape(chosen, g.b.shape(g.x(0)))};
}

}  // namespace paragon::ir
