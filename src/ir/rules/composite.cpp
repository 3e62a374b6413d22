// SPDX-License-Identifier: Apache-2.0
#include "ir/rules/rules.hpp"

namespace paragon::ir {

TypeAndShape infer_cross_entropy(const InferArgs& args) {
  if (info(args[0].type).kind != DTypeKind::kFloat || args[0].shape.rank() != 2)
    args.fail("logits are {} {}, expected a floating-point matrix", name(args[0].type),
              to_string(args[0].shape));
  if (args[1].type != DType::int32 || args[1].shape.elements() != args[0].shape[0])
    args.fail("labels are {} {}, expected int32 [{}]", name(args[1].type), to_string(args[1].shape),
              args[0].shape[0]);
  return {args[0].type, {args[0].shape[0], 1}};
}

TypeAndShape infer_squared_error(const InferArgs& args) {
  if (!is_float(args[0].type) || args[0].shape.rank() != 2)
    args.fail("outputs are {} {}, expected a floating-point matrix", name(args[0].type),
              to_string(args[0].shape));
  if (args[1].type != args[0].type || args[1].shape != args[0].shape)
    args.fail("targets are {} {}, expected {} {}", name(args[1].type), to_string(args[1].shape),
              name(args[0].type), to_string(args[0].shape));
  return {args[0].type, {args[0].shape[0], 1}};
}

TypeAndShape infer_entropy(const InferArgs& args) {
  if (!is_float(args[0].type) || args[0].shape.rank() != 2)
    args.fail("got {} {}, expected a floating-point matrix", name(args[0].type),
              to_string(args[0].shape));
  return {args[0].type, {args[0].shape[0], 1}};
}

Gradients grad_squared_error(const GradArgs& g) {
  const double scale = 2.0 / static_cast<double>(g.b.shape(g.x(0))[1]);
  const NodeId difference = g.b.sub(g.x(0), g.x(1));
  const NodeId dx = g.b.mul(g.b.mul(difference, g.b.constant(scale, difference)), g.dy);
  return {dx, g.b.neg(dx)};
}

// d softmax: s (dy - sum(dy s)) over each row.
Gradients grad_softmax(const GradArgs& g) {
  const NodeId weighted = g.b.mul(g.dy, g.self);
  return {g.b.sub(weighted, g.b.mul(g.self, g.b.sum(weighted, 1)))};
}

// d cross_entropy: softmax minus the one-hot label; its classic closed form.
Gradients grad_cross_entropy(const GradArgs& g) {
  const NodeId hot = g.b.cast(g.b.one_hot(g.x(1), g.b.shape(g.x(0))[1]), g.b.type(g.dy));
  return {g.b.mul(g.b.sub(g.b.softmax(g.x(0)), hot), g.dy), kNoNode};
}

}  // namespace paragon::ir
