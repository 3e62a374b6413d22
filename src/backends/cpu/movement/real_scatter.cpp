// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/movement/real_scatter.hpp"

namespace paragon::cpu {
namespace {

template <class T>
void scatter_add(const std::byte* x, size_t rows, const int32_t* index, std::byte* sums,
                 size_t targets, size_t cols) {
  const T* from = reinterpret_cast<const T*>(x);
  for (size_t row = 0; row < rows; ++row, from += cols) {
    const auto target = static_cast<size_t>(static_cast<uint32_t>(index[row]));
    if (target >= targets) continue;
    T* to = reinterpret_cast<T*>(sums) + target * cols;
    for (size_t col = 0; col < cols; ++col) to[col] += from[col];
  }
}

}  // namespace

void scatter_add_float32(const std::byte* x, size_t rows, const int32_t* index, std::byte* sums,
                         size_t targets, size_t cols) {
  scatter_add<float>(x, rows, index, sums, targets, cols);
}
void scatter_add_float64(const std::byte* x, size_t rows, const int32_t* index, std::byte* sums,
                         size_t targets, size_t cols) {
  scatter_add<double>(x, rows, index, sums, targets, cols);
}

}  // namespace paragon::cpu
