// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <paragon/paragon.hpp>

#include "core/random.hpp"
#include "network/state.hpp"
#include "network/values.hpp"
#include "runtime/backend.hpp"

namespace paragon::testing {

/// Classes as blobs: class c lights its own third of the features, on top of noise.
inline data::Dataset blobs(const std::vector<size_t>& shape, size_t samples, size_t classes,
                           uint64_t seed) {
  data::Dataset set;
  set.sample_shape = shape;
  set.classes = classes;
  const size_t features = set.features();
  for (size_t row = 0; row < samples; ++row) {
    const auto label = static_cast<size_t>(random::bits64(seed, row) % classes);
    set.labels.push_back(static_cast<int32_t>(label));
    for (size_t i = 0; i < features; ++i) {
      const uint32_t noise = random::bits32(seed + 1, row * features + i) % 120;
      set.bytes.push_back(
          static_cast<uint8_t>(noise + (i * classes / features == label ? 130 : 0)));
    }
  }
  return set;
}

/// The same with real features in [low, high].
inline data::Dataset with_values(data::Dataset set, float low, float high) {
  for (const uint8_t byte : set.bytes)
    set.values.push_back(low + (high - low) * static_cast<float>(byte) / 255);
  set.bytes.clear();
  return set;
}

inline Network dense_network(DType type, std::vector<size_t> input = {20, 20}) {
  Network network({.input = std::move(input), .type = type, .seed = 5});
  network.add(Dense{.units = 64, .activation = "relu"})
      .add(Dense{.units = 10, .activation = "softmax"});
  return network;
}

/// One of each: activations for all neurons or one each, hidden softmax, wires to two layers.
inline Network mixed_network(DType type) {
  Network network({.input = {20, 20}, .type = type, .seed = 7});
  network.add(Dense{.units = 24, .activation = "gelu", .name = "first"});
  network.add(Dense{.units = 20, .activation = "softmax", .name = "second"});
  Wired wired{.grid = {5, 3}, .name = "third"};
  const std::vector<std::string> kinds = {"tanh", "sigmoid", "elu", "swish", "leaky_relu"};
  for (uint32_t i = 0; i < 15; ++i) {
    wired.activations.push_back(kinds[i % kinds.size()]);
    wired.sources.emplace_back();
    for (uint32_t k = 0; k <= i % 7; ++k)
      wired.sources.back().push_back({k % 2, (i * 5 + k * 3) % 20});
  }
  network.add_reading(wired, {"second", "first"});
  network.add(Dense{.units = 10, .activation = "softmax"});
  return network;
}

/// Each kind of replay on one of three local layers of equal shape.
inline Network replaying_network(DType type) {
  Network network({.input = {20, 20}, .type = type, .seed = 8});
  const auto local = [&](const Replay& replay) {
    network.add(
        LocallyConnected{.grid = {6, 6}, .field = 4, .activation = "leaky_relu", .replay = replay});
  };
  network.add(
      LocallyConnected{.grid = {6, 6}, .field = 5, .activation = "relu", .replay = {.times = 1}});
  local({.mode = "loop",
         .budget = 2,
         .gate = "entropy",
         .map = {{0.97, 2}, {0.9, 1}},
         .otherwise = 0});
  local({.span = 1, .budget = 3, .gate = "mean", .map = {{0.1, 1}}, .otherwise = 0});
  network.add(Dense{
      .units = 10, .activation = "softmax", .replay = {.span = 1, .phase = "before", .times = 2}});
  return network;
}

inline Network local_network(DType type) {
  Network network({.input = {20, 20}, .type = type, .seed = 6});
  network.add(LocallyConnected{.grid = {12, 11}, .field = 5, .activation = "leaky_relu"});
  network.add(LocallyConnected{.grid = {6, 6}, .field = 3, .activation = "relu"});
  network.add(Dense{.units = 10, .activation = "softmax"});
  return network;
}

/// The same network with pure weights (docs/numerics.md, "Pure storage").
inline Network pure(Network network) {
  detail::NetworkState& state = network.state();
  state.storage = fixed::Storage::pure;
  for (detail::Layer& layer : state.layers)
    for (detail::Parameter& parameter : layer.parameters) {
      if (!parameter.is_weights()) continue;
      const std::vector<double> values = network.values(layer.name + "." + parameter.role);
      parameter.value = Tensor(fixed::format_of(state.type).operand, parameter.value.shape());
      parameter.view = {};
      parameter.view_exponent = 0;
      detail::set_values(state, parameter, values);
    }
  return network;
}

/// Everything that training changes, to the bit.
inline ::testing::AssertionResult same_parameters(const Network& a, const Network& b) {
  const auto same = [](const Tensor& x, const Tensor& y) {
    return x.bytes() == y.bytes() && (x.empty() || std::memcmp(x.data(), y.data(), x.bytes()) == 0);
  };
  for (size_t l = 0; l < a.state().layers.size(); ++l) {
    const detail::Layer &x = a.state().layers[l], &y = b.state().layers[l];
    if (x.output_exponents != y.output_exponents)
      return ::testing::AssertionFailure() << "output exponent of " << x.name;
    for (size_t p = 0; p < x.parameters.size(); ++p) {
      const detail::Parameter &u = x.parameters[p], &v = y.parameters[p];
      if (!same(u.value, v.value) || !same(u.view, v.view) || u.view_exponent != v.view_exponent)
        return ::testing::AssertionFailure() << x.name << "." << u.role << " differs";
    }
  }
  return ::testing::AssertionSuccess();
}

/// All parameters as doubles.
inline std::vector<double> all_values(const Network& network) {
  std::vector<double> all;
  for (const LayerInfo& layer : network.layers())
    for (const char* role : {".weights", ".bias"}) {
      const std::vector<double> part = network.values(layer.name + role);
      all.insert(all.end(), part.begin(), part.end());
    }
  return all;
}

}  // namespace paragon::testing
