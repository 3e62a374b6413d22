// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

// Requests to the debugger or emulator (Arm, "Semihosting for AArch32 and AArch64"): here qemu,
// which lends its files and its command line.
namespace firmware {

enum class Request : int {
  kOpen = 0x01,
  kClose = 0x02,
  kWriteText = 0x04,
  kWrite = 0x05,
  kRead = 0x06,
  kLength = 0x0C,
  kCommandLine = 0x15,
  kExit = 0x20,
};

inline int request(Request number, const void* block) {
  register int r0 asm("r0") = static_cast<int>(number);
  register const void* r1 asm("r1") = block;
  asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

inline void say(const char* text) {
  request(Request::kWriteText, text);
}

[[noreturn]] inline void leave(int code) {
  constexpr uint32_t kApplicationExit = 0x20026;
  const uint32_t block[] = {kApplicationExit, static_cast<uint32_t>(code)};
  request(Request::kExit, block);
  while (true) {
  }
}

}  // namespace firmware
