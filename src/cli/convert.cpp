// SPDX-License-Identifier: Apache-2.0
#include <fmt/ostream.h>

#include <algorithm>
#include <optional>
#include <span>

#include <paragon/paragon.hpp>
#include <paragon/support.hpp>

#include "cli/build.hpp"
#include "cli/commands.hpp"
#include "cli/model_info.hpp"
#include "cli/output.hpp"

namespace paragon::cli {
namespace {

constexpr size_t kComparedSamples = 1000, kRandomSamples = 16;

/// In percent.
struct Accuracies {
  double before, after;
};

/// Outputs of the same samples before and after.
struct Difference {
  size_t samples = 0;
  std::optional<double> mean;  ///< of |new - old|, in units of 1; none if nothing is finite
};

Difference difference_of(LegacyNetwork old, const Network& fresh, const data::Dataset& data,
                         size_t most) {
  const size_t count = std::min(data.size(), most);
  std::vector<float> samples(count * data.features());
  data.copy_features(0, count, samples);
  std::vector<double> before = old.predict(std::vector<double>(samples.begin(), samples.end()));
  for (double& value : before) value /= old.info().unit;
  const std::vector<float> after = fresh.predict(samples);
  const Report report = compare(before, std::vector<double>(after.begin(), after.end()));
  return {count, report.mean_absolute_error};
}

Conversion convert_file(const LegacyNetwork& old, const ConvertCommand& command) {
  std::optional<DType> type;
  if (!command.type.empty()) type = parse_dtype(command.type);
  try {
    return convert(old, type);
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", command.from, error.what()));
  }
}

/// Whether outputs mean the same before and after: those of whole numbers overflowed, unless a
/// softmax made probabilities of them.
bool comparable(const LegacyInfo& info) {
  return !info.integer || info.probabilities;
}

}  // namespace

ExitCode run(const ConvertCommand& command) {
  Output output(command.common);
  require_writable(command.to);
  if (!LegacyNetwork::is_legacy(command.from))
    throw Error(fmt::format("[convert] {} is not a file of the Go framework", command.from));
  const LegacyNetwork old = LegacyNetwork::load(command.from);
  const Conversion conversion = convert_file(old, command);
  const Network& fresh = conversion.network;

  std::optional<Accuracies> accuracies;
  std::optional<Difference> difference;
  if (!command.data.empty()) {
    const data::Dataset test = data::mnist(command.data).test;
    accuracies = {evaluate(old, test).accuracy, evaluate(fresh, test).accuracy};
    if (comparable(old.info())) difference = difference_of(old, fresh, test, kComparedSamples);
  } else if (!old.info().integer) {
    difference = difference_of(old, fresh, random_data(fresh, kRandomSamples), kRandomSamples);
  }
  fresh.save(command.to);

  std::ostream& screen = output.screen();
  Json json = {{"from", old.info().type}};
  json.update(describe(fresh, screen));
  json["remarks"] = conversion.remarks;
  for (const std::string& remark : conversion.remarks) print_row(screen, "remark", remark);
  if (accuracies) {
    const auto [before, after] = *accuracies;
    json["accuracy"] = {{"old", before}, {"new", after}, {"change", after - before}};
    print_row(
        screen, "accuracy",
        fmt::format("{:.2f} % before, {:.2f} % after: {:+.2f}", before, after, after - before));
  }
  if (difference) {
    const auto [samples, mean] = *difference;
    json["difference"] = {{"mean", mean ? Json(*mean) : Json()}, {"samples", samples}};
    print_row(screen, "difference",
              mean ? fmt::format("{:.3g} between the outputs, mean over {} {}samples", *mean,
                                 samples, accuracies ? "" : "random ")
                   : "none to measure: no output is finite");
  }
  print_row(screen, "model", command.to);
  output.finish(json);
  return kFine;
}

}  // namespace paragon::cli
