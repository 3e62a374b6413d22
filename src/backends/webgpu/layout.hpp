// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "backends/webgpu/emit/kernel.hpp"
#include "backends/webgpu/stream.hpp"
#include "runtime/program.hpp"

namespace paragon::webgpu {

/// The storage buffers that a kernel may read, in the order of their bindings (emit/bindings.hpp).
enum class Bank : uint8_t {
  kMemory,  ///< slots, constants, temporaries; in chunks of what a binding holds
  kFlags,   ///< scalars that collect bitwise ors, atomic
  kData,    ///< one buffer for each data slot
};

/// Where a buffer of the program lies on the device. A word has 32 bits. Rows start `pitch`
/// elements apart: a multiple of four, so that four neighbouring elements of any type are whole
/// words that one invocation owns, except for columns of 32 and 64 bits, which are dense.
struct Place {
  Bank bank = Bank::kMemory;
  uint32_t data = 0;   ///< kData: number of the buffer
  uint32_t chunk = 0;  ///< kMemory: the chunk of the first element
  uint32_t word = 0;   ///< offset of the first element, a multiple of 4 words for tensors
  bool spans = false;  ///< goes on in the next chunks, from the start of one on
  uint32_t rows = 1, cols = 1, pitch = 1;
  DType type = DType::float32;
  /// Of a data slot that streams: rows that a run gathers, which lie one after the other from row
  /// `window` times the run's number on (its record says which). 0: all rows lie on the device.
  uint32_t window = 0;

  size_t bytes() const { return size_t{rows} * pitch * size_of(type); }
  bool is_scalar() const { return rows == 1 && cols == 1; }
};

inline constexpr size_t kScalarWords = 2;  ///< of a scalar of any type

/// Runs that go to the device together.
inline constexpr size_t kRunsPerSubmission = 16;
/// Windows of a data slot that streams: those of one submission, and of the next one.
inline constexpr size_t kWindows = 2 * kRunsPerSubmission;

/// A data slot's buffer on the device.
struct DataSlot {
  runtime::BufferId buffer = runtime::kNoBuffer;
  size_t bytes = 0;
  std::vector<Gathering> gatherings;  ///< if it streams: what its windows hold
};

/// What a device binds at once.
struct Room {
  size_t data_bytes = SIZE_MAX;   ///< of a data slot; larger ones stream
  size_t chunk_bytes = SIZE_MAX;  ///< of a chunk of a program's memory
  size_t chunks = 1;              ///< at most
};

/// Places of all buffers of a program. Raises DeviceMemoryError if there is no room.
class Layout {
 public:
  Layout(const runtime::Program& program, const Room& room);

  const Place& operator[](runtime::BufferId buffer) const { return places_[buffer]; }
  size_t memory_words() const { return memory_words_; }
  /// Words of every chunk of memory but the last, which has what is left.
  size_t chunk_words() const { return chunk_words_; }
  size_t chunks() const { return (memory_words_ + chunk_words_ - 1) / chunk_words_; }
  size_t flag_words() const { return flag_words_; }
  const std::vector<DataSlot>& data() const { return data_; }

 private:
  size_t words(const runtime::Program& program, runtime::BufferId buffer) const;
  void place_elsewhere(const runtime::Program& program, size_t data_bytes);
  void place_memory(const runtime::Program& program, size_t chunk_words);

  std::vector<Place> places_;
  size_t memory_words_ = 0, chunk_words_ = 0, flag_words_ = 0;
  std::vector<DataSlot> data_;
};

/// Rows of `place` between dense host memory and memory with the device's pitch.
void spread_rows(const Place& place, const std::byte* dense, std::byte* pitched);
void gather_rows(const Place& place, const std::byte* pitched, std::byte* dense);

}  // namespace paragon::webgpu
