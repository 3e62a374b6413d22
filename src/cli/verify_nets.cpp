// SPDX-License-Identifier: Apache-2.0
#include "cli/verify_nets.hpp"

#include <utility>

namespace paragon::cli {
namespace {

constexpr const char* kDense = "10x10 dense:33:relu dense:5:softmax";
constexpr const char* kLocal =
    "10x10 local:7x6:leaky_relu:field=4 local:5x5:relu:field=3 dense:5:softmax";

/// 90 samples in batches of 20: the last batch of each of three epochs is padded.
TrainerOptions training(Optimizer optimizer, Schedule schedule = ConstantRate{},
                        GradientClip clip = {}, std::string loss = "cross_entropy") {
  return {.optimizer = std::move(optimizer),
          .schedule = schedule,
          .clip = clip,
          .loss = std::move(loss),
          .batch = 20,
          .epochs = 3,
          .seed = 2};
}

TrainerOptions sized(TrainerOptions options, size_t batch, size_t epochs) {
  options.batch = batch;
  options.epochs = epochs;
  return options;
}

TrainerOptions seeded(TrainerOptions options, uint64_t seed) {
  options.seed = seed;
  return options;
}

Dense output() {
  return {.units = 5, .activation = "softmax"};
}

TrainerOptions dynamic(TrainerOptions options) {
  options.exponents = "dynamic";
  return options;
}

VerifyNet pure(VerifyNet net) {
  net.storage = "pure";
  return net;
}

/// A local layer behind one of equal shape, replayed, and the output.
VerifyNet replayed(std::string name, Replay replay, TrainerOptions options) {
  return {std::move(name),
          "10x10 local:6x6:leaky_relu:field=5",
          std::move(options),
          {},
          [replay = std::move(replay)](Network& network) {
            network.add(LocallyConnected{
                .grid = {6, 6}, .field = 4, .activation = "leaky_relu", .replay = replay});
            network.add(output());
          }};
}

/// Neurons with activations of their own and different numbers of sources in two layers.
void add_wired(Network& network) {
  network.add(Dense{.units = 20, .activation = "softmax", .name = "second"});
  Wired wired{.grid = {5, 3}};
  const std::vector<std::string> kinds = {"tanh", "sigmoid", "elu", "swish", "leaky_relu"};
  for (uint32_t i = 0; i < 15; ++i) {
    wired.activations.push_back(kinds[i % kinds.size()]);
    wired.sources.emplace_back();
    for (uint32_t k = 0; k <= i % 7; ++k)
      wired.sources.back().push_back({k % 2, (i * 5 + k * 3) % 20});
  }
  network.add_reading(wired, {"second", "dense_1"});
  network.add(output());
}

const Sgd kMomentum{.rate = 0.05, .momentum = 0.9};
const Adam kAdam{.rate = 0.01};

}  // namespace

const std::vector<VerifyNet>& verify_nets() {
  static const std::vector<VerifyNet> table = {
      {"dense-sgd", kDense, training(Sgd{.rate = 0.1})},
      {"dense-momentum", kDense, training(kMomentum, StepRate{.every = 1, .factor = 0.3})},
      {"dense-nesterov", kDense,
       training(Sgd{.rate = 0.05, .momentum = 0.8, .nesterov = true}, CosineRate{})},
      {"dense-decay", kDense,
       training(Sgd{.rate = 0.05, .momentum = 0.9, .weight_decay = 1e-2}, CosineRate{})},
      {"dense-rmsprop", kDense, training(RmsProp{.rate = 2e-3})},
      {"dense-rmsprop-momentum", kDense,
       training(RmsProp{.rate = 1e-3, .decay = 0.9, .momentum = 0.5, .weight_decay = 1e-3},
                CosineRate{})},
      {"dense-adam", kDense, training(kAdam, CosineRate{})},
      {"dense-adam-decay", kDense,
       training(Adam{.rate = 3e-3, .beta1 = 0.8, .beta2 = 0.99, .weight_decay = 1e-2})},
      {"dense-adamw", kDense,
       training(AdamW{.rate = 5e-3, .weight_decay = 0.05}, StepRate{.every = 2, .factor = 0.5})},
      {"dense-clip-elements", kDense,
       training(kMomentum, CosineRate{}, {.lower = -0.01, .upper = 0.02})},
      {"dense-clip-norm", kDense, training(kMomentum, CosineRate{}, {.norm = 0.5})},
      {"dense-squared-error", kDense,
       training(kMomentum, ConstantRate{}, {}, "mean_squared_error")},
      {"dense-regression",
       "10x10 dense:24:gelu dense:7:linear",
       training(kAdam, CosineRate{}, {}, "mean_squared_error"),
       {.real = true, .targets = 7}},
      {"dense-real-features", kDense, training(kMomentum), {.real = true}},
      {"dense-linear", "10x10 dense:24:linear dense:18:linear dense:5:softmax",
       training(kMomentum)},
      {"dense-smooth",
       "10x10 dense:26:gelu dense:23:tanh dense:21:elu dense:19:swish dense:17:sigmoid "
       "dense:5:softmax",
       training(kAdam)},
      {"dense-one-sample", kDense, sized(training(kMomentum), 1, 1), {.samples = 40}},
      {"dense-seeds", kDense, seeded(training(kMomentum), ~uint64_t{2}), {}, {}, uint64_t{1} << 63},
      // Large enough that several threads share its products and updates.
      {"dense-wide",
       "16x16 dense:160:relu dense:10:softmax",
       sized(training(kMomentum), 64, 2),
       {.samples = 150}},
      {"local-momentum", kLocal, training(kMomentum, CosineRate{})},
      {"local-adam", kLocal, training(kAdam)},
      {"wired-adamw",
       "10x10 dense:24:gelu",
       training(AdamW{.rate = 5e-3, .weight_decay = 0.05}),
       {},
       add_wired},
      replayed("replay-repeat", {.times = 1}, training(kMomentum)),
      replayed("replay-repeat-before", {.span = 1, .phase = "before", .times = 2, .gain = 1.25},
               training(kMomentum)),
      replayed("replay-loop", {.mode = "loop", .times = 3}, training(kMomentum)),
      replayed("replay-loop-before", {.phase = "before", .mode = "loop", .times = 2},
               training(kAdam)),
      replayed("replay-constant",
               {.mode = "loop",
                .budget = 3,
                .gate = "constant",
                .gate_value = 0.6,
                .map = {{0.8, 3}, {0.5, 2}}},
               training(kMomentum)),
      replayed("replay-mean",
               {.span = 1, .budget = 3, .gate = "mean", .map = {{0.3, 1}}, .otherwise = 0},
               training(kMomentum)),
      replayed("replay-max",
               {.mode = "loop",
                .budget = 2,
                .gate = "max",
                .map = {{1.75, 2}, {1.25, 1}},
                .otherwise = 0},
               training(kMomentum)),
      replayed("replay-entropy",
               {.mode = "loop",
                .budget = 2,
                .gate = "entropy",
                .map = {{0.95, 2}, {0.9, 1}},
                .otherwise = 0},
               training(RmsProp{.rate = 2e-3})),
      replayed("replay-change",
               {.mode = "loop",
                .budget = 2,
                .gate = "change",
                .map = {{1.3, 2}, {1.1, 1}},
                .otherwise = 0},
               training(kAdam)),
      replayed("replay-expression",
               {.budget = 2,
                .gate = "expression",
                .expression = parse_expression("(subtract 1 (mean (abs activations)))"),
                .map = {{0.8, 2}, {0.7, 1}},
                .otherwise = 0},
               training(kMomentum)),
      pure({"pure-sgd", kDense, training(Sgd{.rate = 0.1})}),
      pure({"pure-momentum", kDense, training(kMomentum, CosineRate{})}),
      pure({"pure-adamw", kDense, training(AdamW{.rate = 5e-3, .weight_decay = 0.05})}),
      pure({"pure-local", kLocal, training(kAdam, StepRate{.every = 1, .factor = 0.5})}),
      {"dynamic-dense", kDense, dynamic(training(kMomentum))},
      {"dynamic-local", kLocal, dynamic(training(kAdam, CosineRate{}))},
      pure({"dynamic-pure", kLocal, dynamic(training(kMomentum))}),
  };
  return table;
}

Network make_network(const VerifyNet& net, DType type) {
  const std::string storage = is_float(type) ? "master" : net.storage;
  Network network = parse_network(net.layers, type, net.seed, storage);
  if (net.more) net.more(network);
  return network;
}

data::Dataset make_data(const VerifyNet& net, const Network& network) {
  data::SyntheticOptions options = net.data;
  options.sample_shape = network.input_shape();
  if (options.samples == 0) options.samples = 90;
  options.classes = network.outputs();
  options.seed = 3;
  return data::synthetic(options);
}

}  // namespace paragon::cli
