// SPDX-License-Identifier: Apache-2.0
// Mean squares of the integer optimizers, against double arithmetic.
#include <gtest/gtest.h>

#include <cmath>

#include "core/mean_square.hpp"
#include "core/random.hpp"

namespace paragon::fixed {
namespace {

/// What a code stands for, in Q56.
double value_of(int32_t code) {
  return std::ldexp(static_cast<double>(code & kSquareMask), (code >> kSquareBits) - 24);
}

TEST(SquareCode, RoundsDownToTwentyFiveBits) {
  EXPECT_EQ(square_code(0), 0);
  EXPECT_EQ(square_code(1), kSquareTop) << "the smallest exponent stands for 2^-24";
  EXPECT_EQ(square_code((uint64_t{1} << 60) - 1), (59 << kSquareBits) + kSquareMask);
  for (uint64_t i = 0; i < 2000; ++i) {
    const uint64_t square = random::bits64(1, i) >> (4 + i % 60);
    const double value = value_of(square_code(square));
    ASSERT_LE(value, static_cast<double>(square));
    ASSERT_GE(value, static_cast<double>(square) * (1 - 0x1p-24)) << square;
    ASSERT_LE(square_code(square), square_code(square + 1)) << "codes are ordered";
  }
}

TEST(MeanSquare, FollowsTheExactMean) {
  for (int bits = 1; bits <= kMaxDecayBits; ++bits)
    for (const int scale : {0, 8, 15, 22}) {
      int32_t code = 0;
      double exact = 0;
      for (uint64_t step = 0; step < 4000; ++step) {
        // Gradients fall by 2^7 halfway, so that the mean decays through many exponents.
        const auto g = static_cast<int32_t>(static_cast<int64_t>(random::bits64(2, step)) >>
                                            (34 + scale + (step < 2000 ? 0 : 7)));
        exact += (static_cast<double>(g) * g - exact) / std::ldexp(1.0, bits);
        code = mean_square(code, g, bits);
        ASSERT_GE(code, 0);
        ASSERT_LE(code, kLargestSquareCode);
        // A long mean keeps 25 - bits bits of what decays in a step.
        const double tolerance = exact * std::max(0x1p-13, std::ldexp(1.0, bits - 26)) + 0x1p-10;
        ASSERT_NEAR(value_of(code), exact, tolerance) << bits << " " << scale << " " << step;
      }
    }
}

TEST(MeanSquare, TakesExtremes) {
  const int32_t huge = mean_square(0, 1 << 30, 1);
  EXPECT_EQ(value_of(huge), std::ldexp(1.0, 59));
  EXPECT_EQ(mean_square(0, -(1 << 30), 1), huge);
  EXPECT_EQ(mean_square(0, 0, 10), 0);
  int32_t code = huge;
  for (int i = 0; i < 200; ++i) code = mean_square(code, 0, 1);
  EXPECT_LE(value_of(code), 0x1p-23) << "falls to nothing";
  for (int i = 0; i < 100; ++i) code = mean_square(code, 1 << 30, 1);
  EXPECT_NEAR(value_of(code), std::ldexp(1.0, 60), std::ldexp(1.0, 40));
}

TEST(MeanSquare, FarSmallerGradientsOnlyLetItDecay) {
  for (const int bits : {1, 7, 10, 16})
    for (const int32_t exponent : {20, 24, 34, 36, 58})
      for (const int32_t mantissa : {kSquareTop + 12345, kSquareTop + 7654321, kSquareMask}) {
        const int32_t kept = mantissa - ((mantissa + (1 << (bits - 1))) >> bits);
        const bool under = kept < kSquareTop;
        const int32_t expected =
            ((exponent - (under ? 1 : 0)) << kSquareBits) + (under ? 2 : 1) * kept;
        EXPECT_EQ(mean_square((exponent << kSquareBits) + mantissa, 0, bits), expected)
            << bits << " " << exponent << " " << mantissa;
      }
}

TEST(RatioToRoot, KeepsItsRelativeError) {
  const double limit = kRatioLimit;
  for (const uint64_t epsilon : {uint64_t{1}, uint64_t{9}, uint64_t{1} << 40, uint64_t{1} << 59})
    for (uint64_t i = 0; i < 20000; ++i) {
      const uint64_t v = random::bits64(4, i) >> (4 + i % 60);
      const auto x = static_cast<int32_t>(random::bits64(6, i) >> 34 >> (i % 23));
      const double exact = x / std::sqrt(value_of(square_code(v)) + static_cast<double>(epsilon)) *
                           (1 << kRatioFraction);
      const double bound = std::min(exact, limit);
      const int32_t ratio = ratio_to_root(x, square_code(v), square_code(epsilon));
      ASSERT_NEAR(ratio, bound, bound * 0x1p-14 + 1.5) << x << " / sqrt " << v << " + " << epsilon;
      ASSERT_EQ(ratio_to_root(-x, square_code(v), square_code(epsilon)), -ratio);
    }
  EXPECT_EQ(ratio_to_root(0, 0, square_code(1)), 0);
  EXPECT_EQ(ratio_to_root(1 << 30, 0, square_code(1)), kRatioLimit) << "clipped to 32";
}

// The bits that docs/numerics.md lists.
TEST(MeanSquare, KnownValues) {
  EXPECT_EQ(square_code(9), 119537664);
  EXPECT_EQ(mean_square(0, 123456789, 10), 1471229630);
  EXPECT_EQ(mean_square(square_code(uint64_t{1} << 50), -98765, 10), 1677688832);
  EXPECT_EQ(ratio_to_root(-1000000, square_code(uint64_t{1} << 45), square_code(9)), -707092);
  EXPECT_EQ(ratio_to_root(77, square_code(500), square_code(9)), 14314916);
}

}  // namespace
}  // namespace paragon::fixed
