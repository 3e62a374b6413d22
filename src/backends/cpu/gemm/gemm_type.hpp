// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <paragon/dtype.hpp>

#include "backends/cpu/gemm/gemm.hpp"

namespace paragon::cpu {

/// The product of operands of `type`. Raises if there is none: networks of other types use one of
/// these.
GemmType gemm_type(DType type);

}  // namespace paragon::cpu
