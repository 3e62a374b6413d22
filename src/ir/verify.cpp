// SPDX-License-Identifier: Apache-2.0
#include "core/error.hpp"
#include "ir/graph.hpp"
#include "ir/rules/rules.hpp"

namespace paragon::ir {

void verify(const Graph& graph, std::string_view after) {
  for (NodeId id = 0; id < graph.size(); ++id) {
    const Node& node = graph[id];
    const std::string place = fmt::format("after {}: node {} ({})", after, id, info(node.op).name);
    const int expected = info(node.op).operands;
    if (expected >= 0 && node.operands.size() != static_cast<size_t>(expected))
      raise("[{}] got {} operands, expected {}", place, node.operands.size(), expected);
    InferArgs args{graph, node.op, {}, node.attrs, node.type};
    for (NodeId operand : node.operands) {
      if (operand >= id) raise("[{}] operand {} does not come before it", place, operand);
      args.operands.push_back(&graph[operand]);
    }
    const TypeAndShape result = infer(args);
    if (result.type != node.type || result.shape != node.shape)
      raise("[{}] is {} {}, its rule gives {} {}", place, name(node.type), to_string(node.shape),
            name(result.type), to_string(result.shape));
  }
  for (const Phase& phase : graph.phases()) {
    std::vector<bool> written(graph.slots().size(), false);
    for (const Assignment& assignment : phase.assignments) {
      const std::string place = fmt::format("after {}: phase {}", after, phase.name);
      if (assignment.slot >= graph.slots().size() || assignment.value >= graph.size())
        raise("[{}] assigns node {} to slot {}", place, assignment.value, assignment.slot);
      const Slot& slot = graph.slots()[assignment.slot];
      const Node& value = graph[assignment.value];
      if (written[assignment.slot]) raise("[{}] writes slot '{}' twice", place, slot.name);
      written[assignment.slot] = true;
      if (slot.role == SlotRole::kInput || slot.role == SlotRole::kData)
        raise("[{}] writes slot '{}', which is {}", place, slot.name, name(slot.role));
      if (value.type != slot.type || value.shape != slot.shape)
        raise("[{}] slot '{}' is {} {}, the value {} {}", place, slot.name, name(slot.type),
              to_string(slot.shape), name(value.type), to_string(value.shape));
    }
  }
}

}  // namespace paragon::ir
