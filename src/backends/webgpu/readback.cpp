// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/readback.hpp"

#include <algorithm>
#include <cstring>

#include "core/error.hpp"

namespace paragon::webgpu {

Readback::Readback(const Buffer& staging, size_t bytes)
    : buffer_(staging.get()), size_((bytes + 7) / 8 * 8), answer_(std::make_shared<Answer>()) {
  if (size_ > staging.bytes())
    raise("[webgpu] reading back {} bytes of a buffer of {}", bytes, staging.bytes());
  WGPUBufferMapCallbackInfo callback{};
  callback.mode = WGPUCallbackMode_AllowSpontaneous;
  callback.userdata1 = new std::shared_ptr<Answer>(answer_);
  callback.callback = [](WGPUMapAsyncStatus status, WGPUStringView message, void* opaque, void*) {
    const std::unique_ptr<std::shared_ptr<Answer>> owner(
        static_cast<std::shared_ptr<Answer>*>(opaque));
    Answer& answer = **owner;
    answer.mapped = status == WGPUMapAsyncStatus_Success;
    answer.message = string_of(message);
    answer.done = true;
  };
  api().BufferMapAsync(buffer_, WGPUMapMode_Read, 0, size_, callback);
}

void Readback::take(std::span<std::byte> bytes) {
  if (!answer_->mapped) raise("[webgpu] reading back: {}", answer_->message);
  const void* mapped = api().BufferGetConstMappedRange(buffer_, 0, size_);
  if (mapped == nullptr) raise("[webgpu] reading back: the buffer has no range of {} bytes", size_);
  std::memcpy(bytes.data(), mapped, bytes.size());
  api().BufferUnmap(buffer_);
}

const Buffer* PeekRing::next(Device& device) {
  Copy& copy = copies_[next_];
  if (copy.readback != nullptr) return nullptr;
  if (!copy.staging)
    copy.staging = device.create_buffer(
        kValueBytes, WGPUBufferUsage_MapRead | WGPUBufferUsage_CopyDst, "looking at a value");
  return &copy.staging;
}

void PeekRing::sent(uint64_t tag, size_t bytes) {
  Copy& copy = copies_[next_];
  copy.readback = std::make_unique<Readback>(copy.staging, bytes);
  copy.tag = tag;
  next_ = (next_ + 1) % copies_.size();
}

uint64_t PeekRing::newest(std::span<std::byte> bytes) {
  // They arrive in the order in which they were sent, the oldest of which is the next to be used.
  for (size_t i = 0; i < copies_.size(); ++i) {
    Copy& copy = copies_[(next_ + i) % copies_.size()];
    if (copy.readback == nullptr || !copy.readback->arrived()) continue;
    const std::unique_ptr<Readback> readback = std::move(copy.readback);
    readback->take(std::span(newest_).first(bytes.size()));
    newest_tag_ = copy.tag;
  }
  std::copy_n(newest_.begin(), bytes.size(), bytes.begin());
  return newest_tag_;
}

}  // namespace paragon::webgpu
