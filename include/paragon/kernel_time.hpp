// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

namespace paragon {

/// What a kernel of a device takes, run many times on its own.
struct KernelTime {
  std::string name;  ///< its phase, and the numbers and operations of its dispatches (see dump())
  std::chrono::nanoseconds time;
};

}  // namespace paragon
