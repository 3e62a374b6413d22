// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <paragon/webgpu.hpp>

namespace paragon::webgpu {

void set_settings(WebgpuSettings settings);
/// The settings with what is unset taken from the environment. Raises on unknown features.
WebgpuSettings settings();

}  // namespace paragon::webgpu
