// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "ir/graph.hpp"

namespace paragon::runtime {

/// The operation host_score, for all backends that run on the host: calls `function` on each of the
/// `rows` rows of `columns` values x * 2^exponent and stores its scores, in rows order. Values and
/// scores are of `type`: float32, float64 (with exponent 0), or int32, whose scores are multiples
/// of 2^-16 within +-(2^30 - 1) and 0 for NaN. What the function throws passes through.
void host_score(const ir::HostFunction& function, DType type, const std::byte* x, size_t rows,
                size_t columns, int32_t exponent, std::byte* scores);

}  // namespace paragon::runtime
