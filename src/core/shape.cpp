// SPDX-License-Identifier: Apache-2.0
#include "core/shape.hpp"

#include <algorithm>

#include "core/raise.hpp"

namespace paragon {

Shape::Shape(std::span<const size_t> dims) : rank_(dims.size()) {
  if (rank_ > kMaxRank)
    raise_message("[shape] rank " + std::to_string(rank_) + " is above the limit of " +
                  std::to_string(kMaxRank));
  std::copy(dims.begin(), dims.end(), dims_.begin());
}

size_t Shape::elements() const {
  size_t product = 1;
  for (size_t dim : dims()) product *= dim;
  return product;
}

size_t Shape::elements_before_last() const {
  size_t product = 1;
  for (size_t axis = 0; axis + 1 < rank_; ++axis) product *= dims_[axis];
  return product;
}

}  // namespace paragon
