// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace paragon::platform {

/// While it lives, floating-point results of this thread that lie below the normal numbers become
/// 0. Momenta that fade away get there, where processors take a hundred times as long for an
/// operation. Does nothing where the processor has no such mode.
class FlushSubnormals {
 public:
  explicit FlushSubnormals(bool wanted = true) : wanted_(wanted) {
    if (!wanted_) return;
    before_ = mode();
    set_mode(before_ | kFlush);
  }
  ~FlushSubnormals() {
    if (wanted_) set_mode(before_);
  }
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;

 private:
#if defined(__SSE2__)
  static constexpr uint64_t kFlush = 0x8000;
  static uint64_t mode() {
    return _mm_getcsr();
  }
  static void set_mode(uint64_t mode) {
    _mm_setcsr(static_cast<unsigned>(mode));
  }
#elif defined(__aarch64__)
  static constexpr uint64_t kFlush = uint64_t{1} << 24;
  static uint64_t mode() {
    uint64_t mode;
    asm volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
  }
  static void set_mode(uint64_t mode) {
    asm volatile("msr fpcr, %0" : : "r"(mode));
  }
#else
  static constexpr uint64_t kFlush = 0;
  static uint64_t mode() {
    return 0;
  }
  static void set_mode(uint64_t) {}
#endif

  bool wanted_;
  uint64_t before_ = 0;
};

}  // namespace paragon::platform
