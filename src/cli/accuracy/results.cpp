// SPDX-License-Identifier: Apache-2.0
#include "cli/accuracy/results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace paragon::cli::accuracy {
namespace {

// Accuracies are multiples of 0.01 that doubles cannot hold exactly.
constexpr double kRounding = 1e-9;

struct Moments {
  double mean = 0;
  std::optional<double> deviation;
};

Moments moments_of(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  Moments moments{.mean = std::accumulate(values.begin(), values.end(), 0.0) / n, .deviation = {}};
  if (values.size() < 2) return moments;
  double squares = 0;
  for (const double value : values) squares += (value - moments.mean) * (value - moments.mean);
  moments.deviation = std::sqrt(squares / (n - 1));
  return moments;
}

Json optional_json(const std::optional<double>& value) {
  return value ? Json(*value) : Json();
}

/// A row of the file with its place, for errors.
class RowReader {
 public:
  RowReader(const Json& row, std::string place) : row_(row), place_(std::move(place)) {
    if (!row_.is_object()) fail("an object");
  }

  std::string text(const char* key) const {
    const Json& value = member(key);
    if (!value.is_string()) fail(fmt::format("'{}', a text", key));
    return value.get<std::string>();
  }

  DType type() const {
    const std::string type = text("type");
    for (const DTypeInfo& known : dtypes())
      if (known.name == type) return known.type;
    fail("'type', a numeric type");
  }

  std::vector<uint64_t> seeds() const {
    std::vector<uint64_t> seeds;
    for (const Json& seed : list("seeds")) {
      if (!seed.is_number_unsigned()) fail("'seeds', a list of whole numbers");
      seeds.push_back(seed.get<uint64_t>());
    }
    std::vector<uint64_t> sorted = seeds;
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
      fail("'seeds', all different");
    return seeds;
  }

  /// A loss may have been no number, which JSON writes as null.
  std::vector<double> numbers(const char* key, size_t count, double largest) const {
    std::vector<double> numbers;
    for (const Json& number : list(key)) {
      const double value = number.is_null()     ? std::numeric_limits<double>::infinity()
                           : number.is_number() ? number.get<double>()
                                                : std::numeric_limits<double>::quiet_NaN();
      if (!(value >= 0 && value <= largest))
        fail(fmt::format("'{}', a list of numbers of 0 .. {}", key, largest));
      numbers.push_back(value);
    }
    if (numbers.size() != count) fail(fmt::format("'{}', a list of {} numbers", key, count));
    return numbers;
  }

 private:
  const Json& member(const char* key) const {
    const auto found = row_.find(key);
    if (found == row_.end()) fail(fmt::format("'{}'", key));
    return *found;
  }
  const Json& list(const char* key) const {
    const Json& value = member(key);
    if (!value.is_array()) fail(fmt::format("'{}', a list", key));
    return value;
  }
  [[noreturn]] void fail(const std::string& expected) const {
    throw Error(
        fmt::format("{}: got {}, expected {}", place_, row_.dump().substr(0, 80), expected));
  }

  const Json& row_;
  std::string place_;
};

}  // namespace

bool Figures::met() const {
  return (!bars.least || least_met.value_or(false)) && (!bars.margin || margin_met.value_or(false));
}

Row& Results::row(const Task& task, DType type) {
  const auto key = [](const Row& row) { return std::pair(row.task, row.type); };
  const std::pair wanted(&task, type);
  auto place = rows_.begin();  // tasks lie in one vector, in order
  while (place != rows_.end() && key(*place) < wanted) ++place;
  if (place == rows_.end() || key(*place) != wanted) place = rows_.insert(place, {&task, type, {}});
  return *place;
}

const Row* Results::find(const Task& task, DType type) const {
  for (const Row& row : rows_)
    if (row.task == &task && row.type == type) return &row;
  return nullptr;
}

