// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "core/tensor.hpp"
#include "runtime/backend.hpp"

namespace paragon::runtime {

/// Can a program hold it? Networks of the other types compute in these.
bool is_held(DType type);

/// What all instances refuse: a phase that there is not, a slot's contents of another size,
/// uploaded data, bound other slots.
void expect_phase(const Program& program, size_t phase);
void expect_bytes(const Program& program, uint32_t slot, size_t got);
void expect_upload(const Program& program, uint32_t slot, size_t got);
void expect_bind(const Program& program, uint32_t slot, size_t got);

/// The buffers of a program in host memory: slots and constants of their own, temporaries in one
/// arena.
class HostMemory {
 public:
  explicit HostMemory(const Program& program);

  std::byte* data(BufferId buffer) const { return pointers_[buffer]; }
  void upload(uint32_t slot, std::span<const std::byte> bytes);
  void download(uint32_t slot, std::span<std::byte> bytes) const;
  void bind(uint32_t slot, std::span<const std::byte> bytes);
  size_t bytes() const { return owned_; }

 private:
  const Program& program_;
  std::vector<std::byte*> pointers_;  // by buffer
  AlignedBuffer slots_, constants_, arena_;
  size_t owned_ = 0;
};

}  // namespace paragon::runtime
