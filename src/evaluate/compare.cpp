// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <paragon/report.hpp>

#include "core/error.hpp"
#include "evaluate/deviation.hpp"

namespace paragon {
namespace {

constexpr size_t kWorst = 5;

/// Values divided by a power of two near the largest of them: neither their sum nor that of their
/// squares can overflow.
class Scaled {
 public:
  explicit Scaled(std::vector<double> values) : values_(std::move(values)) {
    double largest = 0;
    for (const double value : values_) largest = std::max(largest, std::abs(value));
    int exponent = 0;
    std::frexp(largest, &exponent);
    scale_ = std::ldexp(1.0, exponent - 1);
    for (double& value : values_) value /= scale_;
  }

  double mean_magnitude() const {
    return scale_ * mean([](double value) { return std::abs(value); });
  }
  double root_mean_square() const {
    return scale_ * std::sqrt(mean([](double value) { return value * value; }));
  }
  double standard_deviation() const {
    const double middle = mean([](double value) { return value; });
    return scale_ *
           std::sqrt(mean([middle](double value) { return (value - middle) * (value - middle); }));
  }

 private:
  template <class F>
  double mean(F figure) const {
    double sum = 0;
    for (const double value : values_) sum += figure(value);
    return sum / static_cast<double>(values_.size());
  }

  std::vector<double> values_;
  double scale_ = 1;
};

/// Keeps the worst samples in order; of equal ones the first come first.
void keep_worst(std::vector<WorstSample>& worst, const WorstSample& sample) {
  const auto place = std::upper_bound(
      worst.begin(), worst.end(), sample,
      [](const WorstSample& a, const WorstSample& b) { return a.deviation > b.deviation; });
  if (place == worst.end() && worst.size() == kWorst) return;
  worst.insert(place, sample);
  if (worst.size() > kWorst) worst.pop_back();
}

}  // namespace

Report compare(std::span<const double> expected, std::span<const double> actual) {
  if (expected.size() != actual.size())
    raise("[compare] got {} expected and {} actual values, expected as many of both",
          expected.size(), actual.size());
  Report report;
  report.count = expected.size();
  if (report.count == 0) return report;
  report.adhd = adhd(expected, actual);

  std::vector<double> errors, deviations;
  for (size_t i = 0; i < report.count; ++i) {
    const double deviation = deviation_percent(expected[i], actual[i]);
    if (deviation == 0) {
      ++report.exact;
    } else {
      keep_worst(report.worst, {i, expected[i], actual[i], deviation});
    }
    if (!std::isfinite(deviation)) {
      ++report.unmeasured;
      continue;
    }
    errors.push_back(actual[i] - expected[i]);
    deviations.push_back(deviation);
  }
  report.exact_percent =
      100 * static_cast<double>(report.exact) / static_cast<double>(report.count);
  report.accuracy = report.exact_percent;
  report.composite = (report.adhd.score + report.exact_percent) / 2;
  if (errors.empty()) return report;

  report.mean_deviation = Scaled(std::move(deviations)).mean_magnitude();
  const Scaled error(std::move(errors));
  report.mean_absolute_error = error.mean_magnitude();
  report.root_mean_square_error = error.root_mean_square();
  report.standard_deviation = error.standard_deviation();
  return report;
}

}  // namespace paragon
