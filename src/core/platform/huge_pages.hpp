// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace paragon::platform {

/// Asks for huge pages for the whole ones within [memory, memory + bytes), which must not have been
/// touched yet. Rows picked from all over a large table then need few translations of addresses. A
/// hint: does nothing where the system has none.
inline void prefer_huge_pages([[maybe_unused]] void* memory, [[maybe_unused]] size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr uintptr_t kHugePage = uintptr_t{2} << 20;
  const auto address = reinterpret_cast<uintptr_t>(memory);
  const uintptr_t first = (address + kHugePage - 1) / kHugePage * kHugePage;
  const uintptr_t last = (address + bytes) / kHugePage * kHugePage;
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#endif
}

/// Reserves memory for a large table that nothing has been put in yet.
template <class T>
void reserve_huge(std::vector<T>& table, size_t count) {
  table.reserve(count);
  prefer_huge_pages(table.data(), count * sizeof(T));
}

}  // namespace paragon::platform
