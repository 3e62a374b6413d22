// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <paragon/export.hpp>

namespace paragon {

/// Accuracy Deviation Heatmap Distribution: how far answers lie from what was expected. The
/// deviation of an answer a from an expected e is 100 |a - e| / |e| percent, or 100 |a - e| where
/// |e| < 1e-10. Buckets: 0-10, 10-20, 20-30, 30-40, 40-50, 50-100, 100+ (upper bounds inclusive);
/// the last one counts the failures, among them every deviation that is NaN or infinite.
struct Adhd {
  static constexpr std::array<const char*, 7> kBuckets = {"0-10",  "10-20",  "20-30", "30-40",
                                                          "40-50", "50-100", "100+"};
  std::array<std::size_t, 7> buckets = {};  ///< number of answers in each
  double score = 0;  ///< mean of max(0, 100 - deviation), 0 .. 100; failures add 0 to the sum

  /// The one answer that would score best if it were given every time (of equally good ones,
  /// up to rounding, the one nearest to zero), and its score. No value if no expected number is
  /// finite.
  std::optional<double> constant;
  double constant_score = 0;

  std::size_t failures() const { return buckets.back(); }
};

/// ADHD of pairs (expected, actual): class indices or any numbers. Raises unless both are equally
/// long. Of no pairs: all zero.
PARAGON_API Adhd adhd(std::span<const double> expected, std::span<const double> actual);

struct WorstSample {
  std::size_t index;
  double expected, actual;  ///< actual is NaN where the outputs of a classifier gave no answer
  double deviation;         ///< in percent; infinite where ADHD counts NaN or infinity
};

/// How one class fared. A figure whose denominator is zero has no value.
struct ClassFigures {
  std::size_t support = 0;          ///< samples of this class
  std::size_t predicted = 0;        ///< samples answered with this class
  std::size_t hits = 0;             ///< samples that are both
  std::optional<double> precision;  ///< percent: hits / predicted
  std::optional<double> recall;     ///< percent: hits / support
  std::optional<double> f1;         ///< percent: 2 hits / (support + predicted)
};

/// How often a layer with replay was computed again.
struct ReplayStats {
  std::string layer;
  double mean = 0;                     ///< repetitions per sample
  std::vector<std::size_t> histogram;  ///< [r] = samples with r repetitions
};

/// What a set of answers is worth. Means over no sample have no value, shown as "-" in text and
/// null in JSON; with count 0 the figures that are plain numbers are 0.
struct Report {
  /// Most classes a confusion matrix is kept for; it takes the square of them.
  static constexpr std::size_t kMatrixClasses = 1024;

  std::size_t count = 0;       ///< samples
  double accuracy = 0;         ///< percent of samples answered right: exact_percent
  std::optional<double> loss;  ///< mean cross-entropy in nats, of classes only

  std::size_t exact = 0;     ///< answers equal to what was expected (and finite)
  double exact_percent = 0;  ///< the same in percent of count

  /// Answers whose deviation is NaN or infinite. They have no error that could be averaged: the
  /// four figures below leave them out. ADHD, accuracy and exact matches count them as failures.
  std::size_t unmeasured = 0;
  std::optional<double> mean_absolute_error;     ///< mean of |actual - expected|
  std::optional<double> mean_deviation;          ///< mean deviation in percent, not capped at 100
  std::optional<double> root_mean_square_error;  ///< sqrt(mean((actual - expected)^2))
  /// Of actual - expected around its mean, divided by the number of samples (not one less).
  std::optional<double> standard_deviation;

  Adhd adhd;
  double composite = 0;            ///< (adhd.score + exact_percent) / 2
  std::vector<WorstSample> worst;  ///< at most five that are not exact, largest deviation first

  std::vector<ClassFigures> classes;  ///< one a class; empty for numbers that are no classes
  /// [expected * classes.size() + answered] = samples; empty for numbers and for more than
  /// kMatrixClasses classes. Samples without an answer (NaN outputs) are in no cell.
  std::vector<std::size_t> confusion;

  std::vector<ReplayStats> replays;  ///< one for each layer with replay
};

/// Report on answers that are any numbers. Raises unless both are equally long. There is no loss,
/// no confusion matrix and no class then.
PARAGON_API Report compare(std::span<const double> expected, std::span<const double> actual);

/// What the outputs of a classifier are, for the loss.
enum class OutputKind {
  kProbabilities,  ///< loss -ln(output of the label)
  kLogits,         ///< loss -ln(softmax of the label's output)
};

/// Report on a classifier. `outputs` is row-major: a row of `classes` outputs for each label. The
/// answer is the first largest output of a row; a row with a NaN has no answer and is a failure.
/// Probabilities below 2^-24 count as 2^-24 in the loss. Raises if the lengths do not fit or a
/// label is not in 0 .. classes - 1.
PARAGON_API Report report_of_classes(std::span<const float> outputs, std::size_t classes,
                                     std::span<const std::int32_t> labels, OutputKind kind);
PARAGON_API Report report_of_classes(std::span<const double> outputs, std::size_t classes,
                                     std::span<const std::int32_t> labels, OutputKind kind);

/// The report as a text of aligned lines; the confusion matrix of at most 20 classes.
PARAGON_API std::ostream& operator<<(std::ostream& out, const Report& report);

/// The report as a JSON object, indented by two. Figures without a value, NaN and infinity are
/// null; "classes", "confusion" and "replays" are left out where they are empty.
PARAGON_API std::string to_json(const Report& report);

/// Most classes that are drawn one by one.
inline constexpr std::size_t kDrawnClasses = 64;

/// The ADHD distribution as a self-contained SVG 1.1 picture: a row for all samples and, with a
/// confusion matrix of at most kDrawnClasses classes, one for each class; below, how often the
/// layers with replay were repeated.
PARAGON_API std::string heat_map_svg(const Report& report);

/// The confusion matrix as a self-contained SVG 1.1 picture. Raises if the report has none or has
/// more than kDrawnClasses classes.
PARAGON_API std::string confusion_svg(const Report& report);

}  // namespace paragon
