// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>

namespace paragon {

/// Extents of a tensor, rank 0 (a scalar) to 4, row-major.
class Shape {
 public:
  static constexpr size_t kMaxRank = 4;

  Shape() = default;
  Shape(std::initializer_list<size_t> dims) : Shape(std::span(dims.begin(), dims.size())) {}
  explicit Shape(std::span<const size_t> dims);  ///< raises above rank 4

  size_t rank() const { return rank_; }
  size_t operator[](size_t axis) const { return dims_[axis]; }
  std::span<const size_t> dims() const { return {dims_.data(), rank_}; }
  size_t elements() const;
  bool is_scalar() const { return rank_ == 0; }
  /// The shape seen as a matrix: all leading axes folded into rows; scalars and vectors have one
  /// row.
  size_t rows() const { return rank_ < 2 ? 1 : elements_before_last(); }
  size_t cols() const { return rank_ == 0 ? 1 : dims_[rank_ - 1]; }
  bool operator==(const Shape& other) const = default;

 private:
  size_t elements_before_last() const;

  std::array<size_t, kMaxRank> dims_ = {};
  size_t rank_ = 0;
};

std::string to_string(const Shape& shape);  ///< "[64,784]"

/// Shape of an element-wise result: numpy's rule for rank <= 2 (an extent of 1 is repeated). Raises
/// with `place` if the two do not fit.
Shape broadcast(const Shape& a, const Shape& b, const std::string& place);

}  // namespace paragon
