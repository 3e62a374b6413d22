// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <paragon/dtype.hpp>

#include "core/shape.hpp"

namespace paragon {

/// Owning, 64-byte aligned, zero-initialised bytes; the size is rounded up to whole cache lines.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t bytes);
  AlignedBuffer(const AlignedBuffer& other);
  AlignedBuffer& operator=(const AlignedBuffer& other);
  AlignedBuffer(AlignedBuffer&&) noexcept = default;
  AlignedBuffer& operator=(AlignedBuffer&&) noexcept = default;

  std::byte* data() { return data_.get(); }
  const std::byte* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(std::byte* pointer) const;
  };
  std::unique_ptr<std::byte[], Free> data_;
  size_t size_ = 0;
};

/// A host tensor: type, shape and its own bytes, row-major.
class Tensor {
 public:
  Tensor() = default;
  Tensor(DType type, Shape shape);

  DType type() const { return type_; }
  const Shape& shape() const { return shape_; }
  size_t elements() const { return shape_.elements(); }
  size_t bytes() const { return elements() * size_of(type_); }
  bool empty() const { return data_.size() == 0; }
  std::byte* data() { return data_.data(); }
  const std::byte* data() const { return data_.data(); }

  /// The elements; T must be the type's C++ type.
  template <class T>
  std::span<T> as() {
    return {reinterpret_cast<T*>(data()), elements()};
  }
  template <class T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(data()), elements()};
  }

 private:
  DType type_ = DType::float32;
  Shape shape_;
  AlignedBuffer data_;
};

/// Calls visit with the elements of a tensor of signed integers, as a span of their C++ type.
template <class AnyTensor, class Visit>
void visit_signed(AnyTensor& tensor, Visit&& visit) {
  switch (tensor.type()) {
    case DType::int8:
      return visit(tensor.template as<std::int8_t>());
    case DType::int16:
      return visit(tensor.template as<std::int16_t>());
    case DType::int32:
      return visit(tensor.template as<std::int32_t>());
    default:
      return visit(tensor.template as<std::int64_t>());
  }
}

}  // namespace paragon
