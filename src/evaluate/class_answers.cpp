// SPDX-License-Identifier: Apache-2.0
#include "evaluate/class_answers.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"

namespace paragon {
namespace {

/// The first largest output; NaN, which is no class, if any of them is NaN.
template <class T>
double answer_of(std::span<const T> outputs) {
  if (std::ranges::any_of(outputs, [](T output) { return std::isnan(output); }))
    return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(std::ranges::max_element(outputs) - outputs.begin());
}

template <class T>
double softmax_of(std::span<const T> outputs, size_t label) {
  const double largest = *std::ranges::max_element(outputs);
  double sum = 0;
  for (const double output : outputs) sum += std::exp(output - largest);
  return std::exp(static_cast<double>(outputs[label]) - largest) / sum;
}

/// -ln of the probability of the label.
template <class T>
double cross_entropy(std::span<const T> outputs, size_t label, OutputKind kind) {
  // Below half a unit of the coarsest probabilities (15 bits), the logarithm would only show noise.
  constexpr double kSmallest = 0x1p-24;
  const double probability = kind == OutputKind::kProbabilities
                                 ? static_cast<double>(outputs[label])
                                 : softmax_of(outputs, label);
  // Infinite logits have a NaN for a softmax, which is no probability worth more.
  return -std::log(probability >= kSmallest ? probability : kSmallest);
}

/// 100 part / whole.
std::optional<double> percent(size_t part, size_t whole) {
  if (whole == 0) return std::nullopt;
  return 100 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

template <class T>
void ClassAnswers::add(std::span<const T> outputs, std::span<const int32_t> labels) {
  if (classes_ == 0 || outputs.size() / classes_ != labels.size() || outputs.size() % classes_ != 0)
    raise("[report] got {} outputs for {} labels, expected {} a label", outputs.size(),
          labels.size(), classes_);
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || static_cast<size_t>(labels[i]) >= classes_)
      raise("[report] label {} is {}, expected 0 .. {}", i, labels[i], classes_ - 1);
    const auto row = outputs.subspan(i * classes_, classes_);
    expected_.push_back(labels[i]);
    actual_.push_back(answer_of(row));
    loss_ += cross_entropy(row, static_cast<size_t>(labels[i]), kind_);
  }
}

template void ClassAnswers::add(std::span<const float>, std::span<const int32_t>);
template void ClassAnswers::add(std::span<const double>, std::span<const int32_t>);

Report ClassAnswers::report() const {
  Report report = compare(expected_, actual_);
  if (report.count > 0) report.loss = loss_ / static_cast<double>(report.count);

  report.classes.resize(classes_);
  if (classes_ <= Report::kMatrixClasses) report.confusion.assign(classes_ * classes_, 0);
  for (size_t i = 0; i < expected_.size(); ++i) {
    const auto label = static_cast<size_t>(expected_[i]);
    ++report.classes[label].support;
    if (std::isnan(actual_[i])) continue;
    const auto answer = static_cast<size_t>(actual_[i]);
    ++report.classes[answer].predicted;
    if (answer == label) ++report.classes[label].hits;
    if (!report.confusion.empty()) ++report.confusion[label * classes_ + answer];
  }
  for (ClassFigures& figures : report.classes) {
    figures.precision = percent(figures.hits, figures.predicted);
    figures.recall = percent(figures.hits, figures.support);
    figures.f1 = percent(2 * figures.hits, figures.support + figures.predicted);
  }
  return report;
}

Report report_of_classes(std::span<const float> outputs, size_t classes,
                         std::span<const int32_t> labels, OutputKind kind) {
  ClassAnswers answers(classes, kind);
  answers.add(outputs, labels);
  return answers.report();
}

Report report_of_classes(std::span<const double> outputs, size_t classes,
                         std::span<const int32_t> labels, OutputKind kind) {
  ClassAnswers answers(classes, kind);
  answers.add(outputs, labels);
  return answers.report();
}

}  // namespace paragon
