// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "network/state.hpp"

namespace paragon::detail {

enum class Gate : uint8_t {
#define PARAGON_GATE(name, built_in) name,
#include "network/gates.def"
};

Gate parse_gate(std::string_view name);  ///< raises with the nearest name

/// The layers that a replay of `layers[last]` runs again, the last one included.
std::span<const Layer> span_of(const std::vector<Layer>& layers, size_t last);

/// Shape of the values that the span's first layer reads.
Shape span_input(const NetworkState& state, std::span<const Layer> span);

/// Checks the replay settings of `layers[last]`; raises with the layer's name.
void check_replay(const NetworkState& state, size_t last);

}  // namespace paragon::detail
