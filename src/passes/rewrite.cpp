// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>

#include "composites/composites.hpp"
#include "ir/rules/formulas.hpp"
#include "passes/passes.hpp"

namespace paragon::ir {
namespace {

using Rule = std::function<NodeId(Builder&, const Node&, const std::vector<NodeId>& operands)>;

/// Copies all phases, asking `rule` for every node first; kNoNode means an ordinary copy.
Graph rewrite(const Graph& from, const Rule& rule) {
  Graph to;
  for (const Slot& slot : from.slots()) to.add_slot(slot);
  Builder b(to);
  std::vector<NodeId> copies(from.size(), kNoNode);
  for (const Phase& phase : from.phases()) {
    std::vector<NodeId> roots;
    for (const Assignment& assignment : phase.assignments) roots.push_back(assignment.value);
    for (NodeId id : reachable(from, roots)) {
      if (copies[id] != kNoNode) continue;
      const Node& node = from[id];
      std::vector<NodeId> operands;
      for (NodeId operand : node.operands) operands.push_back(copies[operand]);
      const Graph::Scope scope(to, from.place(), from.provenance(id));
      copies[id] = rule(b, node, operands);
      if (copies[id] == kNoNode) copies[id] = to.make(node.op, operands, node.attrs, node.type);
    }
    Phase copy{phase.name, {}};
    for (const Assignment& assignment : phase.assignments)
      copy.assignments.push_back({assignment.slot, copies[assignment.value]});
    to.phases().push_back(std::move(copy));
  }
  return to;
}

/// All results of a scan as separate nodes, for its get nodes to pick from.
std::vector<NodeId> inline_scan(Builder& b, const Node& scan, const std::vector<NodeId>& operands) {
  const Body& body = *scan.attrs.body;
  const auto trips = scan.attrs.a;
  const auto carried = static_cast<size_t>(scan.attrs.b),
             scanned = static_cast<size_t>(scan.attrs.c);
  std::vector<NodeId> state(operands.begin(), operands.begin() + static_cast<int64_t>(carried));
  std::vector<std::vector<NodeId>> stacks(body.outputs.size() - carried,
                                          std::vector<NodeId>(static_cast<size_t>(trips)));
  for (int64_t trip = 0; trip < trips; ++trip) {
    const int64_t element = scan.attrs.reverse ? trips - 1 - trip : trip;
    Transplant copy(body.graph, b.graph());
    for (NodeId id = 0; id < body.graph.size(); ++id) {
      if (body.graph[id].op != Op::slot) continue;
      const auto input = static_cast<size_t>(body.graph[id].attrs.id);
      copy.replace(id, input < carried             ? state[input]
                       : input < carried + scanned ? b.unstack(operands[input], element)
                                                   : operands[input]);
    }
    std::vector<NodeId> outputs;
    for (NodeId output : body.outputs) outputs.push_back(copy(output));
    for (size_t i = 0; i < carried; ++i) state[i] = outputs[i];
    for (size_t i = 0; i < stacks.size(); ++i)
      stacks[i][static_cast<size_t>(element)] = outputs[carried + i];
  }
  for (auto& stack : stacks) state.push_back(b.stack(std::move(stack)));
  return state;
}

}  // namespace

Graph decompose(const Graph& graph) {
  return rewrite(graph, [](Builder& b, const Node& node, const std::vector<NodeId>& operands) {
    if (node.op == Op::softmax) return softmax_decomposed(b, operands[0]);
    if (node.op == Op::entropy) return entropy_decomposed(b, operands[0]);
    if (node.op == Op::squared_error) return squared_error_decomposed(b, operands[0], operands[1]);
    if (node.op == Op::cross_entropy) return cross_entropy_decomposed(b, operands[0], operands[1]);
    return kNoNode;
  });
}

Graph unroll_scans(const Graph& graph) {
  std::unordered_map<NodeId, std::vector<NodeId>> results;  // by the stand-in of the scan
  return rewrite(graph, [&](Builder& b, const Node& node, const std::vector<NodeId>& operands) {
    if (node.op == Op::scan) {
      // The stand-in is never executed: only get nodes refer to it, and they are replaced.
      const NodeId stand_in = b.integer(static_cast<int64_t>(results.size()), DType::int64);
      results[stand_in] = inline_scan(b, node, operands);
      return stand_in;
    }
    if (node.op == Op::get) return results.at(operands[0]).at(static_cast<size_t>(node.attrs.a));
    return kNoNode;
  });
}

namespace {

/// The transposition of `x` where it costs nothing, through element-wise operations on one matrix;
/// kNoNode where a copy is needed.
NodeId turned(Builder& b, NodeId x) {
  const Node node = b[x];
  if (node.op == Op::transpose) return node.operands[0];
  if (node.op == Op::contract)  // (A B)^T = B^T A^T
    return b.contract(node.operands[1], node.operands[0], node.attrs.b == 0, node.attrs.a == 0,
                      node.attrs.c);
  if (node.op == Op::gather) return b.gather(node.operands[0], node.operands[1], node.attrs.a == 0);
  if (info(node.op).cls != OpClass::kElementwise) return kNoNode;
  std::vector<NodeId> operands = node.operands;
  NodeId* matrix = nullptr;
  for (NodeId& operand : operands) {
    if (b.shape(operand).is_scalar()) continue;
    if (matrix != nullptr) return kNoNode;
    matrix = &operand;
  }
  if (matrix == nullptr) return kNoNode;
  *matrix = turned(b, *matrix);
  return *matrix == kNoNode ? kNoNode : b.graph().make(node.op, operands, node.attrs);
}

}  // namespace

Graph fold_transposes(const Graph& graph) {
  return rewrite(graph, [](Builder& b, const Node& node, const std::vector<NodeId>& operands) {
    if (node.op == Op::contract) {
      NodeId x[2] = {operands[0], operands[1]};
      bool flags[2] = {node.attrs.a != 0, node.attrs.b != 0};
      for (size_t i = 0; i < 2; ++i)
        if (b[x[i]].op == Op::transpose) {
          x[i] = b[x[i]].operands[0];
          flags[i] = !flags[i];
        }
      return b.contract(x[0], x[1], flags[0], flags[1], node.attrs.c);
    }
    if (node.op == Op::transpose) {
      const NodeId free = turned(b, operands[0]);
      return free == kNoNode ? b.transpose(operands[0]) : free;
    }
    return kNoNode;
  });
}

Graph fold_constants(const Graph& graph) {
  return rewrite(graph, [](Builder& b, const Node& node, const std::vector<NodeId>& operands) {
    const bool constant = std::all_of(operands.begin(), operands.end(),
                                      [&](NodeId id) { return b[id].op == Op::constant; });
    if (info(node.op).cls != OpClass::kElementwise || !node.shape.is_scalar() || operands.empty() ||
        !constant)
      return kNoNode;
    std::vector<Number> values;
    for (NodeId id : operands) {
      Number value;
      if (is_float(b.type(id)))
        value.f =
            b.type(id) == DType::float32 ? static_cast<float>(b[id].attrs.real) : b[id].attrs.real;
      else
        value.i = b[id].attrs.a;
      values.push_back(value);
    }
    const Number result =
        evaluate(node.op, node.type, b.type(operands[0]), node.attrs, values.data(), 0, 0);
    return is_float(node.type) ? b.real(result.f, node.type) : b.integer(result.i, node.type);
  });
}

Graph lower_for_backend(const Graph& graph) {
  verify(graph, "building");
  Graph result = decompose(graph);
  verify(result, "decompose");
  const auto has_scan = [&] {
    std::vector<NodeId> roots;
    for (const Phase& phase : result.phases())
      for (const Assignment& assignment : phase.assignments) roots.push_back(assignment.value);
    const std::vector<NodeId> nodes = reachable(result, roots);
    return std::any_of(nodes.begin(), nodes.end(),
                       [&](NodeId id) { return result[id].op == Op::scan; });
  };
  while (has_scan()) {  // a body may contain scans of its own
    result = unroll_scans(result);
    verify(result, "unroll_scans");
  }
  result = fold_transposes(result);
  verify(result, "fold_transposes");
  result = fold_constants(result);
  verify(result, "fold_constants");
  return result;
}

}  // namespace paragon::ir
