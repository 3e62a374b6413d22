// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "layers/layer.hpp"
#include "network/state.hpp"
#include "passes/fixed_format.hpp"

namespace paragon::detail {

/// A parameter with its first values: uniform in +-sqrt(gain / fan_in), or zero where fan_in is 0.
/// The random number of an element depends on the seed, the parameter's id and its index only;
/// fixed-point networks compute it in integers.
Parameter initialise(const NetworkState& state, uint64_t id, const layers::ParameterSpec& spec,
                     Activation activation);

/// Sets a weight matrix's view and its exponent from the master.
void refresh_view(Parameter& parameter, const fixed::Format& format);

}  // namespace paragon::detail
