// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "composites/losses.hpp"
#include "network/state.hpp"
#include "passes/lower_fixed.hpp"
#include "train/slot_names.hpp"

namespace paragon::train {

/// A network as a floating-point graph, without phases: the start of every program.
struct ModelGraph {
  ir::Graph graph;
  ir::NodeId x;           ///< [batch, features]
  ir::NodeId labels;      ///< int32 [batch, 1]
  ir::NodeId targets;     ///< [batch, outputs], or kNoNode: then the labels as one-hot rows
  ir::NodeId count;       ///< int32 scalar: real rows of the batch
  ir::NodeId logits;      ///< [batch, outputs], before a softmax of the last layer
  ir::NodeId prediction;  ///< what the last activation gives
  ir::NodeId losses;      ///< [batch, 1], zero in the padding

  struct Parameter {
    const detail::Parameter* parameter;
    ir::NodeId node;
    ir::NodeId gradient;  ///< of the sum of the losses; kNoNode before add_gradients
  };
  std::vector<Parameter> parameters;

  /// Repetitions of the layers with dynamic replay, [batch, 1] whole numbers.
  struct Repetitions {
    uint64_t layer;
    ir::NodeId counts;
  };
  std::vector<Repetitions> repetitions;
};

/// What a model is asked for beside its prediction.
struct ModelLoss {
  Loss loss = Loss::cross_entropy;
  bool has_targets = false;  ///< numbers to be approached, beside or instead of labels
};

/// `type` is float32 or float64; fixed-point networks are lowered from float32.
ModelGraph build_model(const detail::NetworkState& state, size_t batch, DType type,
                       const ModelLoss& loss = {});

/// Back-propagation: the gradients of the summed losses.
void add_gradients(ModelGraph& model);

/// Which axis counts the samples, of each node of the graph; after add_gradients of those too.
std::vector<ir::SampleAxis> sample_axes(const ModelGraph& model);

/// The floating-point type in which a network's graph is written.
DType graph_type(DType network_type);

/// Adds the slots of a fixed-point network's parameters to `low` and gives them to the lowering.
void lower_parameters(const ModelGraph& model, const fixed::Format& format, fixed::Storage storage,
                      ir::Graph& low, ir::FixedLowering& lowering);

}  // namespace paragon::train
