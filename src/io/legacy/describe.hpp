// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/legacy/file.hpp"

namespace paragon::io::legacy {

/// What there is to know of a file's network. Raises if its type is unknown.
LegacyInfo describe(const File& file);

}  // namespace paragon::io::legacy
