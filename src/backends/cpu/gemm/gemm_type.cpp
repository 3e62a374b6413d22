// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/gemm/gemm_type.hpp"

#include "core/error.hpp"

namespace paragon::cpu {

GemmType gemm_type(DType type) {
  switch (type) {
    case DType::float32:
      return GemmType::kFloat32;
    case DType::float64:
      return GemmType::kFloat64;
    case DType::int8:
      return GemmType::kInt8;
    case DType::int16:
      return GemmType::kInt16;
    case DType::int32:
      return GemmType::kInt32;
    default:
      raise(
          "[gemm] type {} has no matrix product of its own; expected float32, float64, int8, int16 "
          "or int32",
          name(type));
  }
}

}  // namespace paragon::cpu
