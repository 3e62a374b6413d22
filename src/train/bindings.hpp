// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "network/state.hpp"
#include "runtime/backend.hpp"

namespace paragon::train {

/// Copies a network's parameters (and, for inference, its frozen exponents) into an instance.
void upload_parameters(const detail::NetworkState& network, const runtime::Program& program,
                       runtime::Instance& instance);

/// Copies parameters back; fixed-point networks also get the exponents frozen for inference.
void download_parameters(detail::NetworkState& network, const runtime::Program& program,
                         runtime::Instance& instance);

/// Features as int8 at exponent -7 + input_exponent: a feature of 1 becomes 127 (docs/numerics.md).
void encode_features(std::span<const float> features, int input_exponent, std::span<int8_t> out);

/// Smallest e >= 0 with |feature| <= 2^e for all features; raises on NaN and infinity.
int input_exponent_of(std::span<const float> features);

}  // namespace paragon::train
