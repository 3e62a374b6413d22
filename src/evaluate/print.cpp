// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <ostream>

#include <paragon/report.hpp>

namespace paragon {
namespace {

constexpr size_t kPrintedClasses = 20;
constexpr size_t kBar = 40;  // characters of a bar that stands for all samples

using Text = std::back_insert_iterator<std::string>;

std::string figure(const std::optional<double>& value, int decimals, const char* unit = "") {
  return value ? fmt::format("{:.{}f}{}", *value, decimals, unit) : "-";
}

std::string plain(double value) {
  return std::isnan(value) ? "-" : fmt::format("{:g}", value);
}

double share(size_t part, size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

size_t digits(size_t value) {
  return fmt::formatted_size("{}", value);
}

void print_figures(Text to, const Report& report) {
  const char* unit = report.classes.empty() ? "" : " classes";
  fmt::format_to(to, "accuracy             {:.2f} %\n", report.accuracy);
  fmt::format_to(to, "exact matches        {} ({:.2f} %)\n", report.exact, report.exact_percent);
  if (report.loss) fmt::format_to(to, "cross-entropy        {:.4f} nats\n", *report.loss);
  fmt::format_to(to, "mean absolute error  {}\n", figure(report.mean_absolute_error, 4, unit));
  fmt::format_to(to, "root mean square     {}\n", figure(report.root_mean_square_error, 4, unit));
  fmt::format_to(to, "standard deviation   {}\n", figure(report.standard_deviation, 4, unit));
  fmt::format_to(to, "mean deviation       {}\n", figure(report.mean_deviation, 2, " %"));
  if (report.unmeasured > 0)
    fmt::format_to(to, "without a deviation  {} (NaN or infinite; not in the means above)\n",
                   report.unmeasured);
  fmt::format_to(to, "ADHD score           {:.2f} of 100", report.adhd.score);
  if (report.adhd.constant)
    fmt::format_to(to, " (always answering {:g} scores {:.2f})", *report.adhd.constant,
                   report.adhd.constant_score);
  fmt::format_to(to, "\ncomposite score      {:.2f} of 100 (mean of ADHD and % exact)\n",
                 report.composite);
}

void print_buckets(Text to, const Report& report) {
  fmt::format_to(to, "\ndeviation in %     samples   share\n");
  for (size_t i = 0; i < report.adhd.buckets.size(); ++i) {
    const double part = share(report.adhd.buckets[i], report.count);
    const auto bar = static_cast<size_t>(std::ceil(part * kBar));  // what is there is seen
    fmt::format_to(to, "{:<14} {:>11} {:>6.1f} %{}{}\n", Adhd::kBuckets[i], report.adhd.buckets[i],
                   100 * part, bar > 0 ? "  " : "", std::string(bar, '#'));
  }
}

void print_worst(Text to, const Report& report) {
  if (report.worst.empty()) return;
  fmt::format_to(to, "\n{:<14} {:>11} {:>11} {:>13}\n", "worst samples", "expected", "answer",
                 "deviation");
  for (const WorstSample& sample : report.worst)
    fmt::format_to(
        to, "{:<14} {:>11} {:>11} {:>13}\n", sample.index, plain(sample.expected),
        plain(sample.actual),
        std::isfinite(sample.deviation) ? fmt::format("{:.1f} %", sample.deviation) : "-");
}

void print_classes(Text to, const Report& report) {
  if (report.classes.empty()) return;
  fmt::format_to(to, "\n{:>5} {:>9} {:>9} {:>12} {:>9} {:>7}\n", "class", "samples", "answers",
                 "precision %", "recall %", "F1 %");
  for (size_t i = 0; i < report.classes.size(); ++i) {
    const ClassFigures& row = report.classes[i];
    fmt::format_to(to, "{:>5} {:>9} {:>9} {:>12} {:>9} {:>7}\n", i, row.support, row.predicted,
                   figure(row.precision, 2), figure(row.recall, 2), figure(row.f1, 2));
  }
}

void print_confusion(Text to, const Report& report) {
  const size_t classes = report.classes.size();
  if (report.confusion.empty() || classes > kPrintedClasses) return;
  const size_t width =
      1 + std::max(digits(classes - 1), digits(*std::ranges::max_element(report.confusion)));
  fmt::format_to(to, "\nconfusion matrix (rows: expected, columns: answer)\n{:>5}", "");
  for (size_t answer = 0; answer < classes; ++answer) fmt::format_to(to, "{:>{}}", answer, width);
  for (size_t expected = 0; expected < classes; ++expected) {
    fmt::format_to(to, "\n{:>5}", expected);
    for (size_t answer = 0; answer < classes; ++answer)
      fmt::format_to(to, "{:>{}}", report.confusion[expected * classes + answer], width);
  }
  fmt::format_to(to, "\n");
}

void print_replays(Text to, const Report& report) {
  if (report.replays.empty()) return;
  size_t name = 14;
  for (const ReplayStats& row : report.replays) name = std::max(name, row.layer.size());
  fmt::format_to(to, "\n{:<{}} {:>11}  samples by number of replays\n", "replays of", name,
                 "a sample");
  for (const ReplayStats& row : report.replays) {
    fmt::format_to(to, "{:<{}} {:>11.4f} ", row.layer, name, row.mean);
    for (size_t times = 0; times < row.histogram.size(); ++times)
      if (row.histogram[times] > 0) fmt::format_to(to, " {}: {}", times, row.histogram[times]);
    fmt::format_to(to, "\n");
  }
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Report& report) {
  std::string text;
  const auto to = std::back_inserter(text);
  fmt::format_to(to, "samples              {}\n", report.count);
  if (report.count > 0) {
    print_figures(to, report);
    print_buckets(to, report);
    print_worst(to, report);
    print_classes(to, report);
    print_confusion(to, report);
    print_replays(to, report);
  }
  return out << text;
}

}  // namespace paragon
