// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <paragon/paragon.hpp>

#include "cli/benchmark.hpp"
#include "cli/options.hpp"

// What `bench accuracy` trains, and the bars that the results must reach.
namespace paragon::cli::accuracy {

enum class Data { kMnist, kFashion };

/// Unset = there is no such bar.
struct Bars {
  std::optional<double> least;   ///< of the mean accuracy, percent
  std::optional<double> margin;  ///< points that it may be below float32's
};

/// A net with its data and its training, which are the same for all types.
struct Task {
  std::string name;   ///< for --tasks
  std::string title;  ///< in tables
  Data data;
  std::string layers;              ///< spec without the input's shape, or
  const benchmark::Model* model;   ///< a model of bench mnist
  std::string storage = "master";  ///< of the weights of integer types
  Training training;
  double fraction;    ///< of the images: the first part is used
  Bars narrow, wide;  ///< of integer types of 8 bits, and of the others
};

/// In the order of the tables.
const std::vector<Task>& tasks();
std::vector<std::string> task_names();
const Task& find_task(std::string_view name);  ///< raises with the nearest name

/// None for floating-point types.
Bars bars_of(const Task& task, DType type);

Network build(const Task& task, const std::vector<size_t>& input, DType type, uint64_t seed);

/// Everything but type and seed that decides what comes out, as text.
std::string settings_of(const Task& task);

std::string_view title_of(Data data);

/// A figure from the literature that stands beside ours.
struct Published {
  std::string task, system, accuracy, how, source;
};
const std::vector<Published>& published();

}  // namespace paragon::cli::accuracy
