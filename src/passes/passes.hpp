// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unordered_map>
#include <vector>

#include "ir/builder.hpp"
#include "ir/graph.hpp"

namespace paragon::ir {

/// Copies what nodes of one graph need into another. Leaves that are in `replaced` (by their id in
/// `from`) become the given nodes of `to`; slots are added to `to` or found there by (id, name).
class Transplant {
 public:
  Transplant(const Graph& from, Graph& to) : from_(from), to_(to) {}

  void replace(NodeId from, NodeId to) { done_[from] = to; }
  /// The copy of `root`; everything it needs is copied first.
  NodeId operator()(NodeId root);

 private:
  const Graph& from_;
  Graph& to_;
  std::unordered_map<NodeId, NodeId> done_;
};

/// Vector-Jacobian product: the gradients of sum_i <outputs[i], seeds[i]> with respect to the nodes
/// `wrt` of the same graph, as new nodes; kNoNode where nothing depends on it. New nodes carry the
/// provenance of the node they differentiate, marked as errors. Raises by name where an operation
/// on the way is not differentiable.
std::vector<NodeId> vjp(Graph& graph, const std::vector<NodeId>& outputs,
                        const std::vector<NodeId>& seeds, const std::vector<NodeId>& wrt);

/// The gradients of a scan's operands by a scan in the opposite direction; `dys` has an entry for
/// each result (kNoNode = zero).
std::vector<NodeId> scan_gradient(Graph& graph, NodeId scan, const std::vector<NodeId>& dys);

/// Rebuilds every phase with softmax and cross_entropy in terms of primitive operations.
Graph decompose(const Graph& graph);

/// Rebuilds every phase with scans unrolled: bodies inlined, scanned values unstacked.
Graph unroll_scans(const Graph& graph);

/// Rebuilds every phase with transpositions folded into contractions: into the flags of those that
/// read them, and into the operand order of those they turn.
Graph fold_transposes(const Graph& graph);

/// Rebuilds every phase with scalar operations on constants replaced by their results.
Graph fold_constants(const Graph& graph);

/// All of the above that a backend needs, in order, verified after each.
Graph lower_for_backend(const Graph& graph);

}  // namespace paragon::ir
