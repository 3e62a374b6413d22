// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/layout.hpp"

#include <algorithm>
#include <bit>
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

Layout::Layout(const runtime::Program& program, const Room& room)
    : places_(program.buffers.size()) {
  for (BufferId id = 0; id < places_.size(); ++id) places_[id] = place_of(program.buffers[id]);
  place_elsewhere(program, room.data_bytes);
  const size_t most = std::min<size_t>(room.chunk_bytes / 4, UINT32_MAX) / kTensorWords;
  place_memory(program, most * kTensorWords);
  // Numbers of chunks are shifts then.
  if (chunks() > 1) place_memory(program, std::bit_floor(most) * kTensorWords);
  if (chunks() > room.chunks)
    throw DeviceMemoryError(fmt::format(
        "[webgpu] the program needs {} bytes of device memory, the device binds at most "
        "{} times {}",
        memory_words_ * 4, room.chunks, chunk_words_ * 4));
}

size_t Layout::words(const runtime::Program& program, BufferId buffer) const {
  if (program.buffers[buffer].shape.is_scalar()) return kScalarWords;
  return round_up((places_[buffer].bytes() + 3) / 4, kTensorWords);
}

void Layout::place_elsewhere(const runtime::Program& program, size_t data_bytes) {
  const std::vector<bool> collects = or_targets(program);
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
      if (words(program, id) * 4 > data_bytes) {
        data.gatherings = gatherings_of(
            program, id,
            fmt::format("[webgpu] slot '{}' needs {} bytes, at most {} may lie on the device",
                        program.slots[buffer.slot].name, words(program, id) * 4, data_bytes));
        for (const Gathering& gathering : data.gatherings)
          place.window = std::max(place.window, static_cast<uint32_t>(gathering.rows));
        place.rows = static_cast<uint32_t>(kWindows) * place.window;
      }
      data.bytes = words(program, id) * 4;
    }
  }
}

void Layout::place_memory(const runtime::Program& program, size_t chunk_words) {
  chunk_words_ = chunk_words;
  size_t end = 0;  // of what is placed
  const auto put = [&](BufferId id, size_t word) {
    Place& place = places_[id];
    const size_t size = words(program, id);
    if (size > UINT32_MAX)
      throw DeviceMemoryError(
          fmt::format("[webgpu] a tensor of {} bytes, at most {} can be addressed", size * 4,
                      size_t{UINT32_MAX} * 4));
    place.chunk = static_cast<uint32_t>(word / chunk_words);
    place.word = static_cast<uint32_t>(word % chunk_words);
    place.spans = place.word + size > chunk_words;
  };
  // Scalars lie together, so that a step touches few of them; temporaries share an arena.
  for (const bool scalars : {true, false}) {
    for (BufferId id = 0; id < places_.size(); ++id) {
      const Buffer& buffer = program.buffers[id];
      if (places_[id].bank != Bank::kMemory || buffer.kind == Buffer::Kind::kTemporary ||
          buffer.shape.is_scalar() != scalars)
        continue;
      const size_t size = words(program, id);
      const size_t word = runtime::within_chunk(end, size, chunk_words);
      put(id, word);
      end = word + size;
    }
    end = round_up(end, kTensorWords);
  }
  runtime::ArenaRules rules{.apart = kApart, .extra = kApartBytes};
  const auto bytes_of = [&](BufferId id) { return words(program, id) * 4; };
  runtime::MemoryPlan plan = runtime::plan_memory(program, bytes_of, rules);
  if (end % chunk_words + (plan.bytes + 3) / 4 > chunk_words) {
    rules.chunk = chunk_words * 4;
    plan = runtime::plan_memory(program, bytes_of, rules);
    end = round_up(end, chunk_words);
  }
  for (BufferId id = 0; id < places_.size(); ++id)
    if (places_[id].bank == Bank::kMemory && program.buffers[id].kind == Buffer::Kind::kTemporary)
      put(id, end + plan.offsets[id] / 4);
  memory_words_ = std::max(round_up(end + (plan.bytes + 3) / 4, kTensorWords), kTensorWords);
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
