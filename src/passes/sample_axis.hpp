// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "ir/graph.hpp"

namespace paragon::ir {

/// Which axis of a value counts the samples of the batch.
enum class SampleAxis : uint8_t {
  kNone,     ///< it belongs to no sample: parameters, their gradients, constants
  kRows,     ///< [batch, values]
  kColumns,  ///< [values, batch]
};

/// The sample axis of every node of a graph, by its id, from that of the leaves: `by_rows` are
/// [batch, values], all others belong to no sample. Raises with the operation where layouts
/// contradict each other or an operation would lose the axis, so that no element is ever numbered
/// by a guess.
std::vector<SampleAxis> sample_axes(const Graph& graph, const std::vector<NodeId>& by_rows);

}  // namespace paragon::ir
