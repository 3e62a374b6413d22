// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <vector>

#include "ir/graph.hpp"

namespace paragon::runtime {

/// Nodes of one phase that become one dispatch.
struct Group {
  ir::NodeId anchor = ir::kNoNode;  ///< contraction, reduction, gather or movement; or none
  bool scalar = false;              ///< scalar element-wise nodes only
  size_t rows = 0, cols = 0;        ///< iteration space of the code
  std::vector<ir::NodeId> nodes;    ///< element-wise members, operands before users; or_bits too
  std::set<size_t> depends;         ///< groups whose results it reads
};

inline constexpr size_t kNoGroup = ~size_t{0};

struct Grouping {
  std::vector<Group> groups;
  std::vector<size_t> group_of;  ///< by node; kNoGroup for leaves and unneeded nodes

  bool depends_on(size_t user, size_t producer) const;  ///< directly or through others, or equal
};

/// Is it computed inside element-wise code: element-wise operations and generators (iota, random)?
bool is_code(const ir::Node& node);

/// Does element-wise code run over its result while that is in cache?
bool can_anchor(ir::Op op);

/// Groups the nodes that `roots` need. Element-wise nodes join the group of an operand with the
/// same iteration space unless that would close a cycle; nodes that read leaves only, and those
/// that are cheaper to repeat than to keep, join their first user.
Grouping group_nodes(const ir::Graph& graph, const std::vector<ir::NodeId>& roots, bool fuse);

}  // namespace paragon::runtime
