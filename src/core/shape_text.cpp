// SPDX-License-Identifier: Apache-2.0
#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/shape.hpp"

namespace paragon {

std::string to_string(const Shape& shape) {
  return fmt::format("[{}]", fmt::join(shape.dims(), ","));
}

Shape broadcast(const Shape& a, const Shape& b, const std::string& place) {
  if (a == b || b.is_scalar()) return a;
  if (a.is_scalar()) return b;
  const size_t rank = std::max(a.rank(), b.rank());
  std::array<size_t, Shape::kMaxRank> dims = {};
  for (size_t i = 0; i < rank; ++i) {  // i counts axes from the last one
    const size_t da = i < a.rank() ? a[a.rank() - 1 - i] : 1;
    const size_t db = i < b.rank() ? b[b.rank() - 1 - i] : 1;
    if ((da != db && da != 1 && db != 1) || rank > 2)
      raise("[{}] shapes {} and {} do not fit together", place, to_string(a), to_string(b));
    dims[rank - 1 - i] = da == 1 ? db : da;
  }
  return Shape(std::span<const size_t>(dims.data(), rank));
}

}  // namespace paragon
