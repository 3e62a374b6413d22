// SPDX-License-Identifier: Apache-2.0
#include "runtime/host_score.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.hpp"
#include "ir/rules/formulas.hpp"

namespace paragon::runtime {
namespace {

constexpr double kScoreUnit = 65536, kScoreLimit = (1 << 30) - 1;

int64_t fixed_score(double score) {
  if (std::isnan(score)) return 0;
  return std::llround(std::clamp(score * kScoreUnit, -kScoreLimit, kScoreLimit));
}

}  // namespace

void host_score(const ir::HostFunction& function, DType type, const std::byte* x, size_t rows,
                size_t columns, int32_t exponent, std::byte* scores) {
  if (!is_float(type) && type != DType::int32)
    raise("[host_score] got {}, expected float32, float64 or int32", name(type));
  thread_local std::vector<float> values;  // kept, so that a run allocates only once
  values.resize(columns);
  for (size_t row = 0; row < rows; ++row) {
    for (size_t column = 0; column < columns; ++column) {
      const ir::Number value = ir::load(type, x, row * columns + column);
      values[column] = static_cast<float>(
          is_float(type) ? value.f : std::ldexp(static_cast<double>(value.i), exponent));
    }
    const double score = function(values);
    ir::Number result;
    if (is_float(type))
      result.f = score;
    else
      result.i = fixed_score(score);
    ir::store(type, scores, row, result);
  }
}

}  // namespace paragon::runtime
