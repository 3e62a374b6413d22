// SPDX-License-Identifier: Apache-2.0
// Networks whose weights are operands: no masters, every change rounded stochastically.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cmath>

#include "backends/cpu/target.hpp"
#include "core/fixed_point.hpp"
#include "problems.hpp"
#include "raises.hpp"

namespace paragon {
namespace {

using testing::blobs;
using testing::pure;
using testing::same_parameters;

struct Recipe {
  const char* name;
  Network (*network)(DType);
  Optimizer optimizer;
  const char* loss = "cross_entropy";
};

Network dense(DType type) {
  return testing::dense_network(type, {10, 10});
}

const std::vector<Recipe>& recipes() {
  static const std::vector<Recipe> table = {
      {"dense, plain", dense, Sgd{.rate = 0.1}},
      {"dense, momentum and decay", dense,
       Sgd{.rate = 0.05, .momentum = 0.9, .weight_decay = 1e-3}},
      {"local, Adam and decay", testing::local_network, Adam{.rate = 0.01, .weight_decay = 1e-3}},
      {"mixed, AdamW", testing::mixed_network, AdamW{.rate = 0.005, .weight_decay = 0.05}},
      {"mixed, Nesterov, squared error", testing::mixed_network,
       Sgd{.rate = 0.05, .momentum = 0.9, .nesterov = true}, "mean_squared_error"},
      {"replays, RMSprop", testing::replaying_network, RmsProp{.rate = 0.002, .momentum = 0.5}},
  };
  return table;
}

Network trained(const Recipe& recipe, DType type, const char* device, size_t threads) {
  Network network = pure(recipe.network(type));
  Trainer trainer(network, {.device = device,
                            .optimizer = recipe.optimizer,
                            .loss = recipe.loss,
                            .batch = 32,
                            .epochs = 2,
                            .threads = threads,
                            .seed = 9});
  trainer.fit(blobs(network.input_shape(), 70, 10, 1));
  return network;
}

class Pure : public ::testing::Test {
 protected:
  void TearDown() override { cpu::force_target(cpu::available_targets().back()); }
};

TEST_F(Pure, EqualBitsEverywhereAndTwins) {
  const std::pair<DType, DType> twins[] = {
      {int8, uint8}, {int16, uint16}, {int32, uint32}, {int64, uint64}};
  for (const auto& [type, twin] : twins)
    for (const Recipe& recipe : recipes()) {
      SCOPED_TRACE(fmt::format("{} {}", name(type), recipe.name));
      const Network expected = trained(recipe, type, "ref", 1);
      EXPECT_FALSE(same_parameters(expected, pure(recipe.network(type)))) << "nothing was learned";
      for (const cpu::Target target : cpu::available_targets()) {
        cpu::force_target(target);
        ASSERT_TRUE(same_parameters(trained(recipe, type, "cpu", 3), expected))
            << cpu::target_name(target);
      }
      EXPECT_TRUE(same_parameters(trained(recipe, twin, "cpu", 1), expected));
    }
}

TEST_F(Pure, WeightsLiveInTheTypeItself) {
  for (const auto& [type, held] : {std::pair{int8, DType::int8}, {uint16, DType::int16}}) {
    Network network = parse_network("10x10 dense:6:relu dense:3:softmax", type, 3, "pure");
    EXPECT_EQ(network.storage(), "pure");
    Trainer trainer(network, {.batch = 16, .epochs = 1});
    trainer.fit(blobs({10, 10}, 64, 3, 1));
    for (const detail::Layer& layer : network.state().layers) {
      EXPECT_EQ(layer.parameters[0].value.type(), held);
      EXPECT_TRUE(layer.parameters[0].view.empty());
      EXPECT_EQ(layer.parameters[1].value.type(), DType::int32) << "biases have masters";
    }
  }
}

/// Two classes told apart by the first of three features; the third is always zero.
data::Dataset signs() {
  data::Dataset set;
  set.sample_shape = {3};
  set.classes = 2;
  for (int32_t i = 0; i < 16; ++i) {
    set.labels.push_back(i % 2);
    const float x = 0.25f * static_cast<float>(1 + i / 4);
    set.values.insert(set.values.end(), {i % 2 == 0 ? x : -x, 0.3f * x, 0});
  }
  return set;
}

/// The weights, in units of the type, after one plain step.
std::vector<double> after_a_step(Network network, uint64_t seed, double rate) {
  Trainer trainer(network,
                  {.optimizer = Sgd{.rate = rate}, .batch = 16, .epochs = 1, .seed = seed});
  trainer.fit(signs());
  std::vector<double> weights = network.values("dense_1.weights");
  const double unit = std::ldexp(1.0, network.state().layers[0].parameters[0].exponent);
  for (double& weight : weights) weight /= unit;
  return weights;
}

Network one_layer(DType type, const std::string& storage) {
  Network network = parse_network("3 dense:2:softmax", type, 1, storage);
  detail::set_values(network.state(), network.state().layers[0].parameters[0],
                     std::vector<double>{0.5, -0.25, 0.375, 0.125, -0.4375, 0.3125});
  return network;
}

// The random bits are those of the contract, and round the exact step.
TEST_F(Pure, AStepIsRoundedByTheParametersRandomNumbers) {
  constexpr double kRate = 0.02;
  const Network start = one_layer(int8, "pure");
  const detail::Parameter& weights = start.state().layers[0].parameters[0];
  std::vector<double> mean(weights.value.elements()), wanted(mean.size());
  constexpr int kSeeds = 300;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const std::vector<double> got = after_a_step(start, seed, kRate);
    // A network of the same weights with masters shows the step before it is rounded, to 2^-20 of a
    // weight's unit; with the same seed, because errors are rounded at random too.
    Network masters = one_layer(int8, "master");
    Trainer({masters}, {.optimizer = Sgd{.rate = kRate}, .batch = 16, .epochs = 1, .seed = seed})
        .fit(signs());
    const std::vector<double> exact = masters.values("dense_1.weights");
    const uint64_t key = random::make_key({seed, 0, weights.id, 3, 0});
    for (size_t i = 0; i < got.size(); ++i) {
      const auto fine = std::llround(std::ldexp(exact[i], 23 - weights.exponent));
      EXPECT_EQ(got[i], fixed::stochastic_shift(fine, 23, random::bits32(key, i)))
          << "seed " << seed << ", weight " << i;
      mean[i] += got[i] / kSeeds;
      wanted[i] += std::ldexp(exact[i], -weights.exponent) / kSeeds;
    }
  }
  for (size_t i = 0; i < mean.size(); ++i) {
    EXPECT_NEAR(mean[i], wanted[i], 4 * 0.5 / std::sqrt(kSeeds)) << i;
    // Weights of the feature that is always zero have no gradient, and never move.
    EXPECT_EQ(std::abs(wanted[i] - std::round(wanted[i])) < 1e-9, i >= 4) << i;
  }
}

TEST_F(Pure, OnlyIntegerTypesAndKnownNames) {
  using testing::contains;
  using testing::message_of;
  EXPECT_TRUE(contains(message_of([] { parse_network("2 dense:1:relu", int8, 1, "pur"); }),
                       "did you mean 'pure'?"));
  EXPECT_TRUE(contains(message_of([] { parse_network("2 dense:1:relu", float32, 1, "pure"); }),
                       "expected an integer type"));
  EXPECT_EQ(parse_network("2 dense:1:relu", float32).storage(), "master");
}

}  // namespace
}  // namespace paragon
