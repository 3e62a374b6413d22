// SPDX-License-Identifier: Apache-2.0
#include <fmt/ostream.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <set>

#include <paragon/paragon.hpp>
#include <paragon/support.hpp>

#include "cli/accuracy/results.hpp"
#include "cli/accuracy/tables.hpp"
#include "cli/build.hpp"
#include "cli/commands.hpp"
#include "cli/jobs.hpp"
#include "cli/output.hpp"

// How well each type learns beside float32, with bars (docs/accuracy.md).
namespace paragon::cli {
namespace {

using accuracy::Data;
using accuracy::Results;
using accuracy::Task;
using accuracy::Trained;

constexpr size_t kLargestFile = 16 << 20;

/// The text of a file, "" if there is none.
std::string text_of(const std::string& path) {
  return std::filesystem::exists(path) ? read_file(path, kLargestFile) : "";
}

/// The table with what the command line changes of it.
std::vector<Task> tasks_of(const BenchAccuracyCommand& command) {
  std::vector<Task> tasks = accuracy::tasks();
  for (Task& task : tasks) {
    if (command.epochs) task.training.epochs = *command.epochs;
    task.fraction *= command.train_fraction;
  }
  return tasks;
}

struct Job {
  const Task* task;
  DType type;
  uint64_t seed;
  double cost;  ///< about proportional to the time it takes
};

/// The wished trainings whose results are not there yet, the longest first.
std::vector<Job> jobs_of(const BenchAccuracyCommand& command, const std::vector<Task>& tasks,
                         Results& results) {
  const std::vector<std::string> wished =
      command.tasks.empty() ? accuracy::task_names() : command.tasks;
  for (const std::string& word : wished) accuracy::find_task(word);
  const std::vector<DType> types = parse_types(command.types);
  std::vector<Job> jobs;
  for (const Task& task : tasks) {
    if (std::find(wished.begin(), wished.end(), task.name) == wished.end()) continue;
    const auto parameters =
        static_cast<double>(accuracy::build(task, {28, 28}, float32, 1).parameters());
    for (const DType type : std::set(types.begin(), types.end()))
      for (const uint64_t seed : std::set(command.seeds.begin(), command.seeds.end()))
        if (!results.row(task, type).by_seed.contains(seed))
          jobs.push_back({&task, type, seed,
                          parameters * static_cast<double>(task.training.epochs) *
                              static_cast<double>(info(type).bits)});
  }
  std::stable_sort(jobs.begin(), jobs.end(),
                   [](const Job& a, const Job& b) { return a.cost > b.cost; });
  return jobs;
}

/// Reads the data sets that the jobs need.
std::map<Data, data::Split> data_of(const BenchAccuracyCommand& command,
                                    const std::vector<Job>& jobs) {
  std::map<Data, data::Split> data;
  for (const Job& job : jobs) {
    const Data which = job.task->data;
    if (!data.contains(which))
      data[which] = data::mnist(which == Data::kMnist ? command.data : command.fashion);
  }
  return data;
}

Trained train(const Job& job, const data::Dataset& train, const data::Dataset& test,
              const std::string& device, size_t threads) {
  Network network = accuracy::build(*job.task, train.sample_shape, job.type, job.seed);
  Training training = job.task->training;
  training.seed = job.seed;
  training.place = {.device = device, .threads = threads};
  Trainer trainer(network, build_options(training));
  const auto start = std::chrono::steady_clock::now();
  const std::vector<EpochStats> epochs = trainer.fit(train);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const Report report = evaluate(network, test, {.device = device, .threads = threads});
  return {report.accuracy, epochs.empty() ? 0 : epochs.back().loss, seconds.count()};
}

}  // namespace

ExitCode run(const BenchAccuracyCommand& command) {
  Output output(command.common);
  const std::string& file = command.common.json;
  const bool in_file = !file.empty() && file != "-";
  if (command.resume && !in_file) throw Error("--resume needs --json FILE");
  const std::vector<Task> tasks = tasks_of(command);
  Results results(tasks);
  if (command.resume && std::filesystem::exists(file)) results.read(text_of(file), file);
  if (!command.markdown.empty()) {
    require_writable(command.markdown);
    accuracy::renewed(text_of(command.markdown), "", command.markdown);
  }
  const std::vector<Job> jobs = jobs_of(command, tasks, results);
  const std::map<Data, data::Split> data = data_of(command, jobs);
  std::map<const Task*, data::Dataset> parts;  // copies, made once
  for (const Job& job : jobs)
    if (!parts.contains(job.task))
      parts[job.task] = first_part(data.at(job.task->data).train, job.task->fraction);

  const size_t side_by_side =
      std::min(command.jobs == 0 ? processors() : command.jobs, jobs.size());
  std::mutex mutex;
  size_t finished = 0;
  run_jobs(jobs.size(), side_by_side, [&](size_t i) {
    const Job& job = jobs[i];
    const Trained trained = train(job, parts.at(job.task), data.at(job.task->data).test,
                                  command.device, side_by_side > 1 ? 1 : 0);
    const std::lock_guard lock(mutex);
    results.row(*job.task, job.type).by_seed[job.seed] = trained;
    if (in_file) write_file(file, results.json());  // a run may be long: what is done stays
    ++finished;
    if (!command.common.quiet)
      fmt::print(std::cerr, "{}/{}  {} {} seed {}  {:.1f} s  {:.2f} %\n", finished, jobs.size(),
                 job.task->name, name(job.type), job.seed, trained.seconds, trained.accuracy);
  });

  accuracy::print(output.screen(), results);
  if (!command.markdown.empty())
    write_file(command.markdown, accuracy::renewed(text_of(command.markdown),
                                                   accuracy::markdown(results), command.markdown));
  output.finish_text(results.json());
  const bool met = std::all_of(results.rows().begin(), results.rows().end(), [&](const auto& row) {
    return row.by_seed.empty() || results.figures(row).met();
  });
  if (!met) fmt::print(std::cerr, "paragon: a bar is not met\n");
  return met || !command.strict ? kFine : kCheckFailed;
}

}  // namespace paragon::cli
