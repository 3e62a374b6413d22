// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include <paragon/evaluate.hpp>

#include "core/error.hpp"
#include "evaluate/deviation.hpp"

namespace paragon {
namespace {

// Upper bounds of the buckets, inclusive; what is above the last one is a failure.
constexpr std::array<double, 6> kUpper = {10, 20, 30, 40, 50, 100};
static_assert(kUpper.size() + 1 == Adhd::kBuckets.size());

// Expected values nearer to zero than this have no percentage: their deviation is absolute.
constexpr double kZero = 1e-10;

double score_of(double deviation) {
  return deviation < 100 ? 100 - deviation : 0;
}

/// Sum of the scores of a constant answer, asked at every expected value of one sign in rising
/// order. An expectation e scores 100 (2 - c/e) for c in [e, 2e] and 100 c/e for c in [0, e].
class ConstantScores {
 public:
  explicit ConstantScores(std::vector<double> magnitudes) : values_(std::move(magnitudes)) {
    std::sort(values_.begin(), values_.end());
    inverses_.assign(1, 0);
    for (const double value : values_) inverses_.push_back(inverses_.back() + 1 / value);
  }

  /// The best sum over the constants that are expected values; that is where the best one lies,
  /// because the sum is linear between the peaks and bends downwards nowhere else. `zeros`
  /// expectations of 0 score 100 (1 - c) each for c < 1.
  double best(double zeros) const {
    double best = 0;
    size_t first = 0;  // of the values >= c / 2
    for (size_t i = 0; i < values_.size(); ++i) {
      const double c = values_[i];
      while (2 * values_[first] < c) ++first;
      const auto below = static_cast<double>(i - first);
      const long double rising = inverses_.back() - inverses_[i];
      const long double falling = inverses_[i] - inverses_[first];
      const double sum = 100 * (2 * below + static_cast<double>(c * (rising - falling)));
      best = std::max(best, sum + zeros * score_of(100 * c));
    }
    return best;
  }

 private:
  std::vector<double> values_;
  std::vector<long double> inverses_;  ///< running sum of 1 / value
};

double best_constant_score(const std::vector<double>& expected) {
  std::vector<double> positive, negative;
  double zeros = 0;
  for (const double value : expected) {
    if (!std::isfinite(value)) continue;
    if (std::abs(value) < kZero)
      zeros += 1;
    else
      (value > 0 ? positive : negative).push_back(std::abs(value));
  }
  const double best = std::max({ConstantScores(std::move(positive)).best(zeros),
                                ConstantScores(std::move(negative)).best(zeros), 100 * zeros});
  return best / static_cast<double>(expected.size());
}

}  // namespace

double deviation_percent(double expected, double actual) {
  const double difference = std::abs(actual - expected);
  const double magnitude = std::abs(expected);
  const double deviation = 100 * (magnitude < kZero ? difference : difference / magnitude);
  return std::isfinite(deviation) ? deviation : std::numeric_limits<double>::infinity();
}

Adhd adhd(const std::vector<double>& expected, const std::vector<double>& actual) {
  if (expected.size() != actual.size())
    raise("[adhd] got {} expected and {} actual values, expected as many of both", expected.size(),
          actual.size());
  Adhd result;
  if (expected.empty()) return result;
  double sum = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double deviation = deviation_percent(expected[i], actual[i]);
    const auto bucket = std::lower_bound(kUpper.begin(), kUpper.end(), deviation) - kUpper.begin();
    ++result.buckets[static_cast<size_t>(bucket)];
    sum += score_of(deviation);
  }
  result.score = sum / static_cast<double>(expected.size());
  result.constant_score = best_constant_score(expected);
  return result;
}

}  // namespace paragon
