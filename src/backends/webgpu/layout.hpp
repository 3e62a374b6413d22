// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "backends/webgpu/emit/kernel.hpp"
#include "runtime/program.hpp"

namespace paragon::webgpu {

/// The storage buffers that a kernel may read, in the order of their bindings (emit/bindings.hpp).
enum class Bank : uint8_t {
  kMemory,  ///< slots, constants, temporaries
  kFlags,   ///< scalars that collect bitwise ors, atomic
  kData,    ///< one buffer for each data slot
};

/// Where a buffer of the program lies on the device. A word has 32 bits. Rows start `pitch`
/// elements apart: a multiple of four, so that four neighbouring elements of any type are whole
/// words that one invocation owns, except for columns of 32 and 64 bits, which are dense.
struct Place {
  Bank bank = Bank::kMemory;
  uint32_t data = 0;  ///< kData: number of the buffer
  uint32_t word = 0;  ///< offset of the first element, a multiple of 4 words for tensors
  uint32_t rows = 1, cols = 1, pitch = 1;
  DType type = DType::float32;

  size_t bytes() const { return size_t{rows} * pitch * size_of(type); }
  bool is_scalar() const { return rows == 1 && cols == 1; }
};

inline constexpr size_t kScalarWords = 2;  ///< of a scalar of any type

/// Places of all buffers of a program. Raises if they need more than 32-bit offsets of words.
class Layout {
 public:
  explicit Layout(const runtime::Program& program);

  const Place& operator[](runtime::BufferId buffer) const { return places_[buffer]; }
  size_t memory_words() const { return memory_words_; }
  size_t flag_words() const { return flag_words_; }
  /// Bytes of each data buffer.
  const std::vector<size_t>& data_bytes() const { return data_bytes_; }

 private:
  std::vector<Place> places_;
  size_t memory_words_ = 0, flag_words_ = 0;
  std::vector<size_t> data_bytes_;
};

/// Rows of `place` between dense host memory and memory with the device's pitch.
void spread_rows(const Place& place, const std::byte* dense, std::byte* pitched);
void gather_rows(const Place& place, const std::byte* pitched, std::byte* dense);

}  // namespace paragon::webgpu
