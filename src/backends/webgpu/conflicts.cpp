// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/conflicts.hpp"

#include <algorithm>

namespace paragon::webgpu {

using runtime::Access;
using runtime::BufferId;
using runtime::Dispatch;

Accesses::Accesses(const Dispatch& dispatch, const Layout& layout) {
  runtime::for_each_access(dispatch, [&](BufferId buffer, Access access, size_t) {
    const Place& place = layout[buffer];
    const size_t words = place.is_scalar() ? kScalarWords : (place.bytes() + 3) / 4;
    const size_t begin = place.chunk * layout.chunk_words() + place.word;
    ranges_.push_back({place.bank, place.data, begin, begin + words, access});
  });
}

bool Accesses::conflict(const Accesses& other) const {
  return std::ranges::any_of(ranges_, [&](const Range& a) {
    return std::ranges::any_of(other.ranges_, [&](const Range& b) {
      return a.bank == b.bank && a.data == b.data && a.begin < b.end && b.begin < a.end &&
             (writes(a.access) || writes(b.access)) &&
             !(a.access == Access::kOr && b.access == Access::kOr);
    });
  });
}

}  // namespace paragon::webgpu
