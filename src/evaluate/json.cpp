// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <nlohmann/json.hpp>

#include <paragon/report.hpp>

namespace paragon {
namespace {

using Json = nlohmann::ordered_json;

/// JSON has no NaN and no infinity.
Json number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

Json adhd_json(const Adhd& adhd) {
  Json buckets = Json::object();
  for (size_t i = 0; i < adhd.buckets.size(); ++i) buckets[Adhd::kBuckets[i]] = adhd.buckets[i];
  return {{"score", number(adhd.score)},
          {"constant", number(adhd.constant)},
          {"constant_score", number(adhd.constant_score)},
          {"buckets", buckets},
          {"failures", adhd.failures()}};
}

Json worst_json(const std::vector<WorstSample>& worst) {
  Json list = Json::array();
  for (const WorstSample& sample : worst)
    list.push_back({{"index", sample.index},
                    {"expected", number(sample.expected)},
                    {"actual", number(sample.actual)},
                    {"deviation", number(sample.deviation)}});
  return list;
}

Json classes_json(const std::vector<ClassFigures>& classes) {
  Json list = Json::array();
  for (const ClassFigures& row : classes)
    list.push_back({{"class", list.size()},
                    {"support", row.support},
                    {"predicted", row.predicted},
                    {"hits", row.hits},
                    {"precision", number(row.precision)},
                    {"recall", number(row.recall)},
                    {"f1", number(row.f1)}});
  return list;
}

Json confusion_json(const std::vector<size_t>& confusion, size_t classes) {
  Json rows = Json::array();
  for (auto row = confusion.begin(); row != confusion.end(); row += static_cast<ptrdiff_t>(classes))
    rows.push_back(std::vector<size_t>(row, row + static_cast<ptrdiff_t>(classes)));
  return rows;
}

Json replays_json(const std::vector<ReplayStats>& replays) {
  Json list = Json::array();
  for (const ReplayStats& row : replays)
    list.push_back(
        {{"layer", row.layer}, {"mean", number(row.mean)}, {"histogram", row.histogram}});
  return list;
}

}  // namespace

std::string to_json(const Report& report) {
  Json json = {{"count", report.count},
               {"accuracy", number(report.accuracy)},
               {"loss", number(report.loss)},
               {"exact_matches", report.exact},
               {"exact_percent", number(report.exact_percent)},
               {"mean_absolute_error", number(report.mean_absolute_error)},
               {"mean_deviation", number(report.mean_deviation)},
               {"root_mean_square_error", number(report.root_mean_square_error)},
               {"standard_deviation", number(report.standard_deviation)},
               {"unmeasured", report.unmeasured},
               {"adhd", adhd_json(report.adhd)},
               {"composite", number(report.composite)},
               {"worst", worst_json(report.worst)}};
  if (!report.classes.empty()) json["classes"] = classes_json(report.classes);
  if (!report.confusion.empty())
    json["confusion"] = confusion_json(report.confusion, report.classes.size());
  if (!report.replays.empty()) json["replays"] = replays_json(report.replays);
  // A layer's name may hold anything; bytes that are no UTF-8 become U+FFFD.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace paragon
