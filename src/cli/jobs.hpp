// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

namespace paragon::cli {

/// Calls work(0) .. work(count - 1) on `jobs` threads, in this order as threads become free; after
/// an error nothing more is begun, and the first one is raised when all threads have ended.
void run_jobs(size_t count, size_t jobs, const std::function<void(size_t)>& work);

}  // namespace paragon::cli
