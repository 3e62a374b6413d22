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
  const bool validated = !epochs.empty() && epochs.front().validation_loss;
  fmt::print(out, "{:>5} {:>10} {:>10} {:>12}", "epoch", "loss", "seconds", "samples/s");
  fmt::print(out, "{}\n", validated ? "  validation loss and accuracy" : "");
  for (const EpochStats& row : epochs) {
    fmt::print(out, "{:>5} {:>10.4f} {:>10.3f} {:>12.0f}", row.epoch, row.loss, row.seconds,
               row.samples_per_second);
    if (validated) fmt::print(out, " {:>16.4f}", *row.validation_loss);
    if (row.validation_accuracy) fmt::print(out, " {:>8.2f} %", *row.validation_accuracy);
    fmt::print(out, "\n");
  }
}

/// The network to be trained: a new one, or that of a checkpoint.
Network network_of(const TrainCommand& command) {
  if (!command.resume.empty()) return Network::load(command.resume);
  if (command.network.layers.empty()) throw Error("train needs --layers or --resume");
  return build_network(command.network, command.training.seed);
}

/// What `train` has beside the settings of every training.
void add_options(const TrainCommand& command, TrainerOptions& options) {
  if (!command.common.quiet) options.progress = &std::cerr;
  options.validation_split = command.validation_split;
  options.patience = command.patience;
  options.keep_best = command.keep_best;
  options.stop_on_negative_loss = command.stop_on_negative_loss;
  options.resume = !command.resume.empty();
}

}  // namespace

ExitCode run(const TrainCommand& command) {
  // Everything that can be wrong is looked at before minutes are spent.
  Output output(command.common);
  for (const std::string* file : {&command.out, &command.checkpoint})
    if (!file->empty()) require_writable(*file);
  TrainerOptions options = build_options(command.training);
  add_options(command, options);
  Network network = network_of(command);
  Trainer* running = nullptr;
  if (!command.checkpoint.empty())
    options.on_epoch = [&](const EpochStats&) {
      running->save(command.checkpoint);
      return true;
    };
  Trainer trainer(network, options);
  running = &trainer;
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
    if (row.validation_loss) json["epochs"].back()["validation_loss"] = *row.validation_loss;
    if (row.validation_accuracy)
      json["epochs"].back()["validation_accuracy"] = *row.validation_accuracy;
  }
  json["stop"] = name(trainer.stop_reason());
  const size_t peak = peak_memory_bytes();
  json["seconds"] = seconds;
  json["peak_memory_bytes"] = peak;
  json["test"] = {{"accuracy", report.accuracy}, {"count", report.count}};

  std::ostream& screen = output.screen();
  print_network(screen, network);
  print_epochs(screen, epochs);
  fmt::print(screen, "\ntraining          {:.3f} s, {}\n", seconds, name(trainer.stop_reason()));
  fmt::print(screen, "peak memory       {:.1f} MiB\n", static_cast<double>(peak) / (1 << 20));
  fmt::print(screen, "test accuracy     {:.2f} % of {} samples\n", report.accuracy, report.count);
  if (!command.out.empty()) fmt::print(screen, "model             {}\n", command.out);
  output.finish(json);
  return check_accuracy(report.accuracy, command.expect_accuracy);
}

}  // namespace paragon::cli
