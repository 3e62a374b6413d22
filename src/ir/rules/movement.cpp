// SPDX-License-Identifier: Apache-2.0
#include "ir/rules/rules.hpp"

namespace paragon::ir {

TypeAndShape infer_transpose(const InferArgs& args) {
  if (args[0].shape.rank() != 2)
    args.fail("got shape {}, expected a matrix", to_string(args[0].shape));
  return {args[0].type, {args[0].shape[1], args[0].shape[0]}};
}

TypeAndShape infer_reshape(const InferArgs& args) {
  if (args[0].shape.elements() != args.attrs.shape.elements())
    args.fail("shape {} cannot become {}", to_string(args[0].shape), to_string(args.attrs.shape));
  return {args[0].type, args.attrs.shape};
}

TypeAndShape infer_stack(const InferArgs& args) {
  if (args.operands.empty()) args.fail("there is nothing to stack");
  for (size_t i = 1; i < args.operands.size(); ++i)
    if (args[i].shape != args[0].shape || args[i].type != args[0].type)
      args.fail("operand {} is {} {}, expected {} {}", i, name(args[i].type),
                to_string(args[i].shape), name(args[0].type), to_string(args[0].shape));
  std::vector<size_t> dims = {args.operands.size()};
  dims.insert(dims.end(), args[0].shape.dims().begin(), args[0].shape.dims().end());
  return {args[0].type, Shape(dims)};
}

TypeAndShape infer_unstack(const InferArgs& args) {
  const Shape& shape = args[0].shape;
  if (shape.rank() == 0) args.fail("a scalar has no first axis");
  if (args.attrs.a < 0 || static_cast<size_t>(args.attrs.a) >= shape[0])
    args.fail("element {} is outside of {}", args.attrs.a, to_string(shape));
  return {args[0].type, Shape(shape.dims().subspan(1))};
}

TypeAndShape infer_concat(const InferArgs& args) {
  if (args.operands.empty()) args.fail("there is nothing to join");
  size_t rows = 0;
  for (const Node* operand : args.operands) {
    if (operand->shape.rank() != 2 || operand->shape[1] != args[0].shape[1] ||
        operand->type != args[0].type)
      args.fail("got {} {}, expected a {} matrix of {} columns", name(operand->type),
                to_string(operand->shape), name(args[0].type), args[0].shape.cols());
    rows += operand->shape[0];
  }
  return {args[0].type, {rows, args[0].shape[1]}};
}

TypeAndShape infer_rows(const InferArgs& args) {
  if (args[0].shape.rank() != 2)
    args.fail("got shape {}, expected a matrix", to_string(args[0].shape));
  const auto first = static_cast<size_t>(args.attrs.a), count = static_cast<size_t>(args.attrs.b);
  if (args.attrs.a < 0 || args.attrs.b < 1 || first + count > args[0].shape[0])
    args.fail("rows {} to {} of {}", args.attrs.a, args.attrs.a + args.attrs.b,
              to_string(args[0].shape));
  return {args[0].type, {count, args[0].shape[1]}};
}

TypeAndShape infer_host_score(const InferArgs& args) {
  if (args.attrs.function == nullptr || *args.attrs.function == nullptr)
    args.fail("there is no function");
  if (args[0].shape.rank() != 2)
    args.fail("got shape {}, expected a matrix", to_string(args[0].shape));
  if (args[1].type != DType::int32 || !args[1].shape.is_scalar())
    args.fail("the exponent is {} {}, expected an int32 scalar", name(args[1].type),
              to_string(args[1].shape));
  return {args[0].type, {args[0].shape[0], 1}};
}

Gradients grad_concat(const GradArgs& g) {
  Gradients parts;
  size_t first = 0;
  for (NodeId operand : g.node().operands) {
    const size_t count = g.b.shape(operand)[0];
    parts.push_back(g.b.rows(g.dy, first, count));
    first += count;
  }
  return parts;
}

Gradients grad_rows(const GradArgs& g) {
  const Shape whole = g.b.shape(g.x(0));
  const auto first = static_cast<size_t>(g.node().attrs.a), count = g.b.shape(g.dy)[0];
  std::vector<NodeId> parts;
  if (first > 0) parts.push_back(g.b.zeros(g.b.type(g.dy), {first, whole[1]}));
  parts.push_back(g.dy);
  if (first + count < whole[0])
    parts.push_back(g.b.zeros(g.b.type(g.dy), {whole[0] - first - count, whole[1]}));
  return {parts.size() == 1 ? g.dy : g.b.concat(std::move(parts))};
}

Gradients grad_transpose(const GradArgs& g) {
  return {g.b.transpose(g.dy)};
}
Gradients grad_reshape(const GradArgs& g) {
  return {g.b.reshape(g.dy, g.b.shape(g.x(0)))};
}

Gradients grad_stack(const GradArgs& g) {
  Gradients parts;
  for (size_t i = 0; i < g.node().operands.size(); ++i)
    parts.push_back(g.b.unstack(g.dy, static_cast<int64_t>(i)));
  return parts;
}

Gradients grad_unstack(const GradArgs& g) {
  const NodeId zero = g.b.zeros(g.b.type(g.dy), g.b.shape(g.dy));
  std::vector<NodeId> parts(g.b.shape(g.x(0))[0], zero);
  parts[static_cast<size_t>(g.node().attrs.a)] = g.dy;
  return {g.b.stack(std::move(parts))};
}

TypeAndShape infer_gather(const InferArgs& args) {
  if (args[0].shape.rank() != 2)
    args.fail("the table has shape {}, expected a matrix", to_string(args[0].shape));
  if (args[1].type != DType::int32) args.fail("indices are {}, expected int32", name(args[1].type));
  const size_t rows = args[1].shape.elements(), cols = args[0].shape[1];
  return {args[0].type, args.attrs.a != 0 ? Shape{cols, rows} : Shape{rows, cols}};
}

TypeAndShape infer_scatter_add(const InferArgs& args) {
  if (args[0].shape.rank() != 2 || args[1].shape.elements() != args[0].shape[0])
    args.fail("got rows {} and indices {}", to_string(args[0].shape), to_string(args[1].shape));
  if (args[1].type != DType::int32) args.fail("indices are {}, expected int32", name(args[1].type));
  if (args.attrs.a < 0) args.fail("{} rows", args.attrs.a);
  return {args[0].type, {static_cast<size_t>(args.attrs.a), args[0].shape[1]}};
}

Gradients grad_gather(const GradArgs& g) {
  const NodeId rows = g.node().attrs.a != 0 ? g.b.transpose(g.dy) : g.dy;
  return {g.b.scatter_add(rows, g.x(1), g.b.shape(g.x(0))[0]), kNoNode};
}
Gradients grad_scatter_add(const GradArgs& g) {
  return {g.b.gather(g.dy, g.x(1)), kNoNode};
}

}  // namespace paragon::ir
