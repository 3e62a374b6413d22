// SPDX-License-Identifier: Apache-2.0
#include "passes/passes.hpp"

namespace paragon::ir {
namespace {

/// A body under construction: slots are added in the order of the scan's operands.
struct BodyBuilder {
  Graph graph;

  NodeId input(const std::string& name, DType type, const Shape& shape) {
    const size_t index = graph.slots().size();
    return graph.read(
        graph.add_slot({fmt::format("{}{}", name, index), 0, SlotRole::kInput, type, shape}));
  }
};

}  // namespace

// Forward again, this time also stacking the carried values before each repetition; then a scan in
// the opposite direction whose body is the vector-Jacobian product of the original body. Carried:
// gradients of the carried values, sums of the gradients of the constants. Scanned: the saved
// carried values, the scanned inputs, the gradients of the stacked outputs.
std::vector<NodeId> scan_gradient(Graph& graph, NodeId scan, const std::vector<NodeId>& dys) {
  Builder b(graph);
  const Node node = graph[scan];
  const Body& body = *node.attrs.body;
  const auto& slots = body.graph.slots();
  const auto trips = static_cast<size_t>(node.attrs.a);
  const auto carried = static_cast<size_t>(node.attrs.b),
             scanned = static_cast<size_t>(node.attrs.c);
  const size_t stacked = body.outputs.size() - carried,
               constants = slots.size() - carried - scanned;
  for (size_t i = 0; i < carried; ++i)
    if (!is_float(slots[i].type))
      raise("[gradient of scan] carried value {} is {}, expected a floating-point type", i,
            name(slots[i].type));

  BodyBuilder saving;
  Transplant copy(body.graph, saving.graph);
  std::vector<NodeId> saving_inputs;
  for (uint32_t i = 0; i < slots.size(); ++i)
    saving_inputs.push_back(saving.input("in", slots[i].type, slots[i].shape));
  for (NodeId id = 0; id < body.graph.size(); ++id)
    if (body.graph[id].op == Op::slot) copy.replace(id, saving_inputs[body.graph[id].attrs.id]);
  std::vector<NodeId> saving_outputs;
  for (size_t i = 0; i < carried; ++i) saving_outputs.push_back(copy(body.outputs[i]));
  for (size_t i = 0; i < carried; ++i) saving_outputs.push_back(saving_inputs[i]);
  const NodeId again = b.scan(make_body(std::move(saving.graph), std::move(saving_outputs)),
                              node.operands, trips, carried, scanned, node.attrs.reverse);

  BodyBuilder back;
  std::vector<NodeId> d_carried, d_constants, operands, body_of_slot(slots.size()), seeds;
  for (size_t i = 0; i < carried; ++i) {
    d_carried.push_back(back.input("dcarried", slots[i].type, slots[i].shape));
    operands.push_back(dys[i] == kNoNode ? b.zeros(slots[i].type, slots[i].shape) : dys[i]);
  }
  const auto is_float_constant = [&](size_t i) {
    return is_float(slots[carried + scanned + i].type);
  };
  for (size_t i = 0; i < constants; ++i) {
    if (!is_float_constant(i)) continue;
    const Slot& slot = slots[carried + scanned + i];
    d_constants.push_back(back.input("dconstant", slot.type, slot.shape));
    operands.push_back(b.zeros(slot.type, slot.shape));
  }
  const size_t back_carried = operands.size();
  for (size_t i = 0; i < carried + scanned; ++i) {
    body_of_slot[i] = back.input("saved", slots[i].type, slots[i].shape);
    operands.push_back(i < carried ? b.get(again, carried + i) : node.operands[i]);
  }
  seeds = d_carried;
  for (size_t i = 0; i < stacked; ++i) {
    const Node& output = body.graph[body.outputs[carried + i]];
    if (dys[carried + i] == kNoNode) {
      seeds.push_back(kNoNode);
      continue;
    }
    seeds.push_back(back.input("dstacked", output.type, output.shape));
    operands.push_back(dys[carried + i]);
  }
  const size_t back_scanned = operands.size() - back_carried;
  for (size_t i = carried + scanned; i < slots.size(); ++i) {
    body_of_slot[i] = back.input("constant", slots[i].type, slots[i].shape);
    operands.push_back(node.operands[i]);
  }

  Transplant inside(body.graph, back.graph);
  for (NodeId id = 0; id < body.graph.size(); ++id)
    if (body.graph[id].op == Op::slot) inside.replace(id, body_of_slot[body.graph[id].attrs.id]);
  std::vector<NodeId> outputs;
  for (NodeId output : body.outputs) outputs.push_back(inside(output));
  const std::vector<NodeId> gradients = vjp(back.graph, outputs, seeds, body_of_slot);

  Builder inner(back.graph);
  const auto or_zero = [&](NodeId gradient, const Slot& slot) {
    return gradient == kNoNode ? inner.zeros(slot.type, slot.shape) : gradient;
  };
  std::vector<NodeId> back_outputs;
  for (size_t i = 0; i < carried; ++i) back_outputs.push_back(or_zero(gradients[i], slots[i]));
  for (size_t i = 0, k = 0; i < constants; ++i) {
    if (!is_float_constant(i)) continue;
    const NodeId gradient = gradients[carried + scanned + i];
    back_outputs.push_back(gradient == kNoNode ? d_constants[k]
                                               : inner.add(d_constants[k], gradient));
    ++k;
  }
  for (size_t i = 0; i < scanned; ++i)
    if (is_float(slots[carried + i].type))
      back_outputs.push_back(or_zero(gradients[carried + i], slots[carried + i]));
  const NodeId reverse =
      b.scan(make_body(std::move(back.graph), std::move(back_outputs)), std::move(operands), trips,
             back_carried, back_scanned, !node.attrs.reverse);

  std::vector<NodeId> result(slots.size(), kNoNode);
  for (size_t i = 0; i < carried; ++i) result[i] = b.get(reverse, i);
  for (size_t i = 0, k = carried; i < constants; ++i)
    if (is_float_constant(i)) result[carried + scanned + i] = b.get(reverse, k++);
  for (size_t i = 0, k = back_carried; i < scanned; ++i)
    if (is_float(slots[carried + i].type)) result[carried + i] = b.get(reverse, k++);
  return result;
}

}  // namespace paragon::ir
