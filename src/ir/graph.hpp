// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <paragon/dtype.hpp>

#include "core/shape.hpp"
#include "ir/attrs.hpp"
#include "ir/op.hpp"
#include "ir/slot.hpp"

namespace paragon::ir {

using NodeId = uint32_t;
inline constexpr NodeId kNoNode = ~NodeId{0};

std::shared_ptr<const IndexTable> make_index_table(std::vector<int32_t> index, size_t units,
                                                   size_t taps, size_t features);

struct Node {
  Op op;
  DType type;
  Shape shape;
  std::vector<NodeId> operands;
  Attrs attrs;
};

/// Where a node comes from: the stable id of the layer, whether it carries activations or errors,
/// which pass through the layer it belongs to. Known to the numeric lowering, no part of a node's
/// identity.
struct Provenance {
  uint64_t id = 0;
  bool error = false;
  uint32_t pass = 0;  ///< which pass through the layer: replays add some
};

/// A named list of slot updates computed together from the slots' old values.
struct Assignment {
  uint32_t slot;
  NodeId value;
};
struct Phase {
  std::string name;
  std::vector<Assignment> assignments;
};

/// An immutable-node, hash-consed dataflow graph with the slots it reads and the phases that write
/// them. Operands come before their users. Errors name the place set by Scope.
class Graph {
 public:
  Graph();
  ~Graph();
  Graph(Graph&&) noexcept;
  Graph& operator=(Graph&&) noexcept;

  /// Adds a node or finds the equal one. Type and shape follow from the operands (rules/); `type`
  /// is used by leaves only. Raises with the place if the operands do not fit.
  NodeId make(Op op, std::vector<NodeId> operands, Attrs attrs = {}, DType type = DType::float32);

  uint32_t add_slot(Slot slot);                                  ///< raises if (id, name) exists
  uint32_t find_slot(uint64_t id, std::string_view name) const;  ///< raises if there is none
  bool has_slot(uint64_t id, std::string_view name) const;
  NodeId read(uint32_t slot);  ///< the slot's value before the phase

  const Node& operator[](NodeId id) const { return nodes_[id]; }
  size_t size() const { return nodes_.size(); }
  const std::vector<Slot>& slots() const { return slots_; }
  std::vector<Phase>& phases() { return phases_; }
  const std::vector<Phase>& phases() const { return phases_; }
  const Phase& phase(std::string_view name) const;  ///< raises if there is none

  /// Hash of slots, phases and everything they need; equal for equal computations.
  uint64_t structural_hash() const;

  const std::string& place() const { return place_; }

  const Provenance& provenance(NodeId id) const { return provenance_[id]; }

  /// Names the layer being built, for errors and for the provenance of new nodes.
  class Scope {
   public:
    Scope(Graph& graph, std::string place, Provenance provenance = {});
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Graph& graph_;
    std::string place_before_;
    Provenance provenance_before_;
  };

 private:
  std::deque<Node> nodes_;
  std::vector<Provenance> provenance_;
  std::vector<Slot> slots_;
  std::vector<Phase> phases_;
  std::unordered_multimap<uint64_t, NodeId> by_hash_;
  std::string place_ = "graph";
  Provenance current_;
};

/// The repeated part of a scan: a graph whose slots are its inputs, in order.
/// Inputs: carried values, scanned values (one element a repetition), constants.
/// Outputs: the carried values' next, then values to be stacked.
struct Body {
  Graph graph;
  std::vector<NodeId> outputs;
  uint64_t hash = 0;
};
std::shared_ptr<const Body> make_body(Graph graph, std::vector<NodeId> outputs);

/// Nodes that `roots` need, operands before users.
std::vector<NodeId> reachable(const Graph& graph, const std::vector<NodeId>& roots);

/// Throws unless every node obeys its rule, operands precede users and phases fit their slots.
void verify(const Graph& graph, std::string_view after);

/// Text form: slots, then each phase's nodes in order, one a line. Equal graphs print equally.
std::string to_text(const Graph& graph);

}  // namespace paragon::ir
