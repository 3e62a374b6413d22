// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace paragon::webgpu {

/// A file of wgsl/, without its extension.
struct WgslText {
  std::string_view name, text;
};

std::span<const WgslText> wgsl_texts();

}  // namespace paragon::webgpu
