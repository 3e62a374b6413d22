// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ir/builder.hpp"

namespace paragon {

enum class Activation : uint8_t {
#define PARAGON_ACTIVATION(name, gain) name,
#include "composites/activations.def"
};

Activation parse_activation(std::string_view name);  ///< raises with the nearest name

/// Bound of the initial weights is sqrt(gain / fan_in).
uint32_t initial_gain(Activation activation);

inline constexpr double kLeakySlope = 0.01;

/// softmax gives the logits themselves: the loss and the prediction apply it.
ir::NodeId apply_activation(ir::Builder& b, Activation activation, ir::NodeId x);

/// One activation a neuron: x is [units, batch] if `feature_major`, else [batch, units].
ir::NodeId apply_activations(ir::Builder& b, const std::vector<std::string>& names, ir::NodeId x,
                             bool feature_major);

}  // namespace paragon
