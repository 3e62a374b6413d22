// SPDX-License-Identifier: Apache-2.0
#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iostream>
#include <mutex>
#include <optional>
#include <thread>

#include <paragon/paragon.hpp>
#include <paragon/support.hpp>

#include "cli/build.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/scratch.hpp"

// The benchmark of the Go framework that Paragon rebuilds, in every type and replay mode
// (docs/original.md).
namespace paragon::cli {
namespace {

using Clock = std::chrono::steady_clock;

/// A model of the benchmark.
struct Model {
  const char* name;
  Replay first, second;  ///< of the local layers
  bool has_second;
};

const std::vector<Model>& models() {
  static const std::vector<Model> table = {
      {"standard", {}, {}, false},
      {"replay", {.times = 1}, {}, false},
      {"dynamic-replay",
       {.budget = 3, .gate = "constant", .gate_value = 0.6, .map = {{0.8, 3}, {0.6, 2}}},
       {},
       false},
      // Few samples are so undecided that they get all three repetitions.
      {"loop-replay",
       {},
       {.mode = "loop", .budget = 3, .gate = "entropy", .map = {{0.95, 3}, {0.9, 2}}},
       true},
  };
  return table;
}

Network build(const Model& model, const data::Dataset& data, DType type, uint64_t seed) {
  Network network({.input = data.sample_shape, .type = type, .seed = seed});
  const auto local = [&](const Replay& replay) {
    network.add(LocallyConnected{
        .grid = {16, 16}, .field = 5, .activation = "leaky_relu", .replay = replay});
  };
  local(model.first);
  if (model.has_second) local(model.second);
  network.add(Dense{.units = 10, .activation = "softmax"});
  return network;
}

struct Scores {
  double accuracy = 0, adhd = 0;
  bool operator==(const Scores&) const = default;
};

struct Row {
  const Model* model;
  DType type;
  double seconds = 0;
  Scores scores = {}, reloaded = {};
};

Scores scores_of(const Network& network, const data::Dataset& test, size_t threads) {
  const Report report = evaluate(network, test, {.threads = threads});
  return {report.accuracy, report.adhd.score};
}

/// Calls work(0) .. work(count - 1) on `jobs` threads; raises the first error.
void run_jobs(size_t count, size_t jobs, const std::function<void(size_t)>& work) {
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr first;
  const auto loop = [&] {
    for (size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
        next = count;
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (size_t i = 1; i < jobs; ++i) threads.emplace_back(loop);
    loop();
  }
  if (first) std::rethrow_exception(first);
}

std::vector<Row> rows_of(const BenchMnistCommand& command) {
  const std::vector<DType> types = parse_types(command.types);
  std::vector<Row> rows;
  for (const std::string& word : command.models) {
    const auto model = std::find_if(models().begin(), models().end(),
                                    [&](const Model& candidate) { return candidate.name == word; });
    if (model == models().end())
      throw Error(fmt::format("unknown model '{}'{}; expected some of: {}", word,
                              did_you_mean(word, bench_mnist_models()),
                              fmt::join(bench_mnist_models(), ", ")));
    for (const DType type : types) rows.push_back({&*model, type});
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

std::vector<std::string> bench_mnist_models() {
  std::vector<std::string> names;
  for (const Model& model : models()) names.emplace_back(model.name);
  return names;
}

ExitCode run(const BenchMnistCommand& command) {
  Output output(command.common);
  std::vector<Row> rows = rows_of(command);
  const data::Split split = data::mnist(command.data);
  const data::Dataset train = first_part(split.train, command.train_fraction);
  const Scratch scratch;
  const size_t jobs = std::min(command.jobs == 0 ? processors() : command.jobs, rows.size());
  const size_t threads = jobs > 1 ? 1 : command.threads;
  std::mutex mutex;
  size_t finished = 0;

  const auto train_one = [&](size_t i) {
    Row& row = rows[i];
    Network network = build(*row.model, train, row.type, command.seed);
    Trainer trainer(network, {.device = command.device,
                              .optimizer = Adam{.rate = 0.01},
                              .schedule = CosineRate{},
                              .batch = 64,
                              .epochs = command.epochs,
                              .threads = threads,
                              .seed = command.seed});
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
