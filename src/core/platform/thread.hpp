// SPDX-License-Identifier: Apache-2.0
#pragma once

// Threads and locks, kept here because a bare WebAssembly standard library lacks them.
#include <mutex>
#include <thread>

namespace paragon::platform {

using Mutex = std::mutex;
using LockGuard = std::lock_guard<std::mutex>;
using Thread = std::jthread;

/// A hint to the processor that the caller is waiting in a loop.
inline void spin_pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace paragon::platform
