// SPDX-License-Identifier: Apache-2.0
// The definitions of fixed-point arithmetic against exact or double-precision formulas.
#include "core/fixed_point.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/random.hpp"
#include "passes/mantissa15.hpp"

namespace paragon::fixed {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr int64_t kHuge = int64_t{1} << 62;

/// Whole numbers of all sizes and both signs.
std::vector<int64_t> numbers(int largest_bits) {
  std::vector<int64_t> all = {0, 1, -1, 2, -2, 3, -3, 5, -5, 127, -128};
  for (uint64_t i = 0; i < 3000; ++i) {
    const uint64_t bits = random::bits64(17, i);
    const int64_t size =
        static_cast<int64_t>(bits >> (64 - 1 - bits % static_cast<uint64_t>(largest_bits)));
    all.push_back(bits & 64 ? -size : size);
  }
  return all;
}

TEST(RoundShift, HalvesGoAwayFromZero) {
  struct Row {
    int64_t value, shift, expected;
  };
  for (const Row& row : {Row{5, 1, 3},
                         {-5, 1, -3},
                         {4, 3, 1},
                         {-4, 3, -1},
                         {3, 3, 0},
                         {-3, 3, 0},
                         {6, 2, 2},
                         {-6, 2, -2},
                         {7, 0, 7},
                         {1, 63, 0},
                         {kMost, 63, 1},
                         {kMost, 64, 0},
                         {-kMost - 1, 63, -1},
                         {3, -4, 48},
                         {-3, -4, -48},
                         {1, -61, int64_t{1} << 61},
                         {1, -62, kHuge},
                         {1, -63, kHuge},
                         {-1, -100, -kHuge},
                         {0, -100, 0},
                         {3, -61, kHuge},
                         {1, 1000, 0}})
    EXPECT_EQ(round_shift(row.value, row.shift), row.expected) << row.value << " / 2^" << row.shift;
  for (const int64_t v : numbers(50))
    for (const int shift : {1, 2, 7, 13, 30})
      ASSERT_EQ(round_shift(v, shift),
                static_cast<int64_t>(std::round(std::ldexp(static_cast<long double>(v), -shift))))
          << v << " / 2^" << shift;
}

TEST(StochasticShift, IsFloorOrCeilingAndRightOnAverage) {
  for (const int64_t v : {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{100}, int64_t{-100},
                          int64_t{12345}, int64_t{-98765}, int64_t{1} << 30})
    for (const int shift : {1, 4, 8, 16}) {
      double sum = 0;
      constexpr int kDraws = 20000;
      const double exact = std::ldexp(static_cast<double>(v), -shift);
      for (int i = 0; i < kDraws; ++i) {
        const int64_t q = stochastic_shift(v, shift, random::bits32(5, static_cast<uint64_t>(i)));
        ASSERT_GE(static_cast<double>(q), std::floor(exact));
        ASSERT_LE(static_cast<double>(q), std::floor(exact) + 1);
        sum += static_cast<double>(q);
      }
      const double fraction =
          exact - std::floor(exact);  // five standard deviations of a coin of this fraction
      EXPECT_NEAR(sum / kDraws, exact, 5 * std::sqrt(fraction * (1 - fraction) / kDraws) + 1e-9)
          << v << " / 2^" << shift;
    }
  EXPECT_EQ(stochastic_shift(5, 0, 123), 5);
  EXPECT_EQ(stochastic_shift(-5, -3, 123), -40);
  EXPECT_EQ(stochastic_shift(kMost, 32, 7), 0);
}

TEST(MulShift, RoundsTheExactProductOnce) {
  for (const int64_t a : numbers(30))
    for (const int64_t b :
         {int64_t{1}, int64_t{-3}, int64_t{32767}, int64_t{-29491}, (int64_t{1} << 31) - 1})
      for (const int shift : {-2, 0, 1, 15, 40}) {
        const long double exact = std::round(
            std::ldexp(static_cast<long double>(a) * static_cast<long double>(b), -shift));
        const long double limit = static_cast<long double>((int64_t{1} << 30) - 1);
        ASSERT_EQ(static_cast<long double>(mul_shift(a, b, shift, (int64_t{1} << 30) - 1)),
                  std::clamp(exact, -limit, limit))
            << a << " " << b << " " << shift;
      }
}

TEST(Clip, Saturates) {
  EXPECT_EQ(clip(200, 127), 127);
  EXPECT_EQ(clip(-200, 127), -127);
  EXPECT_EQ(clip(-128, 127), -127);
  EXPECT_EQ(clip(5, 127), 5);
  EXPECT_EQ(clip(std::numeric_limits<int64_t>::min(), 1), -1);
  EXPECT_EQ(magnitude(std::numeric_limits<int64_t>::min()), uint64_t{1} << 63);
  EXPECT_EQ(bit_length(0), 0);
  EXPECT_EQ(bit_length(255), 8);
  EXPECT_EQ(bit_length(256), 9);
  EXPECT_EQ(bit_length(~uint64_t{0}), 64);
}

TEST(Isqrt, IsTheLargestRoot) {
  std::vector<uint64_t> values = {
      0, 1, 2, 3, 4, ~uint64_t{0}, ~uint64_t{0} - 1, uint64_t{1} << 62, uint64_t{1} << 63};
  for (uint64_t i = 0; i < 3000; ++i) values.push_back(random::bits64(3, i) >> (i % 64));
  for (uint64_t root = 1; root < uint64_t{1} << 32; root = root * 3 + 1)
    for (const uint64_t near : {root * root - 1, root * root, root * root + 1})
      values.push_back(near);
  for (const uint64_t value : values) {
    const auto root = static_cast<unsigned __int128>(isqrt(value));
    ASSERT_LE(root * root, value);
    ASSERT_GT((root + 1) * (root + 1), value);
  }
}

TEST(Exp2Negative, StaysWithinItsError) {
  constexpr int64_t kOne = int64_t{1} << kPowerFraction, kCoarse = (97 << 8) + 1;
  const auto unit = static_cast<double>(kOne);
  const auto expect = [&](int64_t t) {
    ASSERT_NEAR(std::ldexp(exp2_negative(t), -30), std::exp2(-static_cast<double>(t) / unit),
                0x1p-23)
        << t;
  };
  for (int64_t t = 0; t < kOne >> 8; ++t) expect(t);
  for (int64_t t = 0; t < 31 * kOne; t += kCoarse) expect(t);
  // Relative to the result, as probabilities need it, until whole bits run out.
  for (int64_t t = 0; t < 3 * kOne; t += (13 << 8) - 1)
    ASSERT_NEAR(std::ldexp(exp2_negative(t), -30) * std::exp2(static_cast<double>(t) / unit), 1,
                0x1p-23)
        << t;
  EXPECT_EQ(exp2_negative(31 * kOne), 0);
  EXPECT_EQ(exp2_negative(kMost), 0);
  EXPECT_EQ(exp2_negative(-5), exp2_negative(0));
  for (int64_t t = 0; t < 3 * kOne; t += kCoarse)
    ASSERT_GE(exp2_negative(t), exp2_negative(t + kCoarse)) << "never rises";
}

TEST(Log2, IsBelowByLessThanTwoUnits) {
  for (uint64_t i = 0; i < 5000; ++i) {
    const uint64_t value = (random::bits64(9, i) >> (i % 64)) | 1;
    const long double exact = 65536 * std::log2(static_cast<long double>(value));
    ASSERT_LE(log2_q16(value), exact + 0.001L) << value;
    ASSERT_GT(log2_q16(value), exact - 2) << value;
  }
  for (int bit = 0; bit < 64; ++bit) EXPECT_EQ(log2_q16(uint64_t{1} << bit), bit << 16);
  EXPECT_EQ(log2_q16(0), 0);
}

TEST(DivRound, RoundsToNearest) {
  for (const int64_t a : {0, 1, 2, 3, 7, 8, 99, 1000001})
    for (const int64_t b : {1, 2, 3, 7, 10, 1000}) {
      const int64_t q = div_round(a, b);
      EXPECT_LE(std::abs(2 * (a - q * b)), b) << a << " / " << b;
    }
  EXPECT_EQ(div_round(5, 0), 0);
  EXPECT_EQ(div_round(5, -2), 0);
}

TEST(Mantissa15, HoldsNumbersWithinHalfAUnit) {
  const auto worth = [](const Mantissa15& m) { return std::ldexp(m.mantissa, -m.shift); };
  const auto normal = [](const Mantissa15& m) {
    return m.mantissa >= 1 << 14 && m.mantissa < 1 << 15;
  };
  for (int e = -60; e <= 40; ++e) {
    const Mantissa15 power = to_mantissa15(std::ldexp(1.0, e));
    EXPECT_TRUE(normal(power));
    EXPECT_EQ(worth(power), std::ldexp(1.0, e)) << "powers of two are exact";
  }
  for (uint64_t i = 0; i < 3000; ++i) {
    const double value = std::ldexp(1 + static_cast<double>(random::bits32(8, i)) * 0x1p-32,
                                    static_cast<int>(i % 60) - 40);
    const Mantissa15 m = to_mantissa15(value);
    ASSERT_TRUE(normal(m)) << value;
    ASSERT_LE(std::abs(worth(m) / value - 1), 0x1p-15) << value;
    const auto factor = static_cast<int32_t>(random::bits32(2, i) % 32768 + 1);
    const Mantissa15 scaled = scale(m, factor);
    ASSERT_TRUE(normal(scaled));
    ASSERT_LE(std::abs(worth(scaled) / (worth(m) * factor / 32768) - 1), 0x1p-15);
    ASSERT_EQ(worth(to_mantissa15(worth(scaled))), worth(scaled)) << "a round trip";
  }
  EXPECT_EQ(to_mantissa15(0).mantissa, 0);
  EXPECT_EQ(to_mantissa15(-1).mantissa, 0);
  EXPECT_EQ(scale(to_mantissa15(0.3), 0).mantissa, 0);
  EXPECT_EQ(worth(scale(to_mantissa15(0.375), 1 << 15)), 0.375) << "a factor of one";
  EXPECT_EQ(worth(to_mantissa15(std::nextafter(1.0, 0.0))), 1) << "rounds up to the next power";
  for (uint64_t count = 1; count < 70000; count += count < 300 ? 1 : 61) {
    const Mantissa15 m = reciprocal(count);
    ASSERT_TRUE(normal(m)) << count;
    ASSERT_LE(std::abs(worth(m) * static_cast<double>(count) - 1), 0x1p-15) << count;
    const bool power = (count & (count - 1)) == 0;
    ASSERT_TRUE(!power || worth(m) * static_cast<double>(count) == 1);
  }
  EXPECT_EQ(reciprocal(0).mantissa, 0);
}

TEST(HalfCosine, StaysWithinTwoUnits) {
  for (const uint64_t total :
       {uint64_t{1}, uint64_t{7}, uint64_t{1000}, uint64_t{93750}, uint64_t{1} << 40})
    for (uint64_t i = 0; i <= 1000; ++i) {
      const auto done = static_cast<uint64_t>(static_cast<unsigned __int128>(total) * i / 1000);
      const double exact =
          (1 + std::cos(std::acos(-1.0) * static_cast<double>(done) / static_cast<double>(total))) /
          2;
      ASSERT_NEAR(half_cosine_q15(done, total), exact * 32768, 2) << done << " of " << total;
    }
  EXPECT_EQ(half_cosine_q15(0, 10), 1 << 15);
  EXPECT_EQ(half_cosine_q15(10, 10), 0);
  EXPECT_EQ(half_cosine_q15(11, 10), 0);
  EXPECT_EQ(half_cosine_q15(0, 0), 1 << 15);
}

TEST(FixedPoint, ReciprocalOfALogarithmIsTheNearest) {
  std::vector<uint64_t> counts = {0xFFFFFFFF, 1 << 24, (1 << 24) - 1};
  for (uint64_t count = 2; count < 20000; ++count) counts.push_back(count);
  for (const uint64_t count : counts) {
    const Mantissa15 got = reciprocal_log2(count);
    const Mantissa15 wanted = to_mantissa15(1 / std::log2(static_cast<double>(count)));
    EXPECT_EQ(got.mantissa, wanted.mantissa) << count;
    EXPECT_EQ(got.shift, wanted.shift) << count;
  }
}

}  // namespace
}  // namespace paragon::fixed
