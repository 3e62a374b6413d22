// SPDX-License-Identifier: Apache-2.0
#include "core/tensor.hpp"

#include <cstring>
#include <new>
#include <utility>

#include "core/raise.hpp"

namespace paragon {
namespace {

constexpr std::align_val_t kAlignment{64};

}  // namespace

void AlignedBuffer::Free::operator()(std::byte* pointer) const {
  ::operator delete[](pointer, kAlignment);
}

AlignedBuffer::AlignedBuffer(size_t bytes) : size_((bytes + 63) / 64 * 64) {
  if (size_ == 0) size_ = 64;
  void* memory = ::operator new[](size_, kAlignment, std::nothrow);
  if (memory == nullptr)
    raise_message("[memory] could not allocate " + std::to_string(size_) + " bytes");
  data_.reset(static_cast<std::byte*>(memory));
  std::memset(memory, 0, size_);
}

AlignedBuffer::AlignedBuffer(const AlignedBuffer& other) {
  if (other.size_ == 0) return;
  *this = AlignedBuffer(other.size_);
  std::memcpy(data(), other.data(), size_);
}

AlignedBuffer& AlignedBuffer::operator=(const AlignedBuffer& other) {
  AlignedBuffer copy(other);
  *this = std::move(copy);
  return *this;
}

Tensor::Tensor(DType type, Shape shape)
    : type_(type), shape_(shape), data_(shape.elements() * size_of(type)) {}

}  // namespace paragon
