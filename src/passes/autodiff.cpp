// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "ir/rules/rules.hpp"
#include "passes/passes.hpp"

namespace paragon::ir {
namespace {

/// Sums gradients that reach a node on several ways, in the order they arrive.
class Accumulator {
 public:
  explicit Accumulator(Builder& b) : b_(b) {}

  void add(NodeId node, NodeId gradient) {
    if (gradient == kNoNode) return;
    const auto [it, fresh] = sums_.emplace(node, gradient);
    if (!fresh) it->second = b_.add(it->second, gradient);
  }
  NodeId of(NodeId node) const {
    const auto it = sums_.find(node);
    return it == sums_.end() ? kNoNode : it->second;
  }

 private:
  Builder& b_;
  std::unordered_map<NodeId, NodeId> sums_;
};

std::vector<bool> dependents(const Graph& graph, const std::vector<NodeId>& order,
                             const std::vector<NodeId>& wrt) {
  std::vector<bool> depends(graph.size(), false);
  for (NodeId id : wrt) depends[id] = true;
  for (NodeId id : order)
    for (NodeId operand : graph[id].operands)
      if (depends[operand]) depends[id] = true;
  return depends;
}

}  // namespace

std::vector<NodeId> vjp(Graph& graph, const std::vector<NodeId>& outputs,
                        const std::vector<NodeId>& seeds, const std::vector<NodeId>& wrt) {
  Builder b(graph);
  Accumulator sums(b);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (seeds[i] != kNoNode && b.shape(seeds[i]) != b.shape(outputs[i]))
      raise("[autodiff] the seed has shape {}, the output {}", to_string(b.shape(seeds[i])),
            to_string(b.shape(outputs[i])));
    sums.add(outputs[i], seeds[i]);
  }

  const std::vector<NodeId> order = reachable(graph, outputs);
  const std::vector<bool> depends = dependents(graph, order, wrt);
  std::map<NodeId, std::vector<NodeId>> scan_results;  // gradients of each scan's results
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    const NodeId id = *it;
    const Node node = graph[id];  // a copy: the graph grows below
    const bool is_scan = node.op == Op::scan;
    const NodeId dy = is_scan ? kNoNode : sums.of(id);
    if (!depends[id] || (dy == kNoNode && !is_scan) || node.op == Op::slot) continue;
    const Provenance origin = graph.provenance(id);
    const Graph::Scope scope(graph, fmt::format("gradient of {}", info(node.op).name),
                             {origin.id, true, origin.pass});
    if (node.op == Op::get) {
      const NodeId scan = node.operands[0];
      auto& results = scan_results[scan];
      results.resize(graph[scan].attrs.body->outputs.size(), kNoNode);
      NodeId& sum = results[static_cast<size_t>(node.attrs.a)];
      sum = sum == kNoNode ? dy : b.add(sum, dy);
      continue;
    }
    Gradients gradients;
    if (is_scan) {
      if (!scan_results.contains(id)) continue;
      gradients = scan_gradient(graph, id, scan_results[id]);
    } else if (info(node.op).gradient == Differentiable::kZero) {
      continue;
    } else if (info(node.op).gradient == Differentiable::kNone) {
      raise("[autodiff] {} is not differentiable", info(node.op).name);
    } else {
      gradients = gradient_rule(node.op)({b, id, dy});
    }
    for (size_t i = 0; i < gradients.size(); ++i)
      if (depends[node.operands[i]]) sums.add(node.operands[i], gradients[i]);
  }
  std::vector<NodeId> result;
  for (NodeId id : wrt) result.push_back(sums.of(id));
  return result;
}

}  // namespace paragon::ir
