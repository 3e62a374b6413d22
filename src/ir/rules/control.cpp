// SPDX-License-Identifier: Apache-2.0
#include "ir/rules/rules.hpp"

namespace paragon::ir {
namespace {

Shape with_leading(size_t extent, const Shape& shape) {
  std::vector<size_t> dims = {extent};
  dims.insert(dims.end(), shape.dims().begin(), shape.dims().end());
  return Shape(dims);
}

}  // namespace

TypeAndShape infer_when(const InferArgs& args) {
  if (args[0].type != DType::int32 || !args[0].shape.is_scalar())
    args.fail("the condition is {} {}, expected an int32 scalar", name(args[0].type),
              to_string(args[0].shape));
  if (args[1].type != args[2].type || args[1].shape != args[2].shape)
    args.fail("the value is {} {}, the alternative {} {}", name(args[1].type),
              to_string(args[1].shape), name(args[2].type), to_string(args[2].shape));
  return {args[1].type, args[1].shape};
}

TypeAndShape infer_scan(const InferArgs& args) {
  if (args.attrs.body == nullptr) args.fail("there is no body");
  const Body& body = *args.attrs.body;
  const auto trips = static_cast<size_t>(args.attrs.a);
  const auto carried = static_cast<size_t>(args.attrs.b),
             scanned = static_cast<size_t>(args.attrs.c);
  const auto& slots = body.graph.slots();
  if (args.attrs.b < 0 || args.attrs.c < 0)
    args.fail("{} carried and {} scanned values", args.attrs.b, args.attrs.c);
  if (args.attrs.a < 1) args.fail("{} repetitions, expected at least 1", args.attrs.a);
  if (slots.size() != args.operands.size() || carried + scanned > slots.size() ||
      body.outputs.size() < carried)
    args.fail("{} operands and {} outputs for a body of {} inputs, {} carried, {} scanned",
              args.operands.size(), body.outputs.size(), slots.size(), carried, scanned);
  for (size_t i = 0; i < slots.size(); ++i) {
    const bool is_scanned = i >= carried && i < carried + scanned;
    const Shape expected = is_scanned ? with_leading(trips, slots[i].shape) : slots[i].shape;
    if (args[i].shape != expected || args[i].type != slots[i].type)
      args.fail("operand {} is {} {}, expected {} {}", i, name(args[i].type),
                to_string(args[i].shape), name(slots[i].type), to_string(expected));
  }
  for (size_t i = 0; i < carried; ++i) {
    const Node& next = body.graph[body.outputs[i]];
    if (next.shape != slots[i].shape || next.type != slots[i].type)
      args.fail("carried value {} becomes {} {}, expected {} {}", i, name(next.type),
                to_string(next.shape), name(slots[i].type), to_string(slots[i].shape));
  }
  return {DType::int32, {}};  // a scan's own value is never read, only its results through get
}

TypeAndShape infer_get(const InferArgs& args) {
  const Node& scan = args[0];
  if (scan.op != Op::scan) args.fail("the operand is a {}, expected a scan", info(scan.op).name);
  const Body& body = *scan.attrs.body;
  const auto index = static_cast<size_t>(args.attrs.a);
  if (index >= body.outputs.size()) args.fail("result {} of {}", index, body.outputs.size());
  const Node& output = body.graph[body.outputs[index]];
  if (index < static_cast<size_t>(scan.attrs.b)) return {output.type, output.shape};
  return {output.type, with_leading(static_cast<size_t>(scan.attrs.a), output.shape)};
}

Gradients grad_when(const GradArgs& g) {
  const NodeId zero = g.b.zeros(g.b.type(g.dy), g.b.shape(g.dy));
  return {kNoNode, g.b.when(g.x(0), g.dy, zero), g.b.when(g.x(0), zero, g.dy)};
}

// Gradients of all results of a scan are gathered before its rule runs: passes/scan_gradient.cpp.
Gradients grad_get(const GradArgs&) {
  return {};
}
Gradients grad_scan(const GradArgs&) {
  return {};
}

}  // namespace paragon::ir
