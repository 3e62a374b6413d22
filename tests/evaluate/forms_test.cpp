// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include <paragon/report.hpp>

#include "evaluate/heat_grid.hpp"
#include "evaluate/well_formed.hpp"
#include "raises.hpp"

// The three forms of a report: text, JSON, pictures.
namespace paragon {
namespace {

using nlohmann::json;
using testing::contains;
using testing::is_well_formed;
using testing::message_of;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Four samples of four classes; the last class is never there, the last sample has no answer.
Report classes() {
  const std::vector<float> outputs = {1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, NAN, 0, 0, 0};
  return report_of_classes(outputs, 4, std::vector<int32_t>{0, 1, 2, 2},
                           OutputKind::kProbabilities);
}

Report numbers() {
  return compare(std::vector<double>{1.5, -2, 4}, std::vector<double>{1.5, kNan, 3});
}

/// A report of as many classes, one sample each, all right.
Report right(size_t classes) {
  std::vector<float> outputs(classes * classes, 0.0f);
  std::vector<int32_t> labels;
  for (size_t i = 0; i < classes; ++i) {
    outputs[i * classes + i] = 1;
    labels.push_back(static_cast<int32_t>(i));
  }
  return report_of_classes(outputs, classes, labels, OutputKind::kProbabilities);
}

std::string text_of(const Report& report) {
  std::ostringstream out;
  out << report;
  return out.str();
}

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(ReportText, HasEveryFigure) {
  EXPECT_EQ(text_of(classes()),
            R"(samples              4
accuracy             50.00 %
exact matches        2 (50.00 %)
cross-entropy        8.3178 nats
mean absolute error  0.3333 classes
root mean square     0.5774 classes
standard deviation   0.4714 classes
mean deviation       16.67 %
without a deviation  1 (NaN or infinite; not in the means above)
ADHD score           62.50 of 100 (always answering 1 scores 50.00)
composite score      56.25 of 100 (mean of ADHD and % exact)

deviation in %     samples   share
0-10                     2   50.0 %  ####################
10-20                    0    0.0 %
20-30                    0    0.0 %
30-40                    0    0.0 %
40-50                    1   25.0 %  ##########
50-100                   0    0.0 %
100+                     1   25.0 %  ##########

worst samples     expected      answer     deviation
3                        2           -             -
2                        2           1        50.0 %

class   samples   answers  precision %  recall %    F1 %
    0         1         1       100.00    100.00  100.00
    1         1         2        50.00    100.00   66.67
    2         2         0            -      0.00    0.00
    3         0         0            -         -       -

confusion matrix (rows: expected, columns: answer)
      0 1 2 3
    0 1 0 0 0
    1 0 1 0 0
    2 0 1 0 0
    3 0 0 0 0
)");
}

TEST(ReportText, NumbersHaveNoClasses) {
  const std::string text = text_of(numbers());
  EXPECT_TRUE(contains(text, "mean absolute error  0.5000\n"));
  EXPECT_FALSE(contains(text, "cross-entropy"));
  EXPECT_FALSE(contains(text, "class"));
  EXPECT_FALSE(contains(text, "nan"));
}

TEST(ReportText, EmptyAndAllFailures) {
  EXPECT_EQ(text_of(compare({}, {})), "samples              0\n");
  const std::string text = text_of(compare(std::vector{kNan}, std::vector{kNan}));
  EXPECT_TRUE(contains(text, "mean absolute error  -\n"));
  EXPECT_TRUE(contains(text, "ADHD score           0.00 of 100\n"));
}

TEST(ReportText, TheMatrixIsPrintedForTwentyClasses) {
  EXPECT_TRUE(contains(text_of(right(20)), "confusion matrix"));
  EXPECT_FALSE(contains(text_of(right(21)), "confusion matrix"));
}

TEST(ReportText, Replays) {
  Report report = classes();
  report.replays = {{"layer1", 1.25, {1, 2, 0, 1}}};
  EXPECT_TRUE(contains(text_of(report), R"(
replays of        a sample  samples by number of replays
layer1              1.2500  0: 1 1: 2 3: 1
)"));
}

TEST(ReportJson, HasEveryFigure) {
  Report report = classes();
  report.replays = {{"layer \"1\" \xff", 1.25, {1, 2, 0, 1}}};
  const json figures = json::parse(to_json(report));
  EXPECT_EQ(figures["count"], 4);
  EXPECT_EQ(figures["accuracy"], 50);
  EXPECT_EQ(figures["loss"], *report.loss);
  EXPECT_EQ(figures["exact_matches"], 2);
  EXPECT_EQ(figures["exact_percent"], 50);
  EXPECT_EQ(figures["mean_absolute_error"], *report.mean_absolute_error);
  EXPECT_EQ(figures["mean_deviation"], *report.mean_deviation);
  EXPECT_EQ(figures["root_mean_square_error"], *report.root_mean_square_error);
  EXPECT_EQ(figures["standard_deviation"], *report.standard_deviation);
  EXPECT_EQ(figures["unmeasured"], 1);
  EXPECT_EQ(figures["composite"], 56.25);
  EXPECT_EQ(figures["adhd"], json::parse(R"({"score": 62.5, "constant": 1.0, "constant_score": 50.0,
      "failures": 1, "buckets": {"0-10": 2, "10-20": 0, "20-30": 0, "30-40": 0, "40-50": 1,
      "50-100": 0, "100+": 1}})"));
  EXPECT_EQ(figures["worst"],
            json::parse(R"([{"index": 3, "expected": 2.0, "actual": null, "deviation": null},
                            {"index": 2, "expected": 2.0, "actual": 1.0, "deviation": 50.0}])"));
  EXPECT_EQ(figures["classes"].size(), 4u);
  EXPECT_EQ(figures["classes"][1],
            json::parse(R"({"class": 1, "support": 1, "predicted": 2, "hits": 1, "precision": 50.0,
                            "recall": 100.0, "f1": 66.66666666666667})"));
  EXPECT_EQ(figures["classes"][3],
            json::parse(R"({"class": 3, "support": 0, "predicted": 0, "hits": 0, "precision": null,
                            "recall": null, "f1": null})"));
  EXPECT_EQ(figures["confusion"],
            json::parse("[[1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]"));
  EXPECT_EQ(figures["replays"], json::parse("[{\"layer\": \"layer \\\"1\\\" \xEF\xBF\xBD\", "
                                            "\"mean\": 1.25, \"histogram\": [1, 2, 0, 1]}]"));
}

TEST(ReportJson, NumbersHaveNoClassesAndNoLoss) {
  const json figures = json::parse(to_json(numbers()));
  EXPECT_TRUE(figures["loss"].is_null());
  for (const char* key : {"classes", "confusion", "replays"}) EXPECT_FALSE(figures.contains(key));
  EXPECT_TRUE(json::parse(to_json(compare({}, {})))["adhd"]["constant"].is_null());
}

TEST(ReportSvg, HeatMapHasARowForEveryClass) {
  const std::string svg = heat_map_svg(classes());
  EXPECT_TRUE(is_well_formed(svg)) << svg;
  EXPECT_TRUE(contains(svg, "ADHD score 62.50 of 100"));
  EXPECT_TRUE(contains(svg, "always answering 1 would score 50.00"));
  EXPECT_TRUE(contains(svg, ">expected class</text>"));
  EXPECT_EQ(count_of(svg, "<g "), 5u * 7);  // all, and the four classes
  EXPECT_TRUE(contains(svg, "<title>all / 40-50: 1 of 4 (25.0 %)</title>"));
  EXPECT_TRUE(contains(svg, "<title>2 / 40-50: 1 of 2 (50.0 %)</title>"));
  EXPECT_TRUE(contains(svg, "<title>2 / 100+: 1 of 2 (50.0 %)</title>"));  // without an answer
  EXPECT_TRUE(contains(svg, "<title>3 / 0-10: 0 of 0 (0.0 %)</title>"));
}

TEST(ReportSvg, NumbersAndManyClassesHaveOneRow) {
  for (const Report& report : {numbers(), right(kDrawnClasses + 1), compare({}, {})}) {
    const std::string svg = heat_map_svg(report);
    EXPECT_TRUE(is_well_formed(svg)) << svg;
    EXPECT_EQ(count_of(svg, "<g "), 7u);
    EXPECT_FALSE(contains(svg, "nan"));
  }
}

TEST(ReportSvg, ConfusionMatrix) {
  const std::string svg = confusion_svg(classes());
  EXPECT_TRUE(is_well_formed(svg)) << svg;
  EXPECT_EQ(count_of(svg, "<g "), 16u);
  EXPECT_TRUE(contains(svg, "<title>2 / 1: 1 of 1 (100.0 %)</title>"));
  EXPECT_TRUE(contains(svg, "1 samples without an answer are not shown"));
  EXPECT_TRUE(contains(svg, ">expected</text>"));
  EXPECT_TRUE(contains(svg, ">answer</text>"));
  EXPECT_TRUE(is_well_formed(confusion_svg(right(kDrawnClasses))));
  EXPECT_TRUE(contains(message_of([] { confusion_svg(right(kDrawnClasses + 1)); }), "65 classes"));
  EXPECT_TRUE(contains(message_of([] { confusion_svg(numbers()); }), "not classes"));
}

TEST(ReportSvg, ReplaysWithAnyName) {
  Report report = numbers();
  const std::string hostile = "<a href=\"x\">&'\x01\xff\xEF\xBF\xBF]]>";
  report.replays = {{hostile, 1, {1, 2}}, {std::string(100, 'n'), 20, std::vector<size_t>(40, 1)}};
  const std::string svg = heat_map_svg(report);
  EXPECT_TRUE(is_well_formed(svg)) << svg;
  EXPECT_TRUE(contains(svg,
                       "&lt;a href=&quot;x&quot;&gt;&amp;&apos;"
                       "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD]]&gt;</text>"));
  EXPECT_FALSE(contains(svg, std::string(41, 'n')));
  EXPECT_TRUE(contains(svg, "16+: 24 of 40 (60.0 %)"));
}

TEST(ReportSvg, TheCheckerSeesWhatIsBroken) {
  for (const char* broken :
       {"<a>", "<a></b>", "<a/><b/>", "<a>&nbsp;</a>", "<a b=c/>", "<a b=\"1\" b=\"2\"/>", "x<a/>",
        "<a b=\"<\"/>", "<a>\x01</a>", "", "<a>></a>", "<a b=\"1/>"})
    EXPECT_FALSE(is_well_formed(broken)) << broken;
  EXPECT_TRUE(is_well_formed("<?xml version=\"1.0\"?>\n<a b=\"1\"><c/>&lt;</a>\n"));
}

double luminance(const std::array<uint8_t, 3>& colour) {
  const auto light = [](uint8_t byte) {
    const double value = byte / 255.0;
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * light(colour[0]) + 0.7152 * light(colour[1]) + 0.0722 * light(colour[2]);
}

TEST(HeatColour, DarkensSteadilyAndIsReadable) {
  double before = 1;
  for (int i = 0; i <= 200; ++i) {
    const auto colour = heat_colour(i / 200.0);
    const double light = luminance(colour);
    EXPECT_LT(light, before) << i;
    before = light;
    const double contrast =
        needs_white_text(colour) ? 1.05 / (light + 0.05) : (light + 0.05) / 0.05;
    EXPECT_GE(contrast, 4.5) << i;
  }
  EXPECT_LT(before, 0.05);
}

}  // namespace
}  // namespace paragon