Figures Results::figures(const Row& row) const {
  std::vector<double> accuracies, differences;
  const Row* reference = find(*row.task, float32);
  for (const auto& [seed, trained] : row.by_seed) {
    accuracies.push_back(trained.accuracy);
    if (reference == nullptr || row.type == float32) continue;
    const auto other = reference->by_seed.find(seed);
    if (other != reference->by_seed.end())
      differences.push_back(trained.accuracy - other->second.accuracy);
  }
  Figures figures;
  const Moments accuracy = moments_of(accuracies);
  figures.mean = accuracy.mean;
  figures.deviation = accuracy.deviation;
  figures.bars = bars_of(*row.task, row.type);
  if (figures.bars.least) figures.least_met = figures.mean >= *figures.bars.least - kRounding;
  if (differences.empty()) return figures;
  const Moments difference = moments_of(differences);
  figures.difference = difference.mean;
  if (difference.deviation)
    figures.error = *difference.deviation / std::sqrt(static_cast<double>(differences.size()));
  if (figures.bars.margin)
    figures.margin_met =
        difference.mean + 2 * figures.error.value_or(0) >= -*figures.bars.margin - kRounding;
  return figures;
}

// One line a row, so that changes can be read.
std::string Results::json() const {
  std::string lines;
  for (const Row& row : rows_) {
    if (row.by_seed.empty()) continue;
    Json json = {{"task", row.task->name},
                 {"type", name(row.type)},
                 {"settings", settings_of(*row.task)},
                 {"seeds", Json::array()},
                 {"accuracy", Json::array()},
                 {"loss", Json::array()},
                 {"seconds", Json::array()}};
    for (const auto& [seed, trained] : row.by_seed) {
      json["seeds"].push_back(seed);
      json["accuracy"].push_back(trained.accuracy);
      json["loss"].push_back(trained.loss);
      json["seconds"].push_back(std::round(trained.seconds * 1000) / 1000);
    }
    const Figures figures = this->figures(row);
    json["mean"] = figures.mean;
    json["deviation"] = optional_json(figures.deviation);
    json["difference"] = optional_json(figures.difference);
    json["error"] = optional_json(figures.error);
    json["least"] = optional_json(figures.bars.least);
    json["margin"] = optional_json(figures.bars.margin);
    json["met"] = figures.has_bars() ? Json(figures.met()) : Json();
    lines += fmt::format("{}\n{}", lines.empty() ? "" : ",", json.dump());
  }
  return fmt::format("{{\"contract\": {}, \"version\": {}, \"rows\": [{}\n]}}\n",
                     contract_version(), Json(version()).dump(), lines);
}

void Results::read(const std::string& json, const std::string& place) {
  const Json file = Json::parse(json, nullptr, false);
  if (!file.is_object() || !file.contains("rows") || !file["rows"].is_array())
    throw Error(
        fmt::format("{}: expected results of bench accuracy, an object with 'rows'", place));
  const bool same_bits = file.contains("contract") && file["contract"] == contract_version();
  size_t number = 0;
  for (const Json& line : file["rows"]) {
    const RowReader reader(line, fmt::format("{}: rows[{}]", place, number++));
    const std::string task_name = reader.text("task"), settings = reader.text("settings");
    const DType type = reader.type();
    const std::vector<uint64_t> seeds = reader.seeds();
    const std::vector<double> accuracies = reader.numbers("accuracy", seeds.size(), 100);
    constexpr double kAny = std::numeric_limits<double>::infinity();
    const std::vector<double> losses = reader.numbers("loss", seeds.size(), kAny);
    const std::vector<double> seconds = reader.numbers("seconds", seeds.size(), kAny);
    if (!is_float(type) && !same_bits) continue;
    for (const Task& task : tasks_) {
      if (task.name != task_name || settings_of(task) != settings) continue;
      for (size_t i = 0; i < seeds.size(); ++i)
        row(task, type).by_seed[seeds[i]] = {accuracies[i], losses[i], seconds[i]};
    }
  }
}

}  // namespace paragon::cli::accuracy
