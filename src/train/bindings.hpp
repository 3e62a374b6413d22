// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "network/state.hpp"
#include "passes/fixed_format.hpp"
#include "runtime/backend.hpp"

namespace paragon::train {

/// Copies a network's parameters (and, for inference, its frozen exponents) into an instance.
void upload_parameters(const detail::NetworkState& network, const runtime::Program& program,
                       runtime::Instance& instance);

/// Gives the optimizer its first state: everything starts at zero but the running powers of Adam.
void upload_initial_state(const runtime::Program& program, runtime::Instance& instance);

/// Copies parameters back; fixed-point networks also get the exponents frozen for inference.
void download_parameters(detail::NetworkState& network, const runtime::Program& program,
                         runtime::Instance& instance);

/// Features as operands at the format's input exponent + input_exponent (docs/numerics.md).
void encode_features(std::span<const float> features, const fixed::Format& format,
                     int input_exponent, Tensor& out);

/// Targets as multiples of 2^exponent.
void encode_targets(std::span<const float> targets, int exponent, std::span<int32_t> out);

/// Smallest e from 0 to 20 with |number| <= 2^e for all numbers; raises on NaN and infinity.
int exponent_of(std::span<const float> numbers, const char* what);

}  // namespace paragon::train
