// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "train/programs.hpp"

namespace paragon {
namespace {

// The first step of a fixed-point training differs from the others in how exponents are found, and
// in nothing else: every phase must write the same slots, the running powers of Adam among them.
TEST(Phases, OfATrainingWriteTheSameSlots) {
  for (const auto& [optimizer, storage] : {std::pair{Optimizer(Adam{}), "master"},
                                           {Optimizer(Adam{}), "pure"},
                                           {Optimizer(Sgd{.momentum = 0.9}), "master"},
                                           {Optimizer(RmsProp{.momentum = 0.5}), "pure"}}) {
    Network network({.input = {6, 6}, .type = int8, .storage = storage});
    network.add(LocallyConnected{.grid = {4, 4}, .field = 3, .activation = "leaky_relu"})
        .add(Dense{.units = 3, .activation = "softmax"});
    const ir::Graph graph =
        train::back_propagation({network.state(), optimizer, 8, 20, DType::uint8});
    ASSERT_EQ(graph.phases().size(), 2u);
    std::set<uint32_t> written[2];
    for (size_t phase = 0; phase < 2; ++phase)
      for (const ir::Assignment& assignment : graph.phases()[phase].assignments)
        written[phase].insert(assignment.slot);
    EXPECT_EQ(written[0], written[1]);
    if (!std::holds_alternative<Adam>(optimizer)) continue;
    for (const char* name : {"beta1_power", "beta2_power"})
      EXPECT_TRUE(written[1].contains(graph.find_slot(0, name))) << name;
  }
}

}  // namespace
}  // namespace paragon
