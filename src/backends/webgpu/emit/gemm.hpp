// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/webgpu/emit/kernel.hpp"
#include "backends/webgpu/emit/writer.hpp"
#include "backends/webgpu/library.hpp"

namespace paragon::webgpu {

/// Whether a contraction is worth a kernel of its own with tiles in workgroup memory, and its
/// operands lie as that needs them. Not one of emulated float64: a block of its sums is more text
/// than drivers compile in reasonable time.
bool takes_gemm(const Layout& layout, const runtime::Dispatch& dispatch, const Features& features);

/// The kernel of a contraction: a workgroup computes a tile of the result, an invocation a block of
/// four rows and four columns (eight by eight where results are large), to which the dispatch's
/// code is applied.
Kernel write_gemm(Writer& writer, const runtime::Dispatch& dispatch, std::string name);

}  // namespace paragon::webgpu
