// SPDX-License-Identifier: Apache-2.0
#include "cli/benchmark.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include <paragon/support.hpp>

namespace paragon::cli::benchmark {

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

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const Model& model : models()) names.emplace_back(model.name);
  return names;
}

const Model& find_model(std::string_view name) {
  const auto model = std::find_if(models().begin(), models().end(),
                                  [&](const Model& candidate) { return candidate.name == name; });
  if (model == models().end())
    throw Error(fmt::format("unknown model '{}'{}; expected some of: {}", name,
                            did_you_mean(name, names()), fmt::join(names(), ", ")));
  return *model;
}

Network build(const Model& model, const std::vector<size_t>& input, DType type, uint64_t seed) {
  Network network({.input = input, .type = type, .seed = seed});
  const auto local = [&](const Replay& replay) {
    network.add(LocallyConnected{
        .grid = {16, 16}, .field = 5, .activation = "leaky_relu", .replay = replay});
  };
  local(model.first);
  if (model.has_second) local(model.second);
  network.add(Dense{.units = 10, .activation = "softmax"});
  return network;
}

Training training() {
  return {.optimizer = "adam", .rate = 0.01, .schedule = "cosine", .batch = 64};
}

}  // namespace paragon::cli::benchmark
