// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include <paragon/report.hpp>

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

struct Constant {
  double value = 0;
  double sum = 0;  ///< of its scores
};

/// The best constant answer for expectations of one sign, given by their magnitudes, and `zeros`
/// expectations of 0. A magnitude e scores 100 c/e for c in [0, e] and 100 (2 - c/e) for c in
/// [e, 2e]; a zero scores 100 (1 - c) for c < 1. The sum is linear between the magnitudes and bends
/// downwards only there, so the best constant is one of them (or 0, which the caller looks at).
Constant best_constant(std::vector<double> values, double zeros) {
  std::sort(values.begin(), values.end());
  // [i] = sum of 1 / value from i on: a candidate costs two of them. Summed from the largest value
  // down, they are not drowned by the inverses of values far below the candidate.
  std::vector<double> inverses(values.size());
  double total = 0;
  for (size_t i = values.size(); i-- > 0;) inverses[i] = total += 1 / values[i];
  Constant best;
  size_t first = 0;  // of the values >= c / 2
  for (size_t i = 0; i < values.size(); ++i) {
    const double c = values[i];
    while (values[first] < c / 2) ++first;
    const auto below = static_cast<double>(i - first);
    const double falling = inverses[first] - inverses[i];
    const double sum = 100 * (2 * below + c * (inverses[i] - falling)) + zeros * score_of(100 * c);
    if (sum > best.sum) best = {c, sum};
  }
  return best;
}

/// The constant that scores best on `expected`, if any of them is finite.
std::optional<double> best_constant(std::span<const double> expected) {
  std::vector<double> positive, negative;
  double zeros = 0;
  for (const double value : expected) {
    if (!std::isfinite(value)) continue;
    if (std::abs(value) < kZero)
      zeros += 1;
    else
      (value > 0 ? positive : negative).push_back(std::abs(value));
  }
  if (positive.empty() && negative.empty() && zeros == 0) return std::nullopt;
  const Constant above = best_constant(std::move(positive), zeros);
  const Constant below = best_constant(std::move(negative), zeros);
  const double other = std::max(above.sum, below.sum);
  if (100 * zeros >= other) return 0.0;
  return above.sum >= below.sum ? above.value : -below.value;
}

double mean_score(std::span<const double> expected, double constant) {
  double sum = 0;
  for (const double value : expected) sum += score_of(deviation_percent(value, constant));
  return sum / static_cast<double>(expected.size());
}

}  // namespace

double deviation_percent(double expected, double actual) {
  const double difference = std::abs(actual - expected);
  const double magnitude = std::abs(expected);
  const double deviation = 100 * (magnitude < kZero ? difference : difference / magnitude);
  return std::isfinite(deviation) ? deviation : std::numeric_limits<double>::infinity();
}

size_t bucket_of(double deviation) {
  return static_cast<size_t>(std::lower_bound(kUpper.begin(), kUpper.end(), deviation) -
                             kUpper.begin());
}

Adhd adhd(std::span<const double> expected, std::span<const double> actual) {
  if (expected.size() != actual.size())
    raise("[adhd] got {} expected and {} actual values, expected as many of both", expected.size(),
          actual.size());
  Adhd result;
  if (expected.empty()) return result;
  double sum = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double deviation = deviation_percent(expected[i], actual[i]);
    ++result.buckets[bucket_of(deviation)];
    sum += score_of(deviation);
  }
  result.score = sum / static_cast<double>(expected.size());
  result.constant = best_constant(expected);
  if (result.constant) result.constant_score = mean_score(expected, *result.constant);
  return result;
}

}  // namespace paragon
