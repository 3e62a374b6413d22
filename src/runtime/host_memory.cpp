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

void expect_phase(const Program& program, size_t phase) {
  if (phase >= program.phases.size())
    raise_message("[instance] phase " + std::to_string(phase) + " of " +
                  std::to_string(program.phases.size()));
}

void expect_bytes(const Program& program, uint32_t slot, size_t got) {
  const size_t expected = program.buffers[slot].bytes();
  if (got != expected)
    raise_message("[instance] slot '" + program.slots[slot].name + "' has " +
                  std::to_string(expected) + " bytes, got " + std::to_string(got));
}

void expect_upload(const Program& program, uint32_t slot, size_t got) {
  expect_bytes(program, slot, got);
  if (program.slots[slot].role == ir::SlotRole::kData)
    raise_message("[instance] slot '" + program.slots[slot].name + "' is bound, not uploaded");
}

void expect_bind(const Program& program, uint32_t slot, size_t got) {
  expect_bytes(program, slot, got);
  if (program.slots[slot].role != ir::SlotRole::kData)
    raise_message("[instance] slot '" + program.slots[slot].name + "' is " +
                  std::string(ir::name(program.slots[slot].role)) + ", only data can be bound");
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

void HostMemory::upload(uint32_t slot, std::span<const std::byte> bytes) {
  expect_upload(program_, slot, bytes.size());
  std::memcpy(pointers_[slot], bytes.data(), bytes.size());
}

void HostMemory::download(uint32_t slot, std::span<std::byte> bytes) const {
  expect_bytes(program_, slot, bytes.size());
  std::memcpy(bytes.data(), pointers_[slot], bytes.size());
}

void HostMemory::bind(uint32_t slot, std::span<const std::byte> bytes) {
  expect_bind(program_, slot, bytes.size());
  // The verifier refuses phases that write data slots.
  pointers_[slot] = const_cast<std::byte*>(bytes.data());
}

}  // namespace paragon::runtime
