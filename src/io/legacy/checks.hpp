// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/legacy/file.hpp"

// What can be checked only when the whole file is read.
namespace paragon::io::legacy {

/// Every source exists: a connection may read a later layer. Raises with the connection's path.
void check_sources(const File& file);

/// Replays of many layers over many layers could take hours: raises beyond kMostWork.
void check_work(const File& file);

}  // namespace paragon::io::legacy
