// SPDX-License-Identifier: Apache-2.0
// What goes between the host and a program's buffers.
#include <algorithm>
#include <cstring>

#include "backends/webgpu/instance.hpp"
#include "runtime/host_memory.hpp"

namespace paragon::webgpu {
namespace {

constexpr size_t kStagingBytes = size_t{64} << 20;  // that are read back at once

/// Whether a run's first kernel can write to a place: whole words of the first chunk.
bool can_defer(const Place& place) {
  return place.bank == Bank::kMemory && place.chunk == 0 && size_of(place.type) >= 4;
}

}  // namespace

template <class Segment>
void WebgpuInstance::for_each_segment(const Place& place, size_t first, size_t bytes,
                                      Segment&& segment) const {
  const size_t offset = size_t{place.word} * 4 + first;
  if (place.bank == Bank::kFlags) return segment(flags_, offset, size_t{0}, bytes);
  if (place.bank == Bank::kData) return segment(data_[place.data], offset, size_t{0}, bytes);
  const size_t chunk_bytes = layout_.chunk_words() * 4;
  for (size_t done = 0; done < bytes;) {
    const size_t at = offset + done,
                 length = std::min(bytes - done, chunk_bytes - at % chunk_bytes);
    segment(memory_[place.chunk + at / chunk_bytes], at % chunk_bytes, done, length);
    done += length;
  }
}

void WebgpuInstance::write(const Place& place, std::span<const std::byte> bytes) {
  const auto put = [&](size_t first, std::span<const std::byte> part) {
    for_each_segment(place, first, part.size(),
                     [&](const Buffer& buffer, size_t offset, size_t done, size_t length) {
                       device_->write(buffer, offset, part.subspan(done, length));
                     });
  };
  if (place.cols == place.pitch && bytes.size() % 4 == 0) return put(0, bytes);
  // Some rows at a time.
  const size_t row = place.cols * size_of(place.type), pitch = place.pitch * size_of(place.type);
  const size_t at_once = std::max<size_t>((size_t{1} << 20) / pitch, 4) / 4 * 4;
  std::vector<std::byte> pitched;
  for (size_t first = 0; first < place.rows; first += at_once) {
    Place part = place;
    part.rows = static_cast<uint32_t>(std::min<size_t>(at_once, place.rows - first));
    pitched.assign((part.bytes() + 3) / 4 * 4, std::byte{0});
    spread_rows(part, bytes.data() + first * row, pitched.data());
    put(first * pitch, pitched);
  }
}

bool WebgpuInstance::defer(const Place& place, std::span<const std::byte> bytes) {
  const size_t words = bytes.size() / 4, before = pending_.size();
  for (size_t i = 0; i < words; ++i) {
    uint32_t value;
    std::memcpy(&value, bytes.data() + i * 4, 4);
    const auto to = place.word + static_cast<uint32_t>(i);
    size_t entry = 0;
    while (entry < before && pending_[entry] != to) entry += 2;
    if (entry < before) {  // the last value counts
      pending_[entry + 1] = value;
    } else if (before + 2 * words + 2 > kRecordWords) {
      return false;
    } else {
      pending_.push_back(to);
      pending_.push_back(value);
    }
  }
  return true;
}

void WebgpuInstance::upload(uint32_t slot, std::span<const std::byte> bytes) {
  runtime::expect_upload(*program_, slot, bytes.size());
  const Place& place = layout_[slot];
  if (bytes.empty()) return;
  if (place.is_scalar()) std::memcpy(&host_scalars_[slot], bytes.data(), bytes.size());
  if (program_->buffers[slot].shape.is_scalar() && can_defer(place) && defer(place, bytes)) return;
  flush();
  write(place, bytes);
}

void WebgpuInstance::bind(uint32_t slot, std::span<const std::byte> bytes) {
  runtime::expect_bind(*program_, slot, bytes.size());
  const Place& place = layout_[slot];
  if (place.window > 0) {
    streams_[place.data].host = bytes;
    return;
  }
  flush();
  write(place, bytes);
}

void WebgpuInstance::download(uint32_t slot, std::span<std::byte> bytes) {
  runtime::expect_bytes(*program_, slot, bytes.size());
  const Place& place = layout_[slot];
  if (bytes.empty()) return;
  if (place.window > 0) {
    const std::span<const std::byte> host = streams_[place.data].host;
    std::copy_n(host.begin(), std::min(host.size(), bytes.size()), bytes.begin());
    return;
  }
  // A value that no run has carried to the device yet.
  if (place.is_scalar() && can_defer(place)) {
    size_t known = 0;
    for (size_t k = 0; k < pending_.size(); k += 2)
      if (const uint32_t i = pending_[k] - place.word; i < bytes.size() / 4) {
        std::memcpy(bytes.data() + i * 4, &pending_[k + 1], 4);
        ++known;
      }
    if (known == bytes.size() / 4) return;
  }
  std::vector<std::byte> pitched(place.bytes());
  for (size_t first = 0; first < pitched.size(); first += kStagingBytes)
    read(place, first,
         std::span(pitched).subspan(first).first(std::min(kStagingBytes, pitched.size() - first)));
  gather_rows(place, pitched.data(), bytes.data());
}

void WebgpuInstance::copy(const Place& place, size_t first, size_t bytes, const Buffer& to) {
  // One submission does what is encoded and copies.
  if (encoder_ == nullptr) encoder_ = device_->create_encoder();
  end_pass();
  for_each_segment(place, first, (bytes + 3) / 4 * 4,
                   [&](const Buffer& buffer, size_t offset, size_t done, size_t length) {
                     api().CommandEncoderCopyBufferToBuffer(encoder_, buffer.get(), offset,
                                                            to.get(), done, length);
                   });
  flush();
}

uint64_t WebgpuInstance::peek(uint32_t slot, uint64_t tag, std::span<std::byte> bytes) {
  runtime::expect_bytes(*program_, slot, bytes.size());
  device_->poll();
  const uint64_t newest = peeks_.newest(bytes);
  if (const Buffer* staging = peeks_.next(*device_)) {
    copy(layout_[slot], 0, bytes.size(), *staging);
    peeks_.sent(tag, bytes.size());
  }
  return newest;
}

void WebgpuInstance::read(const Place& place, size_t first, std::span<std::byte> bytes) {
  const size_t size = (bytes.size() + 15) / 16 * 16;
  if (staging_.bytes() < size)
    staging_ = device_->create_buffer(size, WGPUBufferUsage_MapRead | WGPUBufferUsage_CopyDst,
                                      "reading back");
  copy(place, first, bytes.size(), staging_);
  in_flight_.clear();  // reading waits for everything
  device_->read(staging_, bytes);
}

}  // namespace paragon::webgpu
