// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "io/state_of.hpp"
#include "raises.hpp"

// Damaged files raise Error or give a network that passes its own checks, never anything else.
namespace paragon::io {
namespace {

/// Small models of every kind of layer and replay, trained and untrained.
std::vector<Network> small_models(DType type) {
  std::vector<Network> models;
  models.push_back(parse_network("2 dense:2:relu dense:2:softmax", type));
  models.push_back(parse_network("2x2 local:2x2:gelu:field=1", type));
  Network wired({.input = {2}, .type = type});
  namespace g = paragon::gate;
  const Replay replay{.mode = "loop",
                      .budget = 2,
                      .gate = "expression",
                      .expression = g::largest(g::activations()) * 0.5,
                      .map = {{0.5, 2}}};
  wired.add(Wired{.grid = {2, 1},
                  .sources = {{{0, 1}}, {}},
                  .activations = {"relu", "tanh"},
                  .replay = replay});
  if (testing::is_fixed(type)) {
    wired.state().layers[0].output_exponents = {{0, -7}};
    wired.state().input_exponent = 2;
  }
  Tensor state(testing::is_fixed(type) ? DType::int64 : type, {2, 1});
  wired.state().training = detail::TrainingState{4, 1, 2, {{2, "variance", state}}};
  models.push_back(wired);
  return models;
}

/// Runs the network; some other error than Error, or a sanitizer's, fails the test.
void use(const Network& network) {
  size_t features = 1;
  for (const size_t extent : network.input_shape()) features *= extent;
  if (features > 1000 || network.parameters() > 1000) return;
  try {
    Predictor predictor(network, {.device = "ref", .batch = 2});
    const std::vector<float> in(2 * features, 0.5f);
    std::vector<float> out(2 * network.outputs());
    predictor.run(in, out);
  } catch (const Error&) {
  }
}

TEST(Damage, TruncatedFilesAreRefused) {
  for (const DType type : network_types())
    for (const Network& network : small_models(type)) {
      const std::string good = model_text(network);
      for (size_t length = 0; length + 2 < good.size(); ++length)
        EXPECT_THROW(parse_model(std::string_view(good).substr(0, length)), Error);
    }
}

TEST(Damage, FlippedBitsAreRefusedOrHarmless) {
  for (const DType type : {float32, float64, int8, uint16, int32, uint64, int_})
    for (const Network& network : small_models(type)) {
      const std::string good = model_text(network);
      size_t refused = 0, loaded = 0;
      for (size_t i = 0; i < 8 * good.size(); ++i) {
        std::string bad = good;
        bad[i / 8] = static_cast<char>(bad[i / 8] ^ (1 << i % 8));
        try {
          const Network other = parse_model(bad);
          if (++loaded % 40 == 0) {
            use(other);
            testing::expect_equal(other, parse_model(model_text(other)));
          }
        } catch (const Error&) {
          ++refused;
        }
      }
      EXPECT_GT(refused, good.size());
      EXPECT_GT(loaded, 40u);
    }
}

TEST(Damage, ExtremeNumbersRun) {
  for (const DType type : network_types())
    for (const int exponent : {-kExponentLimit, 0, kExponentLimit}) {
      Network network = testing::network_of_all_layers(type, testing::replays()[4]);
      testing::make_unusual(network);
      for (detail::Layer& layer : network.state().layers)
        for (detail::Parameter& parameter : layer.parameters) {
          parameter.view_exponent += exponent - parameter.exponent;
          parameter.exponent = exponent;
        }
      use(parse_model(model_text(network)));
    }
}

}  // namespace
}  // namespace paragon::io
