// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <paragon/report.hpp>

#include "raises.hpp"

namespace paragon {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

using Buckets = std::array<size_t, 7>;
using Numbers = std::vector<double>;

TEST(Adhd, ClassesWhoseDeviationIsABound) {
  // Class 10 and an answer k classes away: 10 k percent, so k = 1 .. 5 and 10 are upper bounds.
  for (const auto& [away, bucket] :
       {std::pair{0, 0}, {1, 0}, {2, 1}, {3, 2}, {4, 3}, {5, 4}, {6, 5}, {10, 5}, {11, 6}})
    for (const double sign : {1.0, -1.0})
      EXPECT_EQ(adhd(Numbers{10}, Numbers{10 + sign * away}).buckets[bucket], 1u) << away;
}

TEST(Adhd, UpperBoundsAreInclusive) {
  const std::vector<double> expected(7, 100.0);
  const std::vector<double> actual = {110, 120, 130, 140, 150, 200, 201};
  EXPECT_EQ(adhd(expected, actual).buckets, (Buckets{1, 1, 1, 1, 1, 1, 1}));
}

TEST(Adhd, ScoreIsTheMeanOfWhatIsLeftOf100) {
  // Deviations 0, 25, 100 and 300 percent leave 100, 75, 0 and 0.
  const Adhd result = adhd(Numbers{4, 4, 4, -4}, Numbers{4, 5, 8, 8});
  EXPECT_DOUBLE_EQ(result.score, 175.0 / 4);
  EXPECT_EQ(result.buckets, (Buckets{1, 0, 1, 0, 0, 1, 1}));
}

TEST(Adhd, NearZeroTheDeviationIsAbsolute) {
  // 100 |a - e| with e = 0: 0.25 away is 25 percent, 1 away is 100, 2 away a failure.
  const Adhd result = adhd(Numbers{0, 0, 9e-11, 0}, Numbers{0.25, 1, 9e-11, 2});
  EXPECT_EQ(result.buckets, (Buckets{1, 0, 1, 0, 0, 1, 1}));
  EXPECT_DOUBLE_EQ(result.score, 175.0 / 4);
  // From 1e-10 on it is relative again.
  EXPECT_EQ(adhd(Numbers{1e-10}, Numbers{3e-10}).buckets[6], 1u);
}

TEST(Adhd, NanAndInfinityAreFailures) {
  const Adhd result =
      adhd(Numbers{1, 1, kNan, kInfinity, 1}, Numbers{kNan, kInfinity, 1, kInfinity, 1});
  EXPECT_EQ(result.failures(), 4u);
  EXPECT_EQ(result.buckets[0], 1u);
  EXPECT_DOUBLE_EQ(result.score, 20.0);
  EXPECT_EQ(result.constant, 1.0);
  EXPECT_DOUBLE_EQ(result.constant_score, 60.0);
}

TEST(Adhd, EmptyAndUnequalInput) {
  EXPECT_EQ(adhd({}, {}).score, 0);
  EXPECT_EQ(adhd({}, {}).constant, std::nullopt);
  const Adhd failed = adhd(Numbers{kNan, kInfinity}, Numbers{1, 1});
  EXPECT_EQ(failed.failures(), 2u);
  EXPECT_EQ(failed.score, 0);
  EXPECT_EQ(failed.constant, std::nullopt);
  const std::string message = testing::message_of([] { adhd(Numbers{1, 2}, Numbers{1}); });
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
    const Adhd result = adhd(expected, expected);
    const double claimed = result.constant_score;
    EXPECT_EQ(claimed, score_of_constant(expected, *result.constant));
    double best = 0;
    for (const double constant : expected)
      best = std::max(best, score_of_constant(expected, constant));
    EXPECT_NEAR(claimed, best, 1e-9);
    for (double constant = -12; constant < 12; constant += 0.0625)
      EXPECT_LE(score_of_constant(expected, constant), claimed + 1e-9);
  }
}

TEST(Adhd, ConstantOfNumbersFarApart) {
  // The inverses of the small ones are 1e18 times those of the large ones.
  Numbers expected(3, 1e9);
  expected.insert(expected.end(), {1.1e9, 1e-9, 1e-9});
  EXPECT_EQ(adhd(expected, expected).constant, 1e9);
}

TEST(Adhd, ConstantOfMnistLabels) {
  // How often each digit is among the 10,000 test labels. Always 5 scores 46.67.
  const std::array<size_t, 10> digits = {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009};
  Numbers labels;
  for (size_t digit = 0; digit < 10; ++digit)
    labels.insert(labels.end(), digits[digit], static_cast<double>(digit));
  const Adhd result = adhd(labels, Numbers(labels.size(), 0));
  EXPECT_NEAR(result.score, 9.8, 1e-9);
  EXPECT_EQ(result.constant, 5.0);
  EXPECT_NEAR(result.constant_score, 46.670912698412465, 1e-9);
}

}  // namespace
}  // namespace paragon
