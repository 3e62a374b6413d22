// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backends/webgpu/device.hpp"

namespace paragon::webgpu {

/// The first bytes of a buffer on their way to the host. The buffer is mapped until they are taken.
class Readback {
 public:
  /// Of a buffer that can be mapped and has been copied to. Raises if it has not as many bytes.
  Readback(const Buffer& staging, size_t bytes);

  bool arrived() const { return answer_->done; }
  /// Copies what has arrived. Raises with what the library says if mapping failed.
  void take(std::span<std::byte> bytes);

 private:
  struct Answer {  // lives until the library has written to it
    std::atomic<bool> done = false;
    bool mapped = false;
    std::string message;
  };
  WGPUBuffer buffer_;
  uint64_t size_;
  std::shared_ptr<Answer> answer_;
};

/// Values of a slot that the host looks at without waiting: copies made between runs, which arrive
/// when the device has got so far.
class PeekRing {
 public:
  /// Where the next copy goes; null while all are on their way.
  const Buffer* next(Device& device);
  /// What next() gave has been copied to and submitted.
  void sent(uint64_t tag, size_t bytes);
  /// Takes what has arrived, and copies the newest value; its tag, or 0 if none has arrived yet.
  uint64_t newest(std::span<std::byte> bytes);

 private:
  static constexpr size_t kOnTheirWay = 8, kValueBytes = 16;
  struct Copy {
    Buffer staging = {};
    std::unique_ptr<Readback> readback = {};
    uint64_t tag = 0;
  };
  std::array<Copy, kOnTheirWay> copies_;
  size_t next_ = 0;
  uint64_t newest_tag_ = 0;
  std::array<std::byte, kValueBytes> newest_ = {};
};

}  // namespace paragon::webgpu
