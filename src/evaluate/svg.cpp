// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include <paragon/report.hpp>

#include "core/error.hpp"
#include "evaluate/deviation.hpp"
#include "evaluate/heat_grid.hpp"

namespace paragon {
namespace {

constexpr size_t kBuckets = Adhd::kBuckets.size();
constexpr size_t kReplayColumns = 17;  // 0 .. 15 and "16+"

bool has_drawable_matrix(const Report& report) {
  return !report.confusion.empty() && report.classes.size() <= kDrawnClasses;
}

std::vector<std::string> numbers(size_t count) {
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) names.push_back(fmt::format_int(i).str());
  return names;
}

/// The buckets of one class's samples: a cell of the matrix is one deviation.
std::vector<size_t> buckets_of(const Report& report, size_t expected) {
  const size_t classes = report.classes.size();
  std::vector<size_t> buckets(kBuckets, 0);
  size_t answered = 0;
  for (size_t answer = 0; answer < classes; ++answer) {
    const size_t samples = report.confusion[expected * classes + answer];
    buckets[bucket_of(
        deviation_percent(static_cast<double>(expected), static_cast<double>(answer)))] += samples;
    answered += samples;
  }
  buckets.back() += report.classes[expected].support - answered;
  return buckets;
}

HeatGrid adhd_grid(const Report& report) {
  HeatGrid grid = {.heading = "Samples by deviation",
                   .row_axis = "",
                   .column_axis = "deviation from what was expected, in %",
                   .rows = {"all"},
                   .columns = {Adhd::kBuckets.begin(), Adhd::kBuckets.end()},
                   .counts = {report.adhd.buckets.begin(), report.adhd.buckets.end()},
                   .shares = true};
  if (!has_drawable_matrix(report)) return grid;
  grid.row_axis = "expected class";
  for (size_t i = 0; i < report.classes.size(); ++i) {
    grid.rows.push_back(fmt::format_int(i).str());
    const std::vector<size_t> buckets = buckets_of(report, i);
    grid.counts.insert(grid.counts.end(), buckets.begin(), buckets.end());
  }
  return grid;
}

HeatGrid replay_grid(const std::vector<ReplayStats>& replays) {
  size_t columns = 1;
  for (const ReplayStats& row : replays) columns = std::max(columns, row.histogram.size());
  const bool cut = columns > kReplayColumns;
  if (cut) columns = kReplayColumns;
  HeatGrid grid = {.heading = "Samples by number of replays",
                   .row_axis = "layer",
                   .column_axis = "repetitions",
                   .rows = {},
                   .columns = numbers(columns),
                   .counts = std::vector<size_t>(replays.size() * columns, 0)};
  if (cut) grid.columns.back() += "+";
  for (size_t i = 0; i < replays.size(); ++i) {
    grid.rows.push_back(replays[i].layer);
    for (size_t times = 0; times < replays[i].histogram.size(); ++times)
      grid.counts[i * columns + std::min(times, columns - 1)] += replays[i].histogram[times];
  }
  return grid;
}

}  // namespace

std::string heat_map_svg(const Report& report) {
  Picture picture = {.title = "Accuracy Deviation Heatmap Distribution (ADHD)",
                     .lines = {fmt::format("{} samples, ADHD score {:.2f} of 100", report.count,
                                           report.adhd.score)},
                     .grids = {adhd_grid(report)}};
  if (report.adhd.constant)
    picture.lines.push_back(fmt::format("always answering {:g} would score {:.2f}",
                                        *report.adhd.constant, report.adhd.constant_score));
  picture.lines.push_back(fmt::format("exact matches {:.2f} %, composite score {:.2f} of 100",
                                      report.exact_percent, report.composite));
  if (!report.replays.empty()) picture.grids.push_back(replay_grid(report.replays));
  return draw_svg(picture);
}

std::string confusion_svg(const Report& report) {
  const size_t classes = report.classes.size();
  if (report.confusion.empty())
    raise("[report] there is no confusion matrix to draw: {}",
          classes == 0 ? "the answers are numbers, not classes" : "too many classes");
  if (classes > kDrawnClasses)
    raise("[report] the confusion matrix has {} classes, expected at most {} to draw", classes,
          kDrawnClasses);
  Picture picture = {
      .title = "Confusion matrix",
      .lines = {fmt::format("{} samples, accuracy {:.2f} %", report.count, report.accuracy)},
      .grids = {{.heading = "Samples by expected class and answer",
                 .row_axis = "expected",
                 .column_axis = "answer",
                 .rows = numbers(classes),
                 .columns = numbers(classes),
                 .counts = report.confusion}}};
  const size_t answered =
      std::accumulate(report.confusion.begin(), report.confusion.end(), size_t{0});
  if (answered < report.count)
    picture.lines.push_back(
        fmt::format("{} samples without an answer are not shown", report.count - answered));
  return draw_svg(picture);
}

}  // namespace paragon
