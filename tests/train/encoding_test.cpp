// SPDX-License-Identifier: Apache-2.0
// Float features as operands, against the formula of docs/numerics.md written plainly.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "core/fixed_point.hpp"
#include "core/random.hpp"
#include "core/tensor.hpp"
#include "passes/fixed_format.hpp"
#include "train/bindings.hpp"

namespace paragon {
namespace {

/// Every size of float, both signs, halves of the unit, and what is not a number.
std::vector<float> features(int operand_bits) {
  std::vector<float> values = {0.0f,
                               -0.0f,
                               1.0f,
                               -1.0f,
                               std::numeric_limits<float>::infinity(),
                               -std::numeric_limits<float>::infinity(),
                               std::numeric_limits<float>::quiet_NaN(),
                               std::numeric_limits<float>::denorm_min(),
                               std::numeric_limits<float>::max()};
  for (uint64_t i = 0; i < 20000; ++i)
    values.push_back(std::bit_cast<float>(static_cast<uint32_t>(random::bits64(3, i))));
  const double unit = 1 / (255 * std::ldexp(1.0, operand_bits - 8));
  for (int i = -2000; i <= 2000; ++i) values.push_back(static_cast<float>((i + 0.5) * unit));
  for (int i = -255; i <= 255; ++i) values.push_back(static_cast<float>(i) / 510);
  return values;
}

TEST(Encoding, OfWideOperandsIsTheFormula) {
  for (const DType type : {int16, int32, int64})
    for (const int exponent : {0, 1, 5, 20}) {
      const fixed::Format& format = fixed::format_of(type);
      const std::vector<float> values = features(format.operand_bits);
      Tensor got(format.operand, {1, values.size()});
      train::encode_features(values, format, exponent, got);
      const double scale = 255 * std::ldexp(1.0, format.operand_bits - 8);
      for (size_t i = 0; i < values.size(); ++i) {
        int64_t expected = 0;
        if (!std::isnan(values[i])) {
          const int64_t nearest = std::llround(std::clamp(values[i] * scale, -1e15, 1e15));
          expected = fixed::clip(fixed::round_shift(nearest, exponent), format.operand_limit);
        }
        const int64_t result =
            format.operand == int16 ? got.as<int16_t>()[i] : got.as<int32_t>()[i];
        ASSERT_EQ(result, expected)
            << values[i] << " as " << name(type) << ", exponent " << exponent;
      }
    }
}

}  // namespace
}  // namespace paragon
