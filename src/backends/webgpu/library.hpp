// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

// The functions that kernels call, WGSL texts in wgsl/.
namespace paragon::webgpu {

/// What kernels are written for: what WGSL of a device may use beyond the core language, and
/// whether processors do a GPU's work.
struct Features {
  bool int64 = false, float64 = false, float16 = false;
  bool software = false;
  uint32_t workgroup_bytes = 16384;  ///< memory of a workgroup; every device has as much
};

/// The kernel with the functions that it calls, and those that they call, in front: 64-bit types
/// are the device's (float64 only where int64 is one too), otherwise made of 32-bit words.
std::string link(std::string_view body, const Features& features);

/// The contents of `curve_tables` (wgsl/curves.wgsl), a buffer that kernels with curves read.
std::span<const std::byte> curve_table_bytes();

}  // namespace paragon::webgpu
