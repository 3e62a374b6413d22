// SPDX-License-Identifier: Apache-2.0
// What ends a training, what is reported of it, and what it learns besides classes.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "network/values.hpp"
#include "problems.hpp"
#include "raises.hpp"

namespace paragon {
namespace {

using testing::blobs;
using testing::contains;
using testing::message_of;
using testing::same_parameters;

Network small(DType type = float32) {
  Network network({.input = {6, 6}, .type = type, .seed = 4});
  network.add(Dense{.units = 8, .activation = "relu"})
      .add(Dense{.units = 3, .activation = "softmax"});
  return network;
}

TEST(Fit, ValidatesAfterEachEpoch) {
  const data::Dataset train = blobs({6, 6}, 80, 3, 1), other = blobs({6, 6}, 40, 3, 2);
  for (const DType type : {float32, int8}) {
    Network network = small(type);
    Trainer trainer(network, {.epochs = 3});
    const auto history = trainer.fit(train, &other);
    ASSERT_EQ(history.size(), 3u);
    const Report report = evaluate(network, other);
    EXPECT_DOUBLE_EQ(*history.back().validation_accuracy, report.accuracy);
    // In integers a row's loss is a multiple of 2^-16.
    EXPECT_NEAR(*history.back().validation_loss, *report.loss, type == int8 ? 4e-5 : 1e-5);
    EXPECT_EQ(trainer.stop_reason(), StopReason::kFinished);
  }
  // A split keeps the last rows apart: the same as training without them.
  Network split = small(), first = small();
  const auto history = Trainer(split, {.epochs = 2, .validation_split = 0.25}).fit(train);
  Trainer(first, {.epochs = 2}).fit(train.slice(0, 60));
  EXPECT_TRUE(same_parameters(split, first));
  EXPECT_DOUBLE_EQ(*history.back().validation_accuracy,
                   evaluate(first, train.slice(60, 20)).accuracy);
  EXPECT_FALSE(Trainer(first, {.epochs = 1}).fit(train).back().validation_loss.has_value());
}

TEST(Fit, StopsWhenACallbackSaysSo) {
  const data::Dataset train = blobs({6, 6}, 40, 3, 1);
  Network network = small();
  std::vector<size_t> seen;
  Trainer trainer(network, {.epochs = 10, .on_epoch = [&](const EpochStats& stats) {
                              seen.push_back(stats.epoch);
                              return stats.epoch < 3;
                            }});
  EXPECT_EQ(trainer.fit(train).size(), 3u);
  EXPECT_EQ(seen, (std::vector<size_t>{1, 2, 3}));
  EXPECT_EQ(trainer.stop_reason(), StopReason::kCallback);
}

TEST(Fit, StopsWithoutProgressAndKeepsTheBest) {
  const data::Dataset train = blobs({6, 6}, 40, 3, 1), other = blobs({6, 6}, 40, 3, 2);
  // A rate so large that the loss soon rises.
  Network network = small();
  std::vector<double> losses;
  Trainer trainer(network, {.optimizer = Sgd{.rate = 3, .momentum = 0.9},
                            .batch = 8,
                            .epochs = 200,
                            .on_epoch =
                                [&](const EpochStats& stats) {
                                  losses.push_back(*stats.validation_loss);
                                  return true;
                                },
                            .patience = 4,
                            .keep_best = true});
  const auto history = trainer.fit(train, &other);
  EXPECT_EQ(trainer.stop_reason(), StopReason::kPatience);
  const auto best = std::min_element(losses.begin(), losses.end());
  EXPECT_EQ(losses.end() - best - 1, 4);
  EXPECT_EQ(history.size(), losses.size());
  // The network has the parameters of the best epoch.
  Network again = small();
  const auto epochs = static_cast<size_t>(best - losses.begin()) + 1;
  Trainer(again, {.optimizer = Sgd{.rate = 3, .momentum = 0.9}, .batch = 8, .epochs = epochs})
      .fit(train);
  EXPECT_TRUE(same_parameters(network, again));
}

TEST(Fit, StopsOnANegativeLoss) {
  // No built-in loss is negative, so the option must never end a training by itself.
  const data::Dataset train = blobs({6, 6}, 40, 3, 1);
  Network network = small();
  Trainer trainer(network, {.epochs = 4, .stop_on_negative_loss = true});
  EXPECT_EQ(trainer.fit(train).size(), 4u);
  EXPECT_EQ(trainer.stop_reason(), StopReason::kFinished);
}

TEST(Fit, StopsOnNaNWithTheLastGoodParameters) {
  data::Dataset train = testing::with_values(blobs({6, 6}, 40, 3, 1), 0, 1);
  train.values[17] = std::numeric_limits<float>::quiet_NaN();
  Network network = small();
  const Network before = network;
  Trainer trainer(network, {.epochs = 5});
  const auto history = trainer.fit(train);
  EXPECT_EQ(trainer.stop_reason(), StopReason::kNotFinite);
  EXPECT_EQ(history.size(), 1u);
  EXPECT_TRUE(std::isnan(history[0].loss));
  EXPECT_TRUE(same_parameters(network, before));
}

TEST(Fit, RateOfTheOptionsReplacesTheOptimizers) {
  const data::Dataset train = blobs({6, 6}, 40, 3, 1);
  Network a = small(), b = small();
  Trainer(a, {.optimizer = Adam{.rate = 1}, .rate = 0.02, .epochs = 1}).fit(train);
  Trainer(b, {.optimizer = Adam{.rate = 0.02}, .epochs = 1}).fit(train);
  EXPECT_TRUE(same_parameters(a, b));
}

// y = (x0 - x1, x0 x1), numbers beyond +-1.
data::Dataset curve(size_t rows, uint64_t seed) {
  data::Dataset set;
  set.sample_shape = {2};
  set.target_width = 2;
  for (size_t row = 0; row < rows; ++row) {
    const auto number = [&](uint64_t i) {
      return static_cast<float>(random::bits32(seed, row * 2 + i) >> 8) * 0x1p-23f * 2 - 2;
    };
    const float x = number(0), y = number(1);
    set.values.insert(set.values.end(), {x, y});
    set.targets.insert(set.targets.end(), {x - y, x * y});
  }
  return set;
}

TEST(Regression, LearnsNumbersInEveryType) {
  const data::Dataset train = curve(1000, 1), test = curve(200, 2);
  for (const DType type : {float32, float64, int8, int16, int32, int64}) {
    Network network({.input = {2}, .type = type, .seed = 2});
    network.add(Dense{.units = 32, .activation = "tanh"}).add(Dense{.units = 2});
    Trainer trainer(network, {.optimizer = Adam{.rate = 0.01},
                              .schedule = CosineRate{},
                              .loss = "mean_squared_error",
                              .batch = 20,
                              .epochs = 30});
    const auto history = trainer.fit(train, &test);
    // Seven bits of a range of 4 are steps of 1/16.
    const double expected = type == int8 ? 0.02 : 0.006;
    EXPECT_LT(*history.back().validation_loss, expected) << name(type);
    EXPECT_FALSE(history.back().validation_accuracy.has_value());
    const Report report = evaluate(network, test);
    EXPECT_EQ(report.count, 400u);
    ASSERT_TRUE(report.root_mean_square_error.has_value());
    EXPECT_NEAR(*report.root_mean_square_error * *report.root_mean_square_error,
                *history.back().validation_loss, 1e-5)
        << name(type);
  }
}

// The bias is larger than any product: it must not be cut to the range of the sums.
TEST(Regression, ALargeBiasBesideASmallSumKeepsItsValue) {
  for (const DType type : network_types()) {
    Network network({.input = {1}, .type = type});
    network.add(Dense{.units = 1, .name = "y"});
    detail::NetworkState& state = network.state();
    for (detail::Parameter& parameter : state.layers[0].parameters)
      detail::set_values(state, parameter,
                         std::vector<double>{parameter.role == "bias" ? 0.5 : 0.125});
    for (const char* device : {"ref", "cpu"}) {
      Predictor predictor(network, {.device = device});
      float y = 0;
      const float x = 0.75f;
      predictor.run({&x, 1}, {&y, 1});
      EXPECT_NEAR(y, 0.59375, 0.01) << name(type) << " " << device;
    }
  }
}

TEST(Regression, SquaredErrorOfClassesIsThatOfOneHotRows) {
  data::Dataset classes = testing::with_values(blobs({6, 6}, 50, 3, 1), 0, 1), numbers = classes;
  numbers.labels.clear();
  numbers.classes = 0;
  numbers.target_width = 3;
  for (const int32_t label : classes.labels)
    for (int32_t k = 0; k < 3; ++k) numbers.targets.push_back(k == label ? 1.0f : 0.0f);
  for (const DType type : {float32, float64}) {
    Network a = small(type), b = small(type);
    const TrainerOptions options{.loss = "mean_squared_error", .batch = 16, .epochs = 2};
    Trainer(a, options).fit(classes);
    Trainer(b, options).fit(numbers);
    EXPECT_TRUE(same_parameters(a, b)) << name(type);
  }
}

TEST(Fit, RefusesWhatCannotBe) {
  const data::Dataset classes = blobs({6, 6}, 20, 3, 1), numbers = curve(20, 1);
  const auto fit = [&](TrainerOptions options, const data::Dataset& set) {
    Network network = small();
    return message_of([&] { Trainer(network, std::move(options)).fit(set); });
  };
  EXPECT_TRUE(contains(fit({.loss = "cross_entropi"}, classes), "did you mean 'cross_entropy'"));
  EXPECT_TRUE(contains(fit({.validation_split = 1}, classes), "validation_split"));
  EXPECT_TRUE(contains(fit({.validation_split = 0.01}, classes), "leaves nothing to validate"));
  EXPECT_TRUE(contains(fit({.clip = {.lower = 1, .upper = 0}}, classes), "lower"));
  EXPECT_TRUE(contains(fit({.clip = {.norm = 0}}, classes), "norm"));
  EXPECT_TRUE(contains(fit({.optimizer = Sgd{.nesterov = true}}, classes), "nesterov"));
  EXPECT_TRUE(contains(fit({.resume = true}, classes), "no checkpoint"));
  Network two({.input = {2}});
  two.add(Dense{.units = 2});
  EXPECT_TRUE(contains(message_of([&] { Trainer(two).fit(numbers); }), "cross_entropy"));
  Network three({.input = {2}});
  three.add(Dense{.units = 3});
  EXPECT_TRUE(
      contains(message_of([&] { Trainer(three, {.loss = "mean_squared_error"}).fit(numbers); }),
               "2 targets"));
}

}  // namespace
}  // namespace paragon
