// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include <paragon/report.hpp>

#include "raises.hpp"

namespace paragon {
namespace {

using testing::contains;
using testing::message_of;
using Numbers = std::vector<double>;
using Labels = std::vector<int32_t>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLargest = std::numeric_limits<double>::max();

TEST(Compare, FiguresOfNumbers) {
  // Deviations 25, 0, 30, 150, a bit over 20, 200 %. Errors 0.5, 0, 0.3, 15, -0.3, 1: their mean is
  // 2.75, the mean of their squares 226.43 / 6. Figures below from Python's statistics module.
  const Numbers expected = {2, -4, 0, 10, 1.5, -0.5}, actual = {2.5, -4, 0.3, 25, 1.2, 0.5};
  const Report report = compare(expected, actual);
  EXPECT_EQ(report.count, 6u);
  EXPECT_EQ(report.exact, 1u);
  EXPECT_DOUBLE_EQ(report.exact_percent, 100.0 / 6);
  EXPECT_DOUBLE_EQ(report.accuracy, 100.0 / 6);
  EXPECT_DOUBLE_EQ(*report.mean_absolute_error, 2.85);
  EXPECT_DOUBLE_EQ(*report.mean_deviation, 70.83333333333333);
  EXPECT_DOUBLE_EQ(*report.root_mean_square_error, 6.143153370487615);
  EXPECT_DOUBLE_EQ(*report.standard_deviation, 5.493253437930325);
  EXPECT_EQ(report.adhd.buckets, (std::array<size_t, 7>{1, 0, 3, 0, 0, 0, 2}));
  EXPECT_DOUBLE_EQ(report.adhd.score, 54.166666666666664);
  EXPECT_EQ(report.adhd.constant, 1.5);
  EXPECT_DOUBLE_EQ(report.adhd.constant_score, 31.666666666666668);
  EXPECT_DOUBLE_EQ(report.composite, (54.166666666666664 + 100.0 / 6) / 2);
  EXPECT_EQ(report.unmeasured, 0u);
  ASSERT_EQ(report.worst.size(), 5u);
  EXPECT_EQ(report.worst[0].index, 5u);
  EXPECT_EQ(report.worst[1].index, 3u);
  EXPECT_EQ(report.worst[4].index, 4u);
  EXPECT_EQ(report.worst[1].expected, 10);
  EXPECT_EQ(report.worst[1].actual, 25);
  EXPECT_DOUBLE_EQ(report.worst[1].deviation, 150);
  EXPECT_FALSE(report.loss.has_value());
  EXPECT_TRUE(report.classes.empty());
  EXPECT_TRUE(report.confusion.empty());
}

TEST(Compare, NanAndInfinityAreCountedAndLeftOutOfTheMeans) {
  const Numbers expected = {1, 1, kNan, kInfinity, 4};
  const Numbers actual = {kNan, -kInfinity, 1, kInfinity, 5};
  const Report report = compare(expected, actual);
  EXPECT_EQ(report.count, 5u);
  EXPECT_EQ(report.unmeasured, 4u);
  EXPECT_EQ(report.exact, 0u);  // infinity for infinity is no match
  EXPECT_EQ(report.adhd.failures(), 4u);
  EXPECT_DOUBLE_EQ(report.adhd.score, 15);
  EXPECT_DOUBLE_EQ(*report.mean_absolute_error, 1);
  EXPECT_DOUBLE_EQ(*report.mean_deviation, 25);
  EXPECT_DOUBLE_EQ(*report.root_mean_square_error, 1);
  EXPECT_DOUBLE_EQ(*report.standard_deviation, 0);
  ASSERT_EQ(report.worst.size(), 5u);
  EXPECT_EQ(report.worst[0].index, 0u);
  EXPECT_EQ(report.worst[0].deviation, kInfinity);
  EXPECT_EQ(report.worst[4].index, 4u);
}

TEST(Compare, AllFailuresHaveNoMeans) {
  const Report report = compare(Numbers{1, 2}, Numbers{kNan, kInfinity});
  EXPECT_EQ(report.adhd.failures(), 2u);
  EXPECT_EQ(report.adhd.score, 0);
  EXPECT_EQ(report.composite, 0);
  EXPECT_FALSE(report.mean_absolute_error.has_value());
  EXPECT_FALSE(report.mean_deviation.has_value());
  EXPECT_FALSE(report.root_mean_square_error.has_value());
  EXPECT_FALSE(report.standard_deviation.has_value());
}

TEST(Compare, EmptyAndUnequalInput) {
  const Report report = compare({}, {});
  EXPECT_EQ(report.count, 0u);
  EXPECT_EQ(report.accuracy, 0);
  EXPECT_FALSE(report.mean_absolute_error.has_value());
  EXPECT_TRUE(contains(message_of([] {
                         compare(Numbers{1}, Numbers{1, 2});
                       }),
                       "1 expected and 2 actual"));
}

TEST(Compare, NothingOverflowsOrVanishes) {
  const Report large = compare(Numbers{kLargest / 2, kLargest / 2}, Numbers{kLargest, 0});
  EXPECT_DOUBLE_EQ(*large.mean_absolute_error, kLargest / 2);
  EXPECT_DOUBLE_EQ(*large.root_mean_square_error, kLargest / 2);
  EXPECT_DOUBLE_EQ(*large.standard_deviation, kLargest / 2);
  EXPECT_DOUBLE_EQ(*large.mean_deviation, 100);
  const Report small = compare(Numbers{0, 0}, Numbers{3e-200, -3e-200});
  EXPECT_DOUBLE_EQ(*small.root_mean_square_error, 3e-200);
  EXPECT_EQ(small.exact, 0u);
}

TEST(Compare, WorstAreAtMostFiveInOrder) {
  const Report report = compare(Numbers{4, 4, 4, 4, 4, 4, 4, 4}, Numbers{5, 5, 4, 6, 5, 5, 5, 5});
  ASSERT_EQ(report.worst.size(), 5u);
  const std::array<size_t, 5> order = {3, 0, 1, 4, 5};  // equal ones as they come
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(report.worst[i].index, order[i]);
}

/// Rows of outputs that point at the answers; -1 is a row with a NaN.
template <class T>
std::vector<T> pointing(size_t classes, const Labels& answers) {
  std::vector<T> outputs(answers.size() * classes, T{0});
  for (size_t i = 0; i < answers.size(); ++i)
    outputs[i * classes + static_cast<size_t>(std::max(answers[i], 0))] =
        answers[i] < 0 ? std::numeric_limits<T>::quiet_NaN() : T{1};
  return outputs;
}

template <class T>
Report report_of(size_t classes, const Labels& labels, const Labels& answers,
                 OutputKind kind = OutputKind::kProbabilities) {
  const std::vector<T> outputs = pointing<T>(classes, answers);
  return report_of_classes(outputs, classes, labels, kind);
}

struct ClassRow {
  size_t support, predicted, hits;
  std::optional<double> precision, recall, f1;
};

void expect_near(const std::optional<double>& value, const std::optional<double>& expected) {
  ASSERT_EQ(value.has_value(), expected.has_value());
  if (value) {
    EXPECT_NEAR(*value, *expected, 1e-12);
  }
}

TEST(ClassReport, FiguresOfEveryClass) {
  // Class 3 is never predicted, class 4 neither predicted nor there. Figures by the definitions
  // (precision = hits / predicted and so on), in percent.
  const Labels labels = {0, 0, 1, 1, 1, 2, 2, 3}, answers = {0, 1, 1, 1, 2, 2, 0, 2};
  const std::vector<ClassRow> rows = {{2, 2, 1, 50, 50, 50},
                                      {3, 3, 2, 200.0 / 3, 200.0 / 3, 200.0 / 3},
                                      {2, 3, 1, 100.0 / 3, 50, 40},
                                      {1, 0, 0, std::nullopt, 0, 0},
                                      {0, 0, 0, std::nullopt, std::nullopt, std::nullopt}};
  for (const Report& report :
       {report_of<float>(5, labels, answers), report_of<double>(5, labels, answers)}) {
    EXPECT_EQ(report.exact, 4u);
    EXPECT_DOUBLE_EQ(report.accuracy, 50);
    EXPECT_DOUBLE_EQ(report.adhd.score, 58.33333333333333);
    EXPECT_EQ(report.adhd.constant, 1.0);
    EXPECT_DOUBLE_EQ(report.adhd.constant_score, 54.166666666666664);
    EXPECT_DOUBLE_EQ(*report.mean_absolute_error, 0.625);
    EXPECT_DOUBLE_EQ(*report.mean_deviation, 41.666666666666664);
    EXPECT_DOUBLE_EQ(*report.root_mean_square_error, 0.9354143466934853);
    EXPECT_DOUBLE_EQ(*report.standard_deviation, 0.9270248108869579);
    ASSERT_EQ(report.classes.size(), rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      SCOPED_TRACE(i);
      EXPECT_EQ(report.classes[i].support, rows[i].support);
      EXPECT_EQ(report.classes[i].predicted, rows[i].predicted);
      EXPECT_EQ(report.classes[i].hits, rows[i].hits);
      expect_near(report.classes[i].precision, rows[i].precision);
      expect_near(report.classes[i].recall, rows[i].recall);
      expect_near(report.classes[i].f1, rows[i].f1);
    }
    EXPECT_EQ(report.confusion, (std::vector<size_t>{1, 1, 0, 0, 0, 0, 2, 1, 0, 0, 1, 0, 1,
                                                     0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}));
  }
}

TEST(ClassReport, ARowWithNanHasNoAnswer) {
  const Report report = report_of<float>(3, {0, 2, 2}, {0, -1, 2});
  EXPECT_EQ(report.unmeasured, 1u);
  EXPECT_EQ(report.exact, 2u);
  EXPECT_EQ(report.adhd.failures(), 1u);
  EXPECT_EQ(report.confusion, (std::vector<size_t>{1, 0, 0, 0, 0, 0, 0, 0, 1}));
  EXPECT_EQ(report.classes[2].support, 2u);
  EXPECT_EQ(report.classes[2].predicted, 1u);
  EXPECT_DOUBLE_EQ(*report.classes[2].recall, 50);
  EXPECT_TRUE(std::isnan(report.worst[0].actual));
  // Two right answers of probability 1; the row without an answer counts as 2^-24.
  EXPECT_DOUBLE_EQ(*report.loss, 24 * std::log(2.0) / 3);
  // Whatever the label's own output is, without an answer it counts as 2^-24.
  const std::vector<double> broken = {1, kNan};
  for (const OutputKind kind : {OutputKind::kProbabilities, OutputKind::kLogits})
    EXPECT_DOUBLE_EQ(*report_of_classes(broken, 2, Labels{0}, kind).loss, 24 * std::log(2.0));
}

TEST(ClassReport, TheFirstLargestOutputIsTheAnswer) {
  const std::vector<double> outputs = {1, 3, 3, -kInfinity, kInfinity, 7};
  const Report report = report_of_classes(outputs, 3, Labels{1, 1}, OutputKind::kLogits);
  EXPECT_EQ(report.exact, 2u);
}

TEST(ClassReport, LossOfProbabilitiesAndOfLogits) {
  const std::vector<double> outputs = {0.25, 0.75, 0.5, 0.5};
  const Labels labels = {0, 1};
  EXPECT_DOUBLE_EQ(*report_of_classes(outputs, 2, labels, OutputKind::kProbabilities).loss,
                   (std::log(4.0) + std::log(2.0)) / 2);
  // softmax(0.25, 0.75)[0] = 1 / (1 + e^0.5)
  EXPECT_DOUBLE_EQ(*report_of_classes(outputs, 2, labels, OutputKind::kLogits).loss,
                   (std::log(1 + std::exp(0.5)) + std::log(2.0)) / 2);
  // Logits far apart: the probability is 0 in floating point and counts as 2^-24.
  const std::vector<float> apart = {1e30f, -1e30f};
  EXPECT_DOUBLE_EQ(*report_of_classes(apart, 2, Labels{1}, OutputKind::kLogits).loss,
                   24 * std::log(2.0));
}

TEST(ClassReport, OneClassAndNoSamples) {
  const Report one = report_of<float>(1, {0, 0}, {0, 0});
  EXPECT_DOUBLE_EQ(one.accuracy, 100);
  EXPECT_EQ(one.confusion, std::vector<size_t>{2});
  EXPECT_DOUBLE_EQ(*one.classes[0].f1, 100);
  EXPECT_EQ(one.adhd.constant, 0.0);
  EXPECT_DOUBLE_EQ(one.adhd.constant_score, 100);
  EXPECT_TRUE(one.worst.empty());
  const Report none = report_of<float>(3, {}, {});
  EXPECT_EQ(none.count, 0u);
  EXPECT_FALSE(none.loss.has_value());
  EXPECT_EQ(none.classes.size(), 3u);
  EXPECT_EQ(none.confusion, std::vector<size_t>(9, 0));
}

TEST(ClassReport, TheMatrixEndsWithItsLargestSize) {
  const size_t most = Report::kMatrixClasses;
  EXPECT_EQ(report_of<float>(most, {0}, {1}).confusion.size(), most * most);
  const Report more = report_of<float>(most + 1, {1}, {static_cast<int32_t>(most)});
  EXPECT_TRUE(more.confusion.empty());
  EXPECT_EQ(more.classes[most].predicted, 1u);
}

TEST(ClassReport, RefusesWhatDoesNotFit) {
  const std::vector<float> outputs(6, 0.0f);
  const auto message = [&](size_t classes, const Labels& labels) {
    return message_of(
        [&] { report_of_classes(outputs, classes, labels, OutputKind::kProbabilities); });
  };
  EXPECT_TRUE(contains(message(3, {0, 1, 2}), "6 outputs for 3 labels, expected 3 a label"));
  EXPECT_TRUE(contains(message(4, {0}), "6 outputs for 1 labels"));
  EXPECT_TRUE(contains(message(0, {}), "6 outputs for 0 labels"));
  EXPECT_TRUE(contains(message(3, {0, 3}), "label 1 is 3, expected 0 .. 2"));
  EXPECT_TRUE(contains(message(3, {-1, 0}), "label 0 is -1"));
}

}  // namespace
}  // namespace paragon
