// SPDX-License-Identifier: Apache-2.0
#include <fmt/ostream.h>

#include <iostream>

#include <paragon/paragon.hpp>

#include "cli/commands.hpp"
#include "cli/output.hpp"

namespace paragon::cli {

ExitCode check_accuracy(double accuracy, const std::optional<double>& expected) {
  if (!expected || accuracy >= *expected) return kFine;
  fmt::print(std::cerr, "paragon: the accuracy is {:.2f} %, expected at least {:g} %\n", accuracy,
             *expected);
  return kCheckFailed;
}

ExitCode run(const EvalCommand& command) {
  Output output(command.common);
  const Network network = Network::load(command.model);
  const data::Split split = data::mnist(command.data);
  const Report report = evaluate(
      network, split.test,
      {.device = command.place.device, .batch = command.batch, .threads = command.place.threads});
  Json json = {{"type", name(network.type())}, {"parameters", network.parameters()},
               {"accuracy", report.accuracy},  {"count", report.count},
               {"loss", report.loss},          {"mean_absolute_error", report.mean_absolute_error}};
  Json buckets = Json::object();
  for (size_t i = 0; i < report.adhd.buckets.size(); ++i)
    buckets[Adhd::kBuckets[i]] = report.adhd.buckets[i];
  json["adhd"] = {{"score", report.adhd.score},
                  {"constant_score", report.adhd.constant_score},
                  {"buckets", buckets}};
  json["worst"] = Json::array();
  for (const WorstSample& sample : report.worst)
    json["worst"].push_back({{"index", sample.index},
                             {"expected", sample.expected},
                             {"actual", sample.actual},
                             {"deviation", sample.deviation}});
  output.screen() << report;
  output.finish(json);
  return check_accuracy(report.accuracy, command.expect_accuracy);
}

}  // namespace paragon::cli
