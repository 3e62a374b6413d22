// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "network/state.hpp"

namespace paragon::detail {

/// Number of weights and biases that add(config, inputs) would make; raises on impossible shapes.
/// For readers of files, who ask before they allocate.
size_t parameters_of(NetworkState& state, const LayerConfig& config,
                     const std::vector<std::string>& inputs);

}  // namespace paragon::detail
