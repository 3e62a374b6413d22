// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include <paragon/layers.hpp>

namespace paragon::detail {

/// What a spec says, before there is a network.
struct Spec {
  std::vector<size_t> input;  ///< shape of one sample
  std::vector<LayerConfig> layers;
};

/// The first half of parse_network: raises on what is no spec, but does not know whether the layers
/// fit each other.
Spec parse_spec(std::string_view text);

}  // namespace paragon::detail
