// SPDX-License-Identifier: Apache-2.0
// Rows of a table by index: as they are, or turned so that samples become columns.
#include <algorithm>
#include <cstring>

#include "backends/cpu/dispatch.hpp"
#include "backends/cpu/movement/movement.hpp"

namespace paragon::cpu {

// Samples become columns: a block of features of all samples is copied, turned and handed on.
void BoundDispatch::run_turned_gather(int thread, std::byte* scratch) const {
  const Shape& table = program_.buffers[dispatch_.operands[0]].shape;
  const auto* index = reinterpret_cast<const int32_t*>(operands_[1]);
  const size_t element = size_of(dispatch_.type), samples = dispatch_.cols;
  std::byte* picked = scratch + code_scratch_;
  std::byte* turned = picked + kTurnedFeatures * samples * element;
  const auto [begin, end] = share(dispatch_.rows, thread);
  for (size_t first = begin; first < end; first += kTurnedFeatures) {
    const size_t count = std::min(kTurnedFeatures, end - first);
    for (size_t sample = 0; sample < samples; ++sample) {
      std::byte* to = picked + sample * kTurnedFeatures * element;
      const auto source = static_cast<size_t>(static_cast<uint32_t>(index[sample]));
      if (source < table.rows()) {
        const std::byte* from = operands_[0] + (source * table.cols() + first) * element;
        std::memcpy(to, from, count * element);
        // Rows come from all over the data set: their next features are asked for in time.
        for (size_t at = 1; at <= kTurnedFeatures * element; at += 64)
          __builtin_prefetch(from + count * element + at);
      } else {
        std::memset(to, 0, count * element);  // rows outside of the table read as zeros
      }
    }
    transpose(element, picked, samples, kTurnedFeatures, turned, samples, 0, count);
    code_.run(first, count, 0, samples, {turned, samples}, scratch);
  }
}

void BoundDispatch::run_gather(int thread, std::byte* scratch) const {
  const Shape& table = program_.buffers[dispatch_.operands[0]].shape;
  const auto* index = reinterpret_cast<const int32_t*>(operands_[1]);
  const size_t bytes = table.cols() * size_of(dispatch_.type);
  const auto [begin, end] = share(dispatch_.rows, thread);
  alignas(64) static const std::byte kZeros[64] = {};
  // Rows come from all over the data set: the next one is asked for while this one is worked on.
  const auto prefetch = [&](size_t row) {
    const auto source = static_cast<size_t>(static_cast<uint32_t>(index[row]));
    if (source >= table.rows()) return;
    for (size_t at = 0; at < bytes; at += 64)
      __builtin_prefetch(operands_[0] + source * bytes + at);
  };
  constexpr size_t kAhead = 2;
  for (size_t row = begin; row < std::min(begin + kAhead, end); ++row) prefetch(row);
  for (size_t row = begin; row < end; ++row) {
    if (row + kAhead < end) prefetch(row + kAhead);
    const auto source = static_cast<size_t>(static_cast<uint32_t>(index[row]));
    if (source < table.rows()) {
      code_.run(row, 1, 0, dispatch_.cols, {operands_[0] + source * bytes, 0}, scratch);
      continue;
    }
    const size_t step = 64 / size_of(dispatch_.type);  // rows outside of the table read as zeros
    for (size_t col = 0; col < dispatch_.cols; col += step)
      code_.run(row, 1, col, std::min(step, dispatch_.cols - col), {kZeros, 0}, scratch);
  }
}

}  // namespace paragon::cpu
