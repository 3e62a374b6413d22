// SPDX-License-Identifier: Apache-2.0
#pragma once

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

/// What a configuration means for a given input.
struct LayerPlan {
  Shape output;  ///< of one sample
  Activation activation;
  std::vector<ParameterSpec> parameters;
};

/// Checks a configuration against the shape of one input sample; raises with `place`.
LayerPlan plan(const LayerConfig& config, const Shape& input, const std::string& place);

/// Builds the layer: x [batch, features] -> [batch, outputs], activation applied. `parameters` in
/// the order of the plan.
ir::NodeId build(ir::Builder& b, const LayerConfig& config, const Shape& input, ir::NodeId x,
                 const std::vector<ir::NodeId>& parameters);

const std::string& name_of(const LayerConfig& config);
Activation activation_of(const LayerConfig& config);  ///< raises on an unknown name

// One pair a layer.
LayerPlan plan(const Dense& config, const Shape& input, const std::string& place);
LayerPlan plan(const LocallyConnected& config, const Shape& input, const std::string& place);
ir::NodeId build(ir::Builder& b, const Dense& config, const Shape& input, ir::NodeId x,
                 const std::vector<ir::NodeId>& parameters);
ir::NodeId build(ir::Builder& b, const LocallyConnected& config, const Shape& input, ir::NodeId x,
                 const std::vector<ir::NodeId>& parameters);

}  // namespace paragon::layers
