// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include <paragon/diagnostics.hpp>

#include "core/error.hpp"

// Settings that everything which computes has: rows of a batch, threads.
namespace paragon::train {

inline constexpr size_t kLargestBatch = 65536, kMostThreads = 1024;

/// Raises with `place` if the settings are out of range.
inline void check_place(const char* place, size_t batch, size_t threads) {
  if (batch < 1 || batch > kLargestBatch)
    raise("[{}] batch is {}, expected 1 to {}", place, batch, kLargestBatch);
  if (threads > kMostThreads)
    raise("[{}] threads is {}, expected 0 to {}", place, threads, kMostThreads);
}

/// 0 means all processors.
inline int thread_count(size_t threads) {
  return static_cast<int>(threads == 0 ? processors() : threads);
}

}  // namespace paragon::train
