// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "layers/layer.hpp"
#include "network/state.hpp"

namespace paragon::detail {

/// A network has at most so many layers, and weights and biases: a line of text can ask for more
/// than any machine holds.
inline constexpr size_t kMostLayers = 4096;
inline constexpr size_t kMostParameters = size_t{1} << 28;

/// Raises if the network has no room for one more layer of this plan. Allocates nothing.
void check_room(const NetworkState& state, const layers::LayerPlan& plan, const std::string& place);

}  // namespace paragon::detail
