// SPDX-License-Identifier: Apache-2.0
#include "cli/build.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <variant>

namespace paragon::cli {
namespace {

/// Sets a member of an optimizer or schedule if the command line has a value for it; raises if this
/// one has no such member. `member` gives the member's reference where there is one.
template <class Config, class Member, class T>
void set(Config& config, Member member, const std::optional<T>& value, std::string_view option,
         std::string_view owner) {
  if (!value) return;
  if constexpr (requires { member(config); })
    member(config) = *value;
  else
    throw Error(fmt::format("{} does not go with {}", option, owner));
}

constexpr auto kNesterov = [](auto& config) -> decltype((config.nesterov)) {
  return config.nesterov;
};
constexpr auto kEvery = [](auto& config) -> decltype((config.every)) { return config.every; };
constexpr auto kFactor = [](auto& config) -> decltype((config.factor)) { return config.factor; };

Optimizer build_optimizer(const Training& training) {
  Optimizer optimizer = make_optimizer(training.optimizer);
  const std::string owner = "--optimizer " + training.optimizer;
  std::visit(
      [&](auto& config) {
#define PARAGON_SETTING(option, name, low, high, help)                                        \
  set(                                                                                        \
      config, [](auto& of) -> decltype((of.name)) { return of.name; }, training.name, option, \
      owner);
#include "cli/settings.def"
        const std::optional<bool> nesterov = training.nesterov ? std::optional(true) : std::nullopt;
        set(config, kNesterov, nesterov, "--nesterov", owner);
      },
      optimizer);
  return optimizer;
}

Schedule build_schedule(const Training& training) {
  Schedule schedule = make_schedule(training.schedule);
  const std::string owner = "--schedule " + training.schedule;
  std::visit(
      [&](auto& config) {
        set(config, kEvery, training.every, "--every", owner);
        set(config, kFactor, training.factor, "--factor", owner);
      },
      schedule);
  return schedule;
}

}  // namespace

Network build_network(const Described& described, uint64_t seed) {
  return parse_network(described.layers, parse_dtype(described.type), seed, described.storage);
}

TrainerOptions build_options(const Training& training) {
  TrainerOptions options;
  options.device = training.place.device;
  options.threads = training.place.threads;
  options.optimizer = build_optimizer(training);
  options.schedule = build_schedule(training);
  options.clip = {training.clip_lower, training.clip_upper, training.clip_norm};
  options.loss = training.loss;
  options.exponents = training.exponents;
  options.batch = training.batch;
  options.epochs = training.epochs;
  options.seed = training.seed;
  return options;
}

std::vector<DType> parse_types(const std::vector<std::string>& words) {
  if (words == std::vector<std::string>{"all"}) return network_types();
  std::vector<DType> types;
  for (const std::string& word : words) types.push_back(parse_dtype(word));
  return types;
}

data::Dataset first_part(const data::Dataset& train, double fraction) {
  const auto count =
      static_cast<size_t>(std::llround(fraction * static_cast<double>(train.size())));
  return train.slice(0, std::clamp<size_t>(count, 1, train.size()));
}

data::Dataset random_data(const Network& network, size_t count) {
  data::Dataset data;
  data.sample_shape = network.input_shape();
  data.classes = network.outputs();
  std::mt19937 random(1);
  std::uniform_real_distribution<float> value(0, 1);
  std::uniform_int_distribution<int32_t> label(0, static_cast<int32_t>(data.classes) - 1);
  data.values.resize(count * data.features());
  data.labels.resize(count);
  for (float& v : data.values) v = value(random);
  for (int32_t& l : data.labels) l = label(random);
  return data;
}

}  // namespace paragon::cli
