// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/webgpu/emit/anchors.hpp"

namespace paragon::webgpu {

/// Copies, transposition, scatter_add.
std::vector<Piece> write_move(Writer& writer, const runtime::Dispatch& dispatch);

}  // namespace paragon::webgpu
