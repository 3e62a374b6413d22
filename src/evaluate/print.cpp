// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <iterator>
#include <ostream>

#include <paragon/evaluate.hpp>

namespace paragon {

std::ostream& operator<<(std::ostream& out, const Report& report) {
  std::string text;
  auto to = std::back_inserter(text);
  fmt::format_to(to, "samples              {}\n", report.count);
  fmt::format_to(to, "accuracy             {:.2f} %\n", report.accuracy);
  fmt::format_to(to, "cross-entropy        {:.4f} nats\n", report.loss);
  fmt::format_to(to, "mean absolute error  {:.4f} classes\n", report.mean_absolute_error);
  fmt::format_to(to, "ADHD score           {:.2f} of 100 (best constant answer {:.2f})\n",
                 report.adhd.score, report.adhd.constant_score);
  fmt::format_to(to, "  deviation in %     samples   share\n");
  for (size_t i = 0; i < report.adhd.buckets.size(); ++i) {
    const double share = report.count == 0 ? 0
                                           : 100 * static_cast<double>(report.adhd.buckets[i]) /
                                                 static_cast<double>(report.count);
    fmt::format_to(to, "  {:<14} {:>11}  {:>5.1f} %\n", Adhd::kBuckets[i], report.adhd.buckets[i],
                   share);
  }
  if (!report.worst.empty()) fmt::format_to(to, "worst samples\n");
  for (const WorstSample& sample : report.worst)
    fmt::format_to(to, "  sample {}: expected {:g}, got {:g} ({:.0f} % off)\n", sample.index,
                   sample.expected, sample.actual, sample.deviation);
  return out << text;
}

}  // namespace paragon
