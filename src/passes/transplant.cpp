// SPDX-License-Identifier: Apache-2.0
#include "passes/passes.hpp"

namespace paragon::ir {

NodeId Transplant::operator()(NodeId root) {
  for (NodeId id : reachable(from_, {root})) {
    if (done_.contains(id)) continue;
    const Node& node = from_[id];
    if (node.op == Op::slot) {
      const Slot& slot = from_.slots()[node.attrs.id];
      const uint32_t index =
          to_.has_slot(slot.id, slot.name) ? to_.find_slot(slot.id, slot.name) : to_.add_slot(slot);
      done_[id] = to_.read(index);
      continue;
    }
    std::vector<NodeId> operands;
    for (NodeId operand : node.operands) operands.push_back(done_.at(operand));
    const Graph::Scope scope(to_, from_.place(), from_.provenance(id));
    done_[id] = to_.make(node.op, std::move(operands), node.attrs, node.type);
  }
  return done_.at(root);
}

}  // namespace paragon::ir
