// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace paragon::cpu {

/// sums[index[r], :] += x[r, :] over `cols` columns, in row order, so that the sum is the same
/// everywhere; rows whose index is not below `targets` are left out.
void scatter_add_float32(const std::byte* x, size_t rows, const int32_t* index, std::byte* sums,
                         size_t targets, size_t cols);
void scatter_add_float64(const std::byte* x, size_t rows, const int32_t* index, std::byte* sums,
                         size_t targets, size_t cols);

}  // namespace paragon::cpu
