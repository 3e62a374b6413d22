// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace paragon::cpu {

/// out[c, r] = in[r, c] for r < rows and c in [begin, end): the rows of the result that this call
/// (one thread of several) writes. `element` is the size of an element in bytes: 1, 2, 4 or 8; all
/// else counts elements. Row r of `in` starts at in + r * in_stride, row c of the result at out + c
/// * out_stride. The two must not overlap.
void transpose(size_t element, const void* in, size_t rows, size_t in_stride, void* out,
               size_t out_stride, size_t begin, size_t end);

}  // namespace paragon::cpu
