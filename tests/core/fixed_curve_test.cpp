// SPDX-License-Identifier: Apache-2.0
// The fixed-point activation functions against their formulas in double precision.
#include "core/fixed_curve.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/random.hpp"
#include "core/real_curve.hpp"

namespace paragon::fixed {
namespace {

constexpr int32_t kLimit = (1 << 30) - 1;
constexpr Curve kAll[] = {
#define PARAGON_CURVE(name, bounded) Curve::name,
#include "core/curves.def"
};

/// Mantissas of all sizes, both signs; dense where the functions bend.
std::vector<int32_t> mantissas(int exponent) {
  std::vector<int32_t> all = {0};
  const auto both = [&](int64_t x) {
    if (x > kLimit) return;
    all.push_back(static_cast<int32_t>(x));
    all.push_back(static_cast<int32_t>(-x));
  };
  for (int64_t x = 1; x < 20; ++x) both(x);
  for (int bit = 5; bit <= 30; ++bit)
    for (int64_t near = -1; near <= 1; ++near) both((int64_t{1} << bit) + near);
  for (uint64_t i = 0; i < 1000; ++i)
    both(static_cast<int64_t>(random::bits64(23, i) >> (34 + i % 30)));
  for (uint64_t i = 0; i < 4000; ++i) {  // arguments of 0 .. 40
    const double u = 40 * (static_cast<double>(random::bits32(24, i)) * 0x1p-32);
    both(static_cast<int64_t>(std::min(std::ldexp(u, -exponent), 4e9)));
  }
  return all;
}

TEST(FixedCurve, ValuesStayWithinTheirError) {
  for (const Curve which : kAll)
    for (int exponent = -60; exponent <= 30; ++exponent)
      for (const int32_t x : mantissas(exponent)) {
        const double argument = std::ldexp(x, exponent);
        const double exact = paragon::curve(which, argument);
        const int32_t y = curve(which, x, exponent);
        ASSERT_LE(std::abs(y), kLimit);
        if (is_bounded(which)) {
          ASSERT_NEAR(std::ldexp(y, -kBoundedFraction), exact, 0x1p-24)
              << name(which) << " of " << x << " 2^" << exponent;
        } else {
          const double unit = std::ldexp(1.0, exponent);
          ASSERT_NEAR(std::ldexp(y, exponent), exact, 0.5001 * unit + 0x1p-24 * std::abs(argument))
              << name(which) << " of " << x << " 2^" << exponent;
        }
      }
}

TEST(FixedCurve, SlopesStayWithinTheirError) {
  for (const Curve which : kAll)
    for (int exponent = -60; exponent <= 30; ++exponent)
      for (const int32_t x : mantissas(exponent)) {
        const double exact = paragon::curve_slope(which, std::ldexp(x, exponent));
        ASSERT_NEAR(std::ldexp(curve_slope(which, x, exponent), -kSlopeFraction), exact, 0x1p-23)
            << name(which) << " at " << x << " 2^" << exponent;
      }
}

TEST(FixedCurve, SymmetryIsExact) {
  for (int exponent = -45; exponent <= 5; exponent += 5)
    for (const int32_t x : mantissas(exponent)) {
      ASSERT_EQ(curve(Curve::tanh, -x, exponent), -curve(Curve::tanh, x, exponent)) << x;
      const int64_t sum =
          int64_t{curve(Curve::sigmoid, x, exponent)} + curve(Curve::sigmoid, -x, exponent);
      ASSERT_LE(sum, int64_t{1} << 30) << x;
      ASSERT_GE(sum, kLimit) << x << ": one unit may be lost to the upper limit";
      for (const Curve even : {Curve::tanh, Curve::sigmoid})
        ASSERT_EQ(curve_slope(even, -x, exponent), curve_slope(even, x, exponent)) << x;
      for (const Curve gate : {Curve::swish, Curve::gelu}) {
        if (x != 0) {
          ASSERT_EQ(curve_slope(gate, -x, exponent) + curve_slope(gate, x, exponent), 1 << 29) << x;
        }
      }
    }
}

TEST(FixedCurve, NothingHappensAtZeroAndFarAway) {
  for (const int exponent : {-60, -30, 0, 30}) {
    for (const Curve which : kAll)
      EXPECT_EQ(curve(which, 0, exponent), which == Curve::sigmoid ? 1 << 29 : 0);
    EXPECT_EQ(curve_slope(Curve::sigmoid, 0, exponent), 1 << 27);
    EXPECT_EQ(curve_slope(Curve::tanh, 0, exponent), 1 << 29);
    EXPECT_EQ(curve_slope(Curve::elu, 0, exponent), 1 << 29);
    EXPECT_EQ(curve_slope(Curve::swish, 0, exponent), 1 << 28);
    EXPECT_EQ(curve_slope(Curve::gelu, 0, exponent), 1 << 28);
  }
  for (const int exponent : {-20, 0, 30, std::numeric_limits<int>::max()}) {
    EXPECT_EQ(curve(Curve::tanh, kLimit, exponent), kLimit);
    EXPECT_EQ(curve(Curve::sigmoid, kLimit, exponent), kLimit);
    EXPECT_EQ(curve(Curve::sigmoid, -kLimit, exponent), 0);
    for (const Curve which : {Curve::elu, Curve::swish, Curve::gelu}) {
      EXPECT_EQ(curve(which, kLimit, exponent), kLimit);
      EXPECT_EQ(curve_slope(which, kLimit, exponent), 1 << 29);
      EXPECT_EQ(curve_slope(which, -kLimit, exponent), 0);
    }
    EXPECT_EQ(curve(Curve::elu, -kLimit, exponent), exponent <= 0 ? -(1 << -exponent) : 0);
    EXPECT_EQ(curve(Curve::swish, -kLimit, exponent), 0);
    EXPECT_EQ(curve(Curve::gelu, -kLimit, exponent), 0);
  }
  // Below the smallest steps of the tables the functions are their tangents.
  for (const int exponent : {-60, -200, std::numeric_limits<int>::min()}) {
    EXPECT_EQ(curve(Curve::elu, -kLimit, exponent), -kLimit);
    EXPECT_EQ(curve(Curve::swish, kLimit, exponent), 1 << 29);
    EXPECT_EQ(curve(Curve::gelu, -kLimit, exponent), -(1 << 29));
    EXPECT_EQ(curve(Curve::tanh, kLimit, exponent), 0);
  }
}

TEST(FixedCurve, ArgumentsBeyondTheLimitAreClipped) {
  for (const Curve which : kAll)
    for (const int exponent : {-60, -30, -26, 0, 30})
      for (const int32_t x :
           {std::numeric_limits<int32_t>::max(), std::numeric_limits<int32_t>::min()}) {
        const int32_t bounded = x > 0 ? kLimit : -kLimit;
        EXPECT_EQ(curve(which, x, exponent), curve(which, bounded, exponent));
        EXPECT_EQ(curve_slope(which, x, exponent), curve_slope(which, bounded, exponent));
      }
}

// A few results in full, so that a change of the tables or of a rounding does not pass unseen.
TEST(FixedCurve, KnownBits) {
  struct Row {
    Curve which;
    int32_t x, exponent, value, slope;
  };
  for (const Row& row : {Row{Curve::elu, 3, -1, 3, 536870912},
                         Row{Curve::elu, -5, -2, -3, 153816092},
                         Row{Curve::elu, 123456789, -24, 123456789, 536870912},
                         Row{Curve::elu, -987654321, -29, -451576568, 85294345},
                         Row{Curve::sigmoid, 3, -1, 877863909, 80072391},
                         Row{Curve::sigmoid, -5, -2, 239122453, 92934924},
                         Row{Curve::sigmoid, 123456789, -24, 1073058187, 341600},
                         Row{Curve::sigmoid, -987654321, -29, 147202217, 63510930},
                         Row{Curve::tanh, 3, -1, 971895536, 97016138},
                         Row{Curve::tanh, -5, -2, -910837622, 150546585},
                         Row{Curve::tanh, 123456789, -24, 1073740950, 873},
                         Row{Curve::tanh, -987654321, -29, -1020872380, 51567837},
                         Row{Curve::swish, 3, -1, 2, 559040541},
                         Row{Curve::swish, -5, -2, -1, 3392572},
                         Row{Curve::swish, 123456789, -24, 123378186, 539042793},
                         Row{Curve::swish, -987654321, -29, -135400245, -43236743},
                         Row{Curve::gelu, 3, -1, 3, 605305413},
                         Row{Curve::gelu, -5, -2, -1, -65853436},
                         Row{Curve::gelu, 123456789, -24, 123456789, 536870912},
                         Row{Curve::gelu, -987654321, -29, -32503561, -54878975}}) {
    EXPECT_EQ(curve(row.which, row.x, row.exponent), row.value) << name(row.which);
    EXPECT_EQ(curve_slope(row.which, row.x, row.exponent), row.slope) << name(row.which);
  }
}

}  // namespace
}  // namespace paragon::fixed
