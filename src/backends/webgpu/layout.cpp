// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/layout.hpp"

#include <algorithm>
#include <cstring>

#include "core/error.hpp"

namespace paragon::webgpu {
namespace {

using runtime::Buffer;
using runtime::BufferId;

constexpr size_t kTensorWords = 16;  // tensors start at multiples of this
// Temporaries of this many neighbouring dispatches do not share memory, so that kernels can hold
// dispatches that have nothing to do with each other.
constexpr size_t kApart = 16, kApartBytes = size_t{1} << 20;

size_t round_up(size_t value, size_t unit) {
  return (value + unit - 1) / unit * unit;
}

Place place_of(const Buffer& buffer) {
  Place place;
  place.type = buffer.type;
  place.rows = static_cast<uint32_t>(buffer.shape.rows());
  place.cols = static_cast<uint32_t>(buffer.shape.cols());
  const bool dense_column = place.cols == 1 && size_of(buffer.type) >= 4;
  place.pitch = dense_column || buffer.shape.is_scalar() ? 1 : (place.cols + 3) / 4 * 4;
  return place;
}

std::vector<bool> or_targets(const runtime::Program& program) {
  std::vector<bool> result(program.buffers.size(), false);
  for (const auto& phase : program.phases)
    for (const auto& dispatch : phase.dispatches)
      for (const auto& store : dispatch.code.or_stores) result[store.buffer] = true;
  return result;
}

}  // namespace

Layout::Layout(const runtime::Program& program, size_t data_bytes)
    : places_(program.buffers.size()) {
  const std::vector<bool> collects = or_targets(program);
  for (BufferId id = 0; id < places_.size(); ++id) places_[id] = place_of(program.buffers[id]);

  const auto words = [&](BufferId id) {
    const bool scalar = program.buffers[id].shape.is_scalar();
    return scalar ? kScalarWords : round_up((places_[id].bytes() + 3) / 4, kTensorWords);
  };
  for (BufferId id = 0; id < places_.size(); ++id) {
    const Buffer& buffer = program.buffers[id];
    Place& place = places_[id];
    if (collects[id]) {
      place.bank = Bank::kFlags;
      place.word = static_cast<uint32_t>(flag_words_);
      flag_words_ += kScalarWords;
    } else if (buffer.kind == Buffer::Kind::kSlot &&
               program.slots[buffer.slot].role == ir::SlotRole::kData) {
      if (data_.size() == kDataBindings)
        raise("[webgpu] the program has more than {} data slots", kDataBindings);
      place.bank = Bank::kData;
      place.data = static_cast<uint32_t>(data_.size());
      DataSlot& data = data_.emplace_back();
      data.buffer = id;
      if (words(id) * 4 > data_bytes) {
        data.gatherings = gatherings_of(
            program, id,
            fmt::format("[webgpu] slot '{}' needs {} bytes, at most {} may lie on the device",
                        program.slots[buffer.slot].name, words(id) * 4, data_bytes));
        for (const Gathering& gathering : data.gatherings)
          place.window = std::max(place.window, static_cast<uint32_t>(gathering.rows));
        place.rows = static_cast<uint32_t>(kWindows) * place.window;
      }
      data.bytes = words(id) * 4;
    }
  }
  // Scalars lie together, so that a step touches few of them; temporaries share an arena.
  for (const bool scalars : {true, false}) {
    for (BufferId id = 0; id < places_.size(); ++id) {
      const Buffer& buffer = program.buffers[id];
      if (places_[id].bank != Bank::kMemory || buffer.kind == Buffer::Kind::kTemporary ||
          buffer.shape.is_scalar() != scalars)
        continue;
      places_[id].word = static_cast<uint32_t>(memory_words_);
      memory_words_ += words(id);
    }
    memory_words_ = round_up(memory_words_, kTensorWords);
  }
  const runtime::MemoryPlan plan = runtime::plan_memory(
      program, [&](BufferId id) { return words(id) * 4; }, kApart, kApartBytes);
  for (BufferId id = 0; id < places_.size(); ++id)
    if (places_[id].bank == Bank::kMemory && program.buffers[id].kind == Buffer::Kind::kTemporary)
      places_[id].word = static_cast<uint32_t>(memory_words_ + plan.offsets[id] / 4);
  memory_words_ = round_up(memory_words_ + (plan.bytes + 3) / 4, kTensorWords);
  if (memory_words_ > UINT32_MAX)
    raise("[webgpu] the program needs {} bytes of device memory, at most {} can be addressed",
          memory_words_ * 4, size_t{UINT32_MAX} * 4);
}

void spread_rows(const Place& place, const std::byte* dense, std::byte* pitched) {
  const size_t row = place.cols * size_of(place.type), step = place.pitch * size_of(place.type);
  for (size_t r = 0; r < place.rows; ++r) std::memcpy(pitched + r * step, dense + r * row, row);
}

void gather_rows(const Place& place, const std::byte* pitched, std::byte* dense) {
  const size_t row = place.cols * size_of(place.type), step = place.pitch * size_of(place.type);
  for (size_t r = 0; r < place.rows; ++r) std::memcpy(dense + r * row, pitched + r * step, row);
}

}  // namespace paragon::webgpu
