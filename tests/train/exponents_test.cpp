// SPDX-License-Identifier: Apache-2.0
// Trainings whose exponents come from the values of the same step.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "backends/cpu/target.hpp"
#include "network/initialise.hpp"
#include "problems.hpp"
#include "raises.hpp"

namespace paragon {
namespace {

using testing::same_parameters;

struct Recipe {
  const char* name;
  Network (*network)(DType);
  Optimizer optimizer;
};

Network dense(DType type) {
  return testing::dense_network(type, {10, 10});
}
Network pure_dense(DType type) {
  return testing::pure(dense(type));
}

constexpr double kRate = 0.05;
const Recipe kRecipes[] = {
    {"dense, momentum", dense, Sgd{.rate = kRate, .momentum = 0.9}},
    {"pure dense, plain", pure_dense, Sgd{.rate = kRate}},
    {"local, Adam", testing::local_network, Adam{.rate = 0.01}},
    {"mixed, AdamW", testing::mixed_network, AdamW{.rate = 0.005}},
    {"replays, RMSprop", testing::replaying_network, RmsProp{.rate = 0.002}},
};

Network trained(const Recipe& recipe, DType type, const std::string& exponents,
                const char* device = "cpu", size_t threads = 1, size_t batch = 32) {
  Network network = recipe.network(type);
  Trainer trainer(network, {.device = device,
                            .optimizer = recipe.optimizer,
                            .exponents = exponents,
                            .batch = batch,
                            .epochs = batch < 70 ? 2u : 1u,
                            .threads = threads,
                            .seed = 9});
  trainer.fit(testing::blobs(network.input_shape(), 70, 10, 1));
  return network;
}

class DynamicExponents : public ::testing::Test {
 protected:
  void TearDown() override { cpu::force_target(cpu::available_targets().back()); }
};

TEST_F(DynamicExponents, EqualBitsEverywhereAndTwins) {
  for (const auto& [type, twin] :
       {std::pair{int8, uint8}, {int16, uint16}, {int32, uint32}, {int64, uint64}})
    for (const Recipe& recipe : kRecipes) {
      SCOPED_TRACE(fmt::format("{} {}", name(type), recipe.name));
      const Network expected = trained(recipe, type, "dynamic", "ref");
      EXPECT_FALSE(same_parameters(expected, recipe.network(type))) << "nothing was learned";
      for (const cpu::Target target : cpu::available_targets()) {
        cpu::force_target(target);
        ASSERT_TRUE(same_parameters(trained(recipe, type, "dynamic", "cpu", 3), expected))
            << cpu::target_name(target);
      }
      EXPECT_TRUE(same_parameters(trained(recipe, twin, "dynamic"), expected));
    }
}

// The first step of a training has dynamic exponents anyway: masters are equal after it, and differ
// later.
TEST_F(DynamicExponents, DifferFromDelayedOnesAfterTheFirstStep) {
  const auto same_values = [](const Network& a, const Network& b) {
    return testing::all_values(a) == testing::all_values(b);
  };
  for (const Recipe& recipe : kRecipes) {
    SCOPED_TRACE(recipe.name);
    EXPECT_TRUE(same_values(trained(recipe, int8, "dynamic", "cpu", 1, 70),
                            trained(recipe, int8, "delayed", "cpu", 1, 70)));
    if (&recipe == &kRecipes[1]) continue;  // without views its exponents hardly move
    EXPECT_FALSE(same_values(trained(recipe, int8, "dynamic"), trained(recipe, int8, "delayed")));
  }
}

TEST_F(DynamicExponents, ViewsFitTheirMasters) {
  for (const DType type : {int8, int16, int64}) {
    const Network network = trained(kRecipes[0], type, "dynamic");
    Network again = network;
    for (detail::Layer& layer : again.state().layers)
      detail::refresh_view(layer.parameters[0], fixed::format_of(type));
    EXPECT_TRUE(same_parameters(network, again)) << name(type);
  }
}

TEST_F(DynamicExponents, OnlyIntegerTypesAndKnownNames) {
  using testing::contains;
  using testing::message_of;
  Network integers = dense(int8), reals = dense(float32);
  EXPECT_TRUE(contains(message_of([&] { Trainer(integers, {.exponents = "dynamik"}); }),
                       "did you mean 'dynamic'?"));
  EXPECT_TRUE(contains(message_of([&] { Trainer(reals, {.exponents = "dynamic"}); }),
                       "expected an integer type"));
}

}  // namespace
}  // namespace paragon
