// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <paragon/evaluate.hpp>

#include "raises.hpp"

namespace paragon {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

using Buckets = std::array<size_t, 7>;

TEST(Adhd, UpperBoundsAreInclusive) {
  const std::vector<double> expected(7, 100.0);
  const std::vector<double> actual = {110, 120, 130, 140, 150, 200, 201};
  EXPECT_EQ(adhd(expected, actual).buckets, (Buckets{1, 1, 1, 1, 1, 1, 1}));
}

TEST(Adhd, ScoreIsTheMeanOfWhatIsLeftOf100) {
  // Deviations 0, 25, 100 and 300 percent leave 100, 75, 0 and 0.
  const Adhd result = adhd({4, 4, 4, -4}, {4, 5, 8, 8});
  EXPECT_DOUBLE_EQ(result.score, 175.0 / 4);
  EXPECT_EQ(result.buckets, (Buckets{1, 0, 1, 0, 0, 1, 1}));
}

TEST(Adhd, NearZeroTheDeviationIsAbsolute) {
  // 100 |a - e| with e = 0: 0.25 away is 25 percent, 1 away is 100, 2 away a failure.
  const Adhd result = adhd({0, 0, 9e-11, 0}, {0.25, 1, 9e-11, 2});
  EXPECT_EQ(result.buckets, (Buckets{1, 0, 1, 0, 0, 1, 1}));
  EXPECT_DOUBLE_EQ(result.score, 175.0 / 4);
  // From 1e-10 on it is relative again.
  EXPECT_EQ(adhd({1e-10}, {3e-10}).buckets[6], 1u);
}

TEST(Adhd, NanAndInfinityAreFailures) {
  const Adhd result = adhd({1, 1, kNan, kInfinity, 1}, {kNan, kInfinity, 1, kInfinity, 1});
  EXPECT_EQ(result.buckets[6], 4u);
  EXPECT_EQ(result.buckets[0], 1u);
  EXPECT_DOUBLE_EQ(result.score, 20.0);
  EXPECT_DOUBLE_EQ(result.constant_score, 60.0);  // the constant 1
}

TEST(Adhd, EmptyAndUnequalInput) {
  EXPECT_EQ(adhd({}, {}).score, 0);
  const std::string message = testing::message_of([] { adhd({1, 2}, {1}); });
  EXPECT_TRUE(testing::contains(message, "2 expected and 1 actual"));
}

/// The constant's score by its definition.
double score_of_constant(const std::vector<double>& expected, double constant) {
  return adhd(expected, std::vector<double>(expected.size(), constant)).score;
}

TEST(Adhd, ConstantScoreIsTheBestOfAllConstants) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> real(-3, 5);
  std::uniform_int_distribution<int> whole(0, 9);
  for (int round = 0; round < 40; ++round) {
    std::vector<double> expected(1 + round);
    for (double& value : expected) value = round % 2 == 0 ? whole(random) : real(random);
    const double claimed = adhd(expected, expected).constant_score;
    double best = 0;
    for (const double constant : expected)
      best = std::max(best, score_of_constant(expected, constant));
    EXPECT_NEAR(claimed, best, 1e-9);
    for (double constant = -12; constant < 12; constant += 0.0625)
      EXPECT_LE(score_of_constant(expected, constant), claimed + 1e-9);
  }
}

}  // namespace
}  // namespace paragon
