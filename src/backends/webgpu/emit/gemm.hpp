// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/webgpu/emit/kernel.hpp"
#include "backends/webgpu/emit/writer.hpp"
#include "backends/webgpu/library.hpp"

namespace paragon::webgpu {

/// Whether the operands of a contraction lie as tiles in workgroup memory need them. Not one of
/// emulated float64: a block of its sums is more text than drivers compile in reasonable time.
bool takes_gemm(const Layout& layout, const runtime::Dispatch& dispatch, const Features& features);

/// The part of a contraction: a workgroup computes a tile of the result, an invocation a block of
/// it, to which the dispatch's code is applied. Where there are few tiles for a device, they are
/// small, and several invocations share out the depth of each block.
Part write_gemm(Writer& writer, const runtime::Dispatch& dispatch, const Features& features);

}  // namespace paragon::webgpu
