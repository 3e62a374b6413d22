// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace paragon::webgpu {

inline constexpr uint32_t kDataBindings = 4;  ///< data slots of a program, at most

/// Bindings of group 0, the same for every kernel of a program, so that one bind group serves an
/// instance.
enum Binding : uint32_t {
  kBindMemory = 0,       ///< array<vec4<u32>>, read and written: the first chunk of memory
  kBindParams = 1,       ///< uniform, dynamic offset: the kernel's numbers
  kBindCurveTables = 2,  ///< array<i32>: the cubics of core/curve_tables.inc
  kBindFlags = 3,        ///< array<atomic<u32>>: bitwise ors
  kBindTables = 4,       ///< array<i32>: index tables of the program
  kBindRecord = 5,       ///< uniform, dynamic offset: scalars that the host wrote before the run
  kBindData = 6,         ///< array<vec4<u32>> each: data slots
  kBindChunks = kBindData + kDataBindings,  ///< the other chunks of memory, if there are any
};
inline constexpr uint32_t kOtherStorage = 3 + kDataBindings;  ///< bindings beside those of memory
inline constexpr uint32_t kMostChunks = 64;  ///< of memory, whatever more a device binds

/// Scalars that one run may get from the host, with the words that say where they go.
inline constexpr uint32_t kRecordWords = 192;

inline constexpr uint32_t kThreads = 256;  ///< invocations of a workgroup

/// A function NAME(group: u32, local: u32) that workgroups 0 .. groups - 1 call with their number
/// and all of their invocations. Workgroups may run in any order.
struct Part {
  std::string function;
  uint32_t groups = 1;
};

/// A kernel before linking: functions, and the body of main. `params` are the numbers (offsets,
/// extents) that the text refers to, so that kernels of equal structure have equal text.
struct Kernel {
  std::string name;              ///< of the phase and its dispatches, for diagnostics
  std::string text;              ///< functions and main
  uint32_t groups_x = 0;         ///< workgroups, before folding into two dimensions
  std::vector<uint32_t> params;  ///< padded to whole vec4s by the writer
};

}  // namespace paragon::webgpu
