// SPDX-License-Identifier: Apache-2.0
#include <fmt/ostream.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include <paragon/paragon.hpp>
#include <paragon/support.hpp>

#include "cli/build.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"

namespace paragon::cli {
namespace {

void print_network(std::ostream& out, const Network& network) {
  fmt::print(out, "{:<16} {:<12} {:>10} {:>12}\n", "layer", "kind", "neurons", "parameters");
  for (const LayerInfo& layer : network.layers()) {
    size_t neurons = 1;
    for (const size_t extent : layer.shape) neurons *= extent;
    fmt::print(out, "{:<16} {:<12} {:>10} {:>12}\n", layer.name, keyword(layer.config), neurons,
               layer.parameters);
  }
  fmt::print(out, "type {}, {} parameters\n\n", name(network.type()), network.parameters());
}

void print_epochs(std::ostream& out, const std::vector<EpochStats>& epochs) {
  fmt::print(out, "{:>5} {:>10} {:>10} {:>12}\n", "epoch", "loss", "seconds", "samples/s");
  for (const EpochStats& row : epochs)
    fmt::print(out, "{:>5} {:>10.4f} {:>10.3f} {:>12.0f}\n", row.epoch, row.loss, row.seconds,
               row.samples_per_second);
}

}  // namespace

ExitCode run(const TrainCommand& command) {
  // Everything that can be wrong is looked at before minutes are spent.
  Output output(command.common);
  if (!command.out.empty()) require_writable(command.out);
  TrainerOptions options = build_options(command.training);
  if (!command.common.quiet) options.progress = &std::cerr;
  Network network = build_network(command.network, command.training.seed);
  Trainer trainer(network, options);
  data::Split split = data::mnist(command.data);
  const data::Dataset train = first_part(split.train, command.train_fraction);

  const std::vector<EpochStats> epochs = trainer.fit(train);
  const Report report = evaluate(
      network, split.test,
      {.device = command.training.place.device, .threads = command.training.place.threads});
  if (!command.out.empty()) network.save(command.out);

  Json json = {{"type", name(network.type())},
               {"parameters", network.parameters()},
               {"epochs", Json::array()}};
  double seconds = 0;
  for (const EpochStats& row : epochs) {
    seconds += row.seconds;
    json["epochs"].push_back({{"epoch", row.epoch},
                              {"loss", row.loss},
                              {"seconds", row.seconds},
                              {"samples_per_second", row.samples_per_second}});
  }
  const size_t peak = peak_memory_bytes();
  json["seconds"] = seconds;
  json["peak_memory_bytes"] = peak;
  json["test"] = {{"accuracy", report.accuracy}, {"count", report.count}};

  std::ostream& screen = output.screen();
  print_network(screen, network);
  print_epochs(screen, epochs);
  fmt::print(screen, "\ntraining          {:.3f} s\n", seconds);
  fmt::print(screen, "peak memory       {:.1f} MiB\n", static_cast<double>(peak) / (1 << 20));
  fmt::print(screen, "test accuracy     {:.2f} % of {} samples\n", report.accuracy, report.count);
  if (!command.out.empty()) fmt::print(screen, "model             {}\n", command.out);
  output.finish(json);
  return check_accuracy(report.accuracy, command.expect_accuracy);
}

}  // namespace paragon::cli
