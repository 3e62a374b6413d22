// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

#include <paragon/data.hpp>
#include <paragon/export.hpp>
#include <paragon/network.hpp>

namespace paragon {

/// Accuracy Deviation Heatmap Distribution: how far predictions lie from what was expected, in
/// percent of the expected value. Buckets: 0-10, 10-20, 20-30, 30-40, 40-50, 50-100, 100+ (upper
/// bounds inclusive); the last one counts the failures.
struct Adhd {
  static constexpr std::array<const char*, 7> kBuckets = {"0-10",  "10-20",  "20-30", "30-40",
                                                          "40-50", "50-100", "100+"};
  std::array<std::size_t, 7> buckets = {};
  double score = 0;  ///< mean of max(0, 100 - deviation), 0 .. 100
  double constant_score =
      0;  ///< the best score a constant answer would get on the same expectations
};

/// ADHD of pairs (expected, actual), e.g. class indices. NaN or infinite deviations are failures.
PARAGON_API Adhd adhd(const std::vector<double>& expected, const std::vector<double>& actual);

struct WorstSample {
  std::size_t index;
  double expected, actual, deviation;  ///< deviation in percent
};

struct Report {
  std::size_t count = 0;
  double accuracy = 0;             ///< percent of samples whose largest output is the label
  double loss = 0;                 ///< mean cross-entropy in nats, from the outputs
  double mean_absolute_error = 0;  ///< of class indices
  Adhd adhd;
  std::vector<WorstSample> worst;  ///< at most five, largest deviation first
};

struct EvaluateOptions {
  std::string device = "cpu";
  std::size_t batch = 256;
  std::size_t threads = 0;  ///< 0 = all processors
};

/// Runs the network over a data set and compares its class (first largest output) with the labels.
PARAGON_API Report evaluate(const Network& network, const data::Dataset& data,
                            const EvaluateOptions& options = {});

PARAGON_API std::ostream& operator<<(std::ostream& out, const Report& report);

}  // namespace paragon
