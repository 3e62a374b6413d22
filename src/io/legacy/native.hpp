// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/legacy/interpreter.hpp"

namespace paragon::io::legacy {

/// The network of a file as one of Paragon; `neurons` computes what `info` describes.
Conversion make_native(const LegacyInfo& info, const Interpreter& neurons, DType type);

}  // namespace paragon::io::legacy
