// SPDX-License-Identifier: Apache-2.0
#include "runtime/host_memory.hpp"

#include <cstring>

#include "core/raise.hpp"

namespace paragon::runtime {
namespace {

size_t lines(size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

}  // namespace

bool is_held(DType type) {
  switch (type) {
    case DType::float32:
    case DType::float64:
    case DType::int8:
    case DType::uint8:
    case DType::int16:
    case DType::int32:
    case DType::int64:
      return true;
    default:
      return false;
  }
}

HostMemory::HostMemory(const Program& program)
    : program_(program), pointers_(program.buffers.size(), nullptr) {
  // Scalars are packed eight bytes apart, so that a step touches few cache lines; tensors start on
  // their own.
  const auto place = [&](Buffer::Kind kind, AlignedBuffer& memory) {
    std::vector<std::pair<BufferId, size_t>> offsets;
    size_t size = 0;
    for (const bool scalars : {true, false}) {
      for (BufferId id = 0; id < program.buffers.size(); ++id) {
        const Buffer& buffer = program.buffers[id];
        const bool bound = kind == Buffer::Kind::kSlot && buffer.kind == kind &&
                           program.slots[buffer.slot].role == ir::SlotRole::kData;
        if (buffer.kind != kind || buffer.shape.is_scalar() != scalars || bound) continue;
        offsets.emplace_back(id, size);
        size += scalars ? 8 : lines(buffer.bytes());
      }
      size = lines(size);
    }
    memory = AlignedBuffer(size);
    for (const auto& [id, offset] : offsets) pointers_[id] = memory.data() + offset;
    owned_ += memory.size();
  };
  place(Buffer::Kind::kSlot, slots_);
  place(Buffer::Kind::kConstant, constants_);
  arena_ = AlignedBuffer(program.arena_bytes);
  owned_ += arena_.size();
  for (BufferId id = 0; id < program.buffers.size(); ++id) {
    const Buffer& buffer = program.buffers[id];
    if (buffer.kind == Buffer::Kind::kConstant) std::memcpy(pointers_[id], &buffer.constant, 8);
    if (buffer.kind == Buffer::Kind::kTemporary) pointers_[id] = arena_.data() + buffer.offset;
  }
}

void HostMemory::expect_size(uint32_t slot, size_t got) const {
  const size_t expected = program_.buffers[slot].bytes();
  if (got != expected)
    raise_message("[instance] slot '" + program_.slots[slot].name + "' has " +
                  std::to_string(expected) + " bytes, got " + std::to_string(got));
}

void HostMemory::upload(uint32_t slot, std::span<const std::byte> bytes) {
  expect_size(slot, bytes.size());
  if (program_.slots[slot].role == ir::SlotRole::kData)
    raise_message("[instance] slot '" + program_.slots[slot].name + "' is bound, not uploaded");
  std::memcpy(pointers_[slot], bytes.data(), bytes.size());
}

void HostMemory::download(uint32_t slot, std::span<std::byte> bytes) const {
  expect_size(slot, bytes.size());
  std::memcpy(bytes.data(), pointers_[slot], bytes.size());
}

void HostMemory::bind(uint32_t slot, std::span<const std::byte> bytes) {
  expect_size(slot, bytes.size());
  if (program_.slots[slot].role != ir::SlotRole::kData)
    raise_message("[instance] slot '" + program_.slots[slot].name + "' is " +
                  std::string(ir::name(program_.slots[slot].role)) + ", only data can be bound");
  // The verifier refuses phases that write data slots.
  pointers_[slot] = const_cast<std::byte*>(bytes.data());
}

}  // namespace paragon::runtime
