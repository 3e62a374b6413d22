// SPDX-License-Identifier: Apache-2.0
#include <fmt/ostream.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <mutex>

#include <paragon/paragon.hpp>

#include "cli/benchmark.hpp"
#include "cli/build.hpp"
#include "cli/commands.hpp"
#include "cli/jobs.hpp"
#include "cli/output.hpp"
#include "cli/scratch.hpp"

// The benchmark of the Go framework that Paragon rebuilds, in every type and replay mode
// (docs/original.md).
namespace paragon::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct Scores {
  double accuracy = 0, adhd = 0;
  bool operator==(const Scores&) const = default;
};

struct Row {
  const benchmark::Model* model;
  DType type;
  double seconds = 0;
  Scores scores = {}, reloaded = {};
};

Scores scores_of(const Network& network, const data::Dataset& test, size_t threads) {
  const Report report = evaluate(network, test, {.threads = threads});
  return {report.accuracy, report.adhd.score};
}

std::vector<Row> rows_of(const BenchMnistCommand& command) {
  const std::vector<DType> types = parse_types(command.types);
  std::vector<Row> rows;
  for (const std::string& word : command.models) {
    const benchmark::Model& model = benchmark::find_model(word);
    for (const DType type : types) rows.push_back({&model, type});
  }
  return rows;
}

void print_table(std::ostream& out, const std::vector<Row>& rows, bool concurrent, bool reloaded) {
  fmt::print(out, "{:<16} {:<9} {:>9} {:>10} {:>8}\n", "Model", "Type", "Time", "Accuracy", "ADHD");
  for (const Row& row : rows) {
    const Scores& scores = reloaded ? row.reloaded : row.scores;
    const std::string time = reloaded ? "-" : fmt::format("{:.2f} s", row.seconds);
    fmt::print(out, "{:<16} {:<9} {:>9} {:>8.2f} % {:>8.2f}{}\n", row.model->name, name(row.type),
               time, scores.accuracy, scores.adhd, concurrent && !reloaded ? "  concurrent" : "");
  }
}

}  // namespace

ExitCode run(const BenchMnistCommand& command) {
  Output output(command.common);
  std::vector<Row> rows = rows_of(command);
  const data::Split split = data::mnist(command.data);
  const data::Dataset train = first_part(split.train, command.train_fraction);
  const Scratch scratch;
  const size_t jobs = std::min(command.jobs == 0 ? processors() : command.jobs, rows.size());
  const size_t threads = jobs > 1 ? 1 : command.threads;
  Training training = benchmark::training();
  training.epochs = command.epochs;
  training.seed = command.seed;
  training.place = {.device = command.device, .threads = threads};
  const TrainerOptions options = build_options(training);
  std::mutex mutex;
  size_t finished = 0;

  const auto train_one = [&](size_t i) {
    Row& row = rows[i];
    Network network = benchmark::build(*row.model, train.sample_shape, row.type, command.seed);
    Trainer trainer(network, options);
    const Clock::time_point start = Clock::now();
    trainer.fit(train);
    row.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    row.scores = scores_of(network, split.test, threads);
    const std::string file = scratch.file(fmt::format("{}.json", i));
    network.save(file);
    row.reloaded = scores_of(Network::load(file), split.test, threads);
    std::filesystem::remove(file);
    const std::lock_guard lock(mutex);
    ++finished;
    if (!command.common.quiet)
      fmt::print(std::cerr, "{}/{}  {} {}  {:.2f} s  {:.2f} %\n", finished, rows.size(),
                 row.model->name, name(row.type), row.seconds, row.scores.accuracy);
  };
  const Clock::time_point start = Clock::now();
  run_jobs(rows.size(), jobs, train_one);
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();

  std::ostream& screen = output.screen();
  fmt::print(screen, "trained on {} images, {} epochs; {} at a time, {} in all\n\n", train.size(),
             command.epochs, jobs, fmt::format("{:.1f} s", seconds));
  print_table(screen, rows, jobs > 1, false);
  fmt::print(screen, "\nthe same models, saved and loaded again\n\n");
  print_table(screen, rows, jobs > 1, true);
  Json json = {{"rows", Json::array()},  {"seconds", seconds},       {"jobs", jobs},
               {"concurrent", jobs > 1}, {"epochs", command.epochs}, {"train_images", train.size()},
               {"seed", command.seed}};
  bool equal = true;
  for (const Row& row : rows) {
    equal = equal && row.scores == row.reloaded;
    json["rows"].push_back(
        {{"model", row.model->name},
         {"type", name(row.type)},
         {"seconds", row.seconds},
         {"accuracy", row.scores.accuracy},
         {"adhd", row.scores.adhd},
         {"reloaded", {{"accuracy", row.reloaded.accuracy}, {"adhd", row.reloaded.adhd}}}});
  }
  fmt::print(screen, "\nscores after loading: {}\n", equal ? "equal" : "DIFFERENT");
  output.finish(json);
  return equal ? kFine : kCheckFailed;
}

}  // namespace paragon::cli
