// SPDX-License-Identifier: Apache-2.0
#include "cli/accuracy/tasks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include <paragon/support.hpp>

namespace paragon::cli::accuracy {
namespace {

Training sgd(double rate, double weight_decay, size_t epochs) {
  return {.optimizer = "sgd",
          .rate = rate,
          .momentum = 0.9,
          .weight_decay = weight_decay,
          .schedule = "cosine",
          .epochs = epochs,
          .batch = 64};
}

Training adam(double rate, size_t epochs) {
  return {.optimizer = "adam", .rate = rate, .schedule = "cosine", .epochs = epochs, .batch = 64};
}

constexpr const char* kMlp512 = "dense:512:relu dense:10:softmax";

// The one table. Rates, weight decays and epochs are those with which float32 did best in a search
// with two seeds (docs/accuracy.md).
std::vector<Task> make_tasks() {
  std::vector<Task> table = {
      {.name = "mlp-100-50",
       .title = "784-100-50-10",
       .data = Data::kMnist,
       .layers = "dense:100:relu dense:50:relu dense:10:softmax",
       .model = nullptr,
       .training = sgd(0.05, 3e-4, 20),
       .fraction = 1,
       .narrow = {97.8, 0.2},
       .wide = {97.8, 0.1}},
      {.name = "mlp-512",
       .title = "784-512-10",
       .data = Data::kMnist,
       .layers = kMlp512,
       .model = nullptr,
       .training = sgd(0.1, 0, 20),
       .fraction = 1,
       .narrow = {98.3, 0.15},
       .wide = {98.3, 0.1}},
      {.name = "mlp-512-adam",
       .title = "784-512-10, Adam",
       .data = Data::kMnist,
       .layers = kMlp512,
       .model = nullptr,
       .training = adam(0.002, 10),
       .fraction = 1,
       .narrow = {{}, 0.2},
       .wide = {{}, 0.15}},
      {.name = "fashion",
       .title = "784-200-100-50-10",
       .data = Data::kFashion,
       .layers = "dense:200:relu dense:100:relu dense:50:relu dense:10:softmax",
       .model = nullptr,
       .training = sgd(0.02, 3e-4, 30),
       .fraction = 1,
       .narrow = {89.0, 0.4},
       .wide = {89.0, 0.2}},
      {.name = "pure-256",
       .title = "784-256-10, pure storage",
       .data = Data::kMnist,
       .layers = "dense:256:relu dense:10:softmax",
       .model = nullptr,
       .storage = "pure",
       .training = sgd(0.05, 0, 20),
       .fraction = 1,
       .narrow = {97.5, {}},
       .wide = {98.0, {}}},
  };
  for (const benchmark::Model& model : benchmark::models()) {
    const BenchMnistCommand benchmark;
    Training training = benchmark::training();
    training.epochs = benchmark.epochs;
    table.push_back({.name = fmt::format("local-{}", model.name),
                     .title = fmt::format("local net, {}", model.name),
                     .data = Data::kMnist,
                     .layers = "",
                     .model = &model,
                     .training = training,
                     .fraction = benchmark.train_fraction,
                     .narrow = {{}, 0.4},
                     .wide = {{}, 0.2}});
  }
  return table;
}

}  // namespace

const std::vector<Task>& tasks() {
  static const std::vector<Task> table = make_tasks();
  return table;
}

std::vector<std::string> task_names() {
  std::vector<std::string> names;
  for (const Task& task : tasks()) names.push_back(task.name);
  return names;
}

const Task& find_task(std::string_view name) {
  const auto task = std::find_if(tasks().begin(), tasks().end(),
                                 [&](const Task& candidate) { return candidate.name == name; });
  if (task == tasks().end())
    throw Error(fmt::format("unknown task '{}'{}; expected some of: {}", name,
                            did_you_mean(name, task_names()), fmt::join(task_names(), ", ")));
  return *task;
}

Bars bars_of(const Task& task, DType type) {
  if (is_float(type)) return {};
  return info(type).bits == 8 ? task.narrow : task.wide;
}

Network build(const Task& task, const std::vector<size_t>& input, DType type, uint64_t seed) {
  if (task.model != nullptr) return benchmark::build(*task.model, input, type, seed);
  const std::string storage = is_float(type) ? Task().storage : task.storage;
  // A spec has the width first.
  return parse_network(fmt::format("{}x{} {}", input[1], input[0], task.layers), type, seed,
                       storage);
}

std::string_view title_of(Data data) {
  return data == Data::kMnist ? "MNIST" : "Fashion-MNIST";
}

std::string settings_of(const Task& task) {
  const Training& training = task.training;
  std::string text = fmt::format(
      "{}; {}; {}",
      task.model != nullptr ? fmt::format("bench mnist {}", task.model->name) : task.layers,
      title_of(task.data), training.optimizer);
#define PARAGON_SETTING(option, member, low, high, help) \
  if (training.member && (*training.member != 0))        \
    text += fmt::format(" {} {}", std::string_view(option).substr(2), *training.member);
#include "cli/settings.def"
  text +=
      fmt::format(", {}, batch {}, {} epochs", training.schedule, training.batch, training.epochs);
  if (task.fraction < 1)
    text += fmt::format(" of the first {:.6g} % of the images", 100 * task.fraction);
  return text;
}

const std::vector<Published>& published() {
  static const std::vector<Published> table = {
#define PARAGON_PUBLISHED(task, system, accuracy, how, source) \
  {task, system, accuracy, how, source},
#include "cli/accuracy/published.def"
  };
  return table;
}

}  // namespace paragon::cli::accuracy
