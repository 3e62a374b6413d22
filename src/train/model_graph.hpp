// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "network/state.hpp"
#include "passes/lower_fixed.hpp"

namespace paragon::train {

/// A network as a floating-point graph, without phases: the start of every program.
struct ModelGraph {
  ir::Graph graph;
  ir::NodeId x;           ///< [batch, features]
  ir::NodeId labels;      ///< int32 [batch, 1]
  ir::NodeId count;       ///< int32 scalar: real rows of the batch
  ir::NodeId logits;      ///< [batch, classes], before a softmax
  ir::NodeId prediction;  ///< what the last activation gives
  ir::NodeId losses;      ///< [batch, 1] cross-entropy in nats, zero in the padding

  struct Parameter {
    const detail::Parameter* parameter;
    ir::NodeId node;
    ir::NodeId gradient;  ///< of the sum of the losses; kNoNode before add_gradients
  };
  std::vector<Parameter> parameters;
};

/// `type` is float32 or float64; fixed-point networks are lowered from float32.
ModelGraph build_model(const detail::NetworkState& state, size_t batch, DType type);

/// Back-propagation: the gradients of the summed losses.
void add_gradients(ModelGraph& model);

/// The floating-point type in which a network's graph is written.
DType graph_type(DType network_type);

// Names of the slots that belong to no layer (id 0) and of those of a parameter.
inline constexpr const char* kFeatures = "features";
inline constexpr const char* kLabels = "labels";
inline constexpr const char* kOutput = "output";
inline constexpr const char* kOutputExponent = "output_exponent";
inline constexpr const char* kValue = "value";
inline constexpr const char* kView = "view";
inline constexpr const char* kViewExponent = "view_exponent";

/// Adds the slots of a fixed-point network's parameters to `low` and gives them to the lowering.
void lower_parameters(const ModelGraph& model, ir::Graph& low, ir::FixedLowering& lowering);

}  // namespace paragon::train
