// SPDX-License-Identifier: Apache-2.0
#include "runtime/groups.hpp"

#include <algorithm>

namespace paragon::runtime {

using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::Op;
using ir::OpClass;

bool is_code(const Node& node) {
  return node.op == Op::iota || node.op == Op::table || node.op == Op::when ||
         info(node.op).cls == OpClass::kElementwise;
}

bool can_anchor(Op op) {
  switch (op) {
    case Op::contract:
    case Op::gather_dot:
    case Op::gather_dot_wgrad:
    case Op::gather_dot_xgrad:
    case Op::gather:
    case Op::sum:
    case Op::maximum:
      return true;
    default:
      return false;
  }
}

bool Grouping::depends_on(size_t user, size_t producer) const {
  if (user == producer) return true;
  std::vector<size_t> stack = {user};
  std::vector<bool> seen(groups.size(), false);
  while (!stack.empty()) {
    const size_t group = stack.back();
    stack.pop_back();
    if (group == producer) return true;
    if (seen[group]) continue;
    seen[group] = true;
    for (size_t next : groups[group].depends) stack.push_back(next);
  }
  return false;
}

namespace {

class Grouper {
 public:
  Grouper(const Graph& graph, bool fuse) : graph_(graph), fuse_(fuse) {
    result_.group_of.assign(graph.size(), kNoGroup);
    floating_.assign(graph.size(), false);
  }

  Grouping run(const std::vector<NodeId>& roots) {
    const std::vector<NodeId> order = reachable(graph_, roots);
    for (NodeId id : order) place(id);
    for (NodeId root : roots) settle(root);
    return std::move(result_);
  }

 private:
  bool is_leaf(NodeId id) const {
    return graph_[id].op == Op::slot || graph_[id].op == Op::constant;
  }
  bool same_space(const Group& group, const Shape& shape) const {
    return !group.scalar && group.rows == shape.rows() && group.cols == shape.cols();
  }

  void place(NodeId id) {
    const Node& node = graph_[id];
    if (is_leaf(id)) return;
    if (node.op == Op::or_bits) return place_or(id);
    if (!is_code(node)) {
      add_to(new_group(node.shape, id), id);
      return;
    }
    if (node.shape.is_scalar()) {
      const size_t group = new_group(node.shape, ir::kNoNode);
      result_.groups[group].scalar = true;
      add_to(group, id);
      return;
    }
    // What a false condition skips must not contain the choice itself.
    if (!fuse_ || node.op == Op::when) {
      for (NodeId operand : node.operands) settle(operand);
      add_to(new_group(node.shape, ir::kNoNode), id);
      return;
    }
    std::vector<size_t> candidates;
    for (NodeId operand : node.operands) collect_producers(operand, candidates);
    if (candidates.empty() || waits_for_user(node.op)) {
      floating_[id] = true;
      return;
    }
    // The latest producers first: they are most likely to be the hot matrix.
    std::sort(candidates.rbegin(), candidates.rend());
    for (size_t group : candidates)
      if (can_join(group, id)) return add_to(group, id);
    add_to(new_group(node.shape, ir::kNoNode), id);
  }

  // Cheap to repeat and often wider than what they read: better computed where they are used, e.g.
  // the sign of an activation in the backward pass.
  static bool waits_for_user(Op op) {
    return op == Op::cast || op == Op::greater || op == Op::equal;
  }

  // Groups of the matrices that `id` is made of.
  void collect_producers(NodeId id, std::vector<size_t>& groups) const {
    if (graph_[id].shape.is_scalar() || is_leaf(id)) return;
    if (result_.group_of[id] != kNoGroup) {
      groups.push_back(result_.group_of[id]);
    } else {
      for (NodeId operand : graph_[id].operands) collect_producers(operand, groups);
    }
  }

  void place_or(NodeId id) {
    const NodeId operand = graph_[id].operands[0];
    if (floating_[operand]) settle(operand);
    const size_t producer = is_leaf(operand) ? kNoGroup : result_.group_of[operand];
    const bool joins = fuse_ && producer != kNoGroup && can_run_code(result_.groups[producer]);
    add_to(joins ? producer : new_group(graph_[operand].shape, ir::kNoNode), id);
  }

  bool can_run_code(const Group& group) const {
    return !group.scalar && (group.anchor == ir::kNoNode || can_anchor(graph_[group.anchor].op));
  }

  bool can_join(size_t group, NodeId id) const {
    if (!can_run_code(result_.groups[group]) ||
        !same_space(result_.groups[group], graph_[id].shape))
      return false;
    return std::all_of(graph_[id].operands.begin(), graph_[id].operands.end(),
                       [&](NodeId operand) { return safe_operand(group, operand); });
  }

  // An operand computed elsewhere must not need this group's results.
  bool safe_operand(size_t group, NodeId operand) const {
    if (is_leaf(operand)) return true;
    const size_t producer = result_.group_of[operand];
    if (producer == group) return true;
    if (producer != kNoGroup) return !result_.depends_on(producer, group);
    return std::all_of(graph_[operand].operands.begin(), graph_[operand].operands.end(),
                       [&](NodeId inner) { return safe_operand(group, inner); });
  }

  size_t new_group(const Shape& shape, NodeId anchor) {
    Group group;
    group.anchor = anchor;
    group.rows = shape.rows();
    group.cols = shape.cols();
    result_.groups.push_back(std::move(group));
    return result_.groups.size() - 1;
  }

  void add_to(size_t group, NodeId id) {
    for (NodeId operand : graph_[id].operands) {
      if (is_leaf(operand)) continue;
      if (floating_[operand] && result_.group_of[operand] == kNoGroup) {
        const bool absorb = can_run_code(result_.groups[group]) && is_code(graph_[id]) &&
                            same_space(result_.groups[group], graph_[operand].shape);
        if (absorb) {
          add_to(group, operand);
        } else {
          settle(operand);
        }
      }
      const size_t producer = result_.group_of[operand];
      if (producer != group) result_.groups[group].depends.insert(producer);
    }
    result_.group_of[id] = group;
    if (id != result_.groups[group].anchor) result_.groups[group].nodes.push_back(id);
  }

  // Gives a floating node that nobody absorbed a group of its own.
  void settle(NodeId id) {
    if (!floating_[id] || result_.group_of[id] != kNoGroup) return;
    const size_t group = new_group(graph_[id].shape, ir::kNoNode);
    add_to(group, id);
  }

  const Graph& graph_;
  bool fuse_;
  Grouping result_;
  std::vector<bool> floating_;  // waits for its first user
};

}  // namespace

Grouping group_nodes(const Graph& graph, const std::vector<NodeId>& roots, bool fuse) {
  return Grouper(graph, fuse).run(roots);
}

}  // namespace paragon::runtime
