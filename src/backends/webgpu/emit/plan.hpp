// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "backends/webgpu/emit/kernel.hpp"
#include "backends/webgpu/emit/writer.hpp"
#include "backends/webgpu/library.hpp"

namespace paragon::webgpu {

/// The kernels of one phase, in order.
struct PhasePlan {
  std::vector<Kernel> kernels;
};

/// The kernels of a program. A kernel holds dispatches that have nothing to do with each other,
/// each in workgroups of its own. Dispatches that are too small to fill a device run one after the
/// other in a single workgroup, whose invocations meet between them. A phase begins with such a
/// workgroup: scalars that the host wrote (kBindRecord) go to their places, and what collects
/// bitwise ors is cleared.
std::vector<PhasePlan> plan_kernels(const runtime::Program& program, const Layout& layout,
                                    Tables& tables, const Features& features);

}  // namespace paragon::webgpu
