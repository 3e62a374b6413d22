// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include <paragon/layers.hpp>

#include "composites/activations.hpp"
#include "ir/builder.hpp"

namespace paragon::layers {

/// A parameter that a layer needs.
struct ParameterSpec {
  std::string role;  ///< "weights" or "bias"
  Shape shape;
  size_t fan_in = 0;  ///< values summed into one output; 0: starts at zero (biases)
};

/// What a configuration means for given inputs.
struct LayerPlan {
  Shape output;  ///< of one sample
  std::vector<ParameterSpec> parameters;
};

/// Shapes of one sample of each layer read.
using InputShapes = std::vector<Shape>;

/// Checks a configuration against what it reads; raises with `place`.
LayerPlan plan(const LayerConfig& config, const InputShapes& inputs, const std::string& place);

/// What a layer is built from.
struct BuildInputs {
  InputShapes shapes;
  std::vector<ir::NodeId> values;      ///< [batch, features] of each layer read
  std::vector<ir::NodeId> parameters;  ///< in the order of the plan
};

/// Builds the layer's outputs [batch, outputs], activation applied. softmax is left to the caller:
/// the loss wants the logits.
ir::NodeId build(ir::Builder& b, const LayerConfig& config, const BuildInputs& inputs);

// What all configurations have.
const std::string& name_of(const LayerConfig& config);
const Replay& replay_of(const LayerConfig& config);
Activation activation_of(const LayerConfig& config);  ///< raises on an unknown name
/// Does the activation end with a softmax over the layer's neurons?
bool ends_with_softmax(const LayerConfig& config);

// One pair a layer.
#define PARAGON_LAYER(keyword, Config)                                                       \
  LayerPlan plan(const Config& config, const InputShapes& inputs, const std::string& place); \
  ir::NodeId build(ir::Builder& b, const Config& config, const BuildInputs& inputs);
#include <paragon/layers.def>

/// The activation of a layer, or one for each neuron. `x` is [units, batch] if `feature_major`.
template <class Config>
ir::NodeId activate(ir::Builder& b, const Config& config, ir::NodeId x, bool feature_major) {
  if (config.activations.empty())
    return apply_activation(b, parse_activation(config.activation), x);
  return apply_activations(b, config.activations, x, feature_major);
}

/// Raises unless there is one input.
const Shape& only_input(const InputShapes& inputs, const std::string& place);

}  // namespace paragon::layers
