// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <paragon/network.hpp>

#include "core/random.hpp"
#include "io/model.hpp"
#include "io/numbers.hpp"
#include "network/state.hpp"
#include "passes/fixed_format.hpp"

// Networks of every kind, and whether two of them are equal to the bit.
namespace paragon::io::testing {

inline bool is_fixed(DType type) {
  return info(type).arithmetic == Arithmetic::kFixed;
}

inline bool same(const Tensor& a, const Tensor& b) {
  return a.type() == b.type() && a.shape() == b.shape() && a.empty() == b.empty() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.bytes()) == 0);
}

inline void expect_same_training(const detail::TrainingState& a, const detail::TrainingState& b) {
  EXPECT_EQ(a.step, b.step);
  EXPECT_EQ(a.epoch, b.epoch);
  EXPECT_EQ(a.row, b.row);
  ASSERT_EQ(a.slots.size(), b.slots.size());
  for (size_t i = 0; i < a.slots.size(); ++i) {
    EXPECT_EQ(a.slots[i].id, b.slots[i].id);
    EXPECT_EQ(a.slots[i].name, b.slots[i].name);
    EXPECT_TRUE(same(a.slots[i].value, b.slots[i].value)) << a.slots[i].name;
  }
}

inline void expect_same_replay(const Replay& a, const Replay& b) {
  EXPECT_EQ(a.span, b.span);
  EXPECT_EQ(a.phase, b.phase);
  EXPECT_EQ(a.mode, b.mode);
  EXPECT_EQ(a.times, b.times);
  EXPECT_EQ(a.gain, b.gain);
  EXPECT_EQ(a.budget, b.budget);
  EXPECT_EQ(a.gate, b.gate);
  EXPECT_EQ(a.gate_value, b.gate_value);
  EXPECT_EQ(to_text(a.expression), to_text(b.expression));
  EXPECT_EQ(a.map, b.map);
  EXPECT_EQ(a.otherwise, b.otherwise);
}

inline void expect_same_config(const LayerConfig& a, const LayerConfig& b) {
  ASSERT_EQ(a.index(), b.index());
  std::visit(
      [&]<class Config>(const Config& x) {
        const Config& y = std::get<Config>(b);
        if constexpr (!std::same_as<Config, std::monostate>) {
          EXPECT_EQ(x.activation, y.activation);
          EXPECT_EQ(x.activations, y.activations);
          expect_same_replay(x.replay, y.replay);
        }
        if constexpr (requires { x.units; }) {
          EXPECT_EQ(x.units, y.units);
        }
        if constexpr (requires { x.grid; }) {
          EXPECT_EQ(x.grid, y.grid);
        }
        if constexpr (requires { x.field; }) {
          EXPECT_EQ(x.field, y.field);
        }
        if constexpr (requires { x.sources; }) {
          ASSERT_EQ(x.sources.size(), y.sources.size());
          for (size_t i = 0; i < x.sources.size(); ++i) {
            ASSERT_EQ(x.sources[i].size(), y.sources[i].size());
            for (size_t k = 0; k < x.sources[i].size(); ++k) {
              EXPECT_EQ(x.sources[i][k].input, y.sources[i][k].input);
              EXPECT_EQ(x.sources[i][k].neuron, y.sources[i][k].neuron);
            }
          }
        }
      },
      a);
}

/// Everything that a file keeps.
inline void expect_equal(const Network& first, const Network& second) {
  const auto& a = first.state();
  const auto& b = second.state();
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.storage, b.storage);
  EXPECT_EQ(a.seed, b.seed);
  EXPECT_EQ(a.input_shape, b.input_shape);
  EXPECT_EQ(a.input_exponent, b.input_exponent);
  EXPECT_EQ(a.next_id, b.next_id);
  ASSERT_EQ(a.layers.size(), b.layers.size());
  for (size_t i = 0; i < a.layers.size(); ++i) {
    const detail::Layer &la = a.layers[i], &lb = b.layers[i];
    EXPECT_EQ(la.id, lb.id);
    EXPECT_EQ(la.name, lb.name);
    expect_same_config(la.config, lb.config);
    EXPECT_EQ(la.inputs, lb.inputs);
    EXPECT_EQ(la.shape, lb.shape);
    EXPECT_EQ(la.output_exponents, lb.output_exponents);
    ASSERT_EQ(la.parameters.size(), lb.parameters.size());
    for (size_t p = 0; p < la.parameters.size(); ++p) {
      const detail::Parameter &pa = la.parameters[p], &pb = lb.parameters[p];
      EXPECT_EQ(pa.id, pb.id);
      EXPECT_EQ(pa.role, pb.role);
      EXPECT_EQ(pa.exponent, pb.exponent);
      EXPECT_EQ(pa.view_exponent, pb.view_exponent);
      EXPECT_TRUE(same(pa.value, pb.value)) << la.name << '.' << pa.role;
      EXPECT_TRUE(same(pa.view, pb.view)) << la.name << '.' << pa.role;
    }
  }
  ASSERT_EQ(a.training.has_value(), b.training.has_value());
  if (a.training) expect_same_training(*a.training, *b.training);
  EXPECT_EQ(model_text(first), model_text(second));
}

/// Replays that have every setting somewhere; the layers' grids are 3x3.
inline std::vector<Replay> replays() {
  namespace g = paragon::gate;
  return {
      {},
      {.times = 1},
      {.span = 1, .phase = "before", .times = 2, .gain = 0.7},
      {.mode = "loop", .times = 2},
      {.mode = "loop", .budget = 3, .gate = "entropy", .map = {{0.8, 3}, {0.6, 2}}},
      {.phase = "before",
       .mode = "loop",
       .budget = 2,
       .gate = "max",
       .map = {{-0.0, 1}},
       .otherwise = 0},
      {.budget = 3, .gate = "constant", .gate_value = 0.1, .map = {{1e-7, 2}}},
      {.budget = 2, .gate = "mean"},
      {.budget = 2, .gate = "change"},
      {.budget = 4,
       .gate = "expression",
       .expression = 1 - g::mean(g::choose(g::greater(g::activations(), 1.0 / 3), -0.25,
                                           g::abs(g::activations()))),
       .map = {{0.5, 4}, {0.25, 1}}},
  };
}

/// A layer of each kind with 3x3 neurons, over a 3x3 input: a chain that any replay fits.
inline Network network_of_all_layers(DType type, const Replay& replay = {},
                                     const std::string& storage = "master") {
  Network network({.input = {3, 3}, .type = type, .seed = 11, .storage = storage});
  network.add(LocallyConnected{.grid = {3, 3},
                               .field = 2,
                               .activation = "leaky_relu",
                               .name = "first \"\u00e9\" 9007199254740993"});
  Wired wired{.grid = {3, 3}, .activation = "tanh", .name = "9007199254740993"};
  for (uint32_t i = 0; i < 9; ++i)
    for (uint32_t k = 0; k <= i % 3; ++k) {
      if (k == 0) wired.sources.emplace_back();
      wired.sources[i].push_back({0, (i + 4 * k) % 9});
    }
  wired.activations = {"relu", "tanh", "relu", "swish", "gelu", "elu", "sigmoid", "relu", "linear"};
  wired.replay = replay;
  network.add(wired);
  Wired two{.grid = {1, 2}, .sources = {{{0, 8}, {1, 0}}, {}}, .name = "both"};
  network.add_reading(two, std::vector<std::string>{"9007199254740993", "input"});
  network.add(Dense{.units = 3, .activation = "softmax"});
  return network;
}

/// Gives a network ids, numbers and exponents that a fresh one does not have.
inline void make_unusual(Network& network) {
  detail::NetworkState& state = network.state();
  state.seed = std::numeric_limits<uint64_t>::max();
  std::map<uint64_t, uint64_t> ids = {{detail::kInputId, detail::kInputId}};
  uint64_t id = uint64_t{1} << 63;
  uint64_t index = 0;
  for (detail::Layer& layer : state.layers) {
    ids[layer.id] = id;
    layer.id = id++;
    for (uint64_t& input : layer.inputs) input = ids.at(input);
    for (detail::Parameter& parameter : layer.parameters) {
      parameter.id = id++;
      if (is_fixed(state.type)) {
        const fixed::Format& format = fixed::format_of(state.type);
        const auto fill = [&](Tensor& tensor, int64_t limit) {
          visit_signed(tensor, [&]<class T>(std::span<T> values) {
            const int64_t special[] = {limit, -limit, 0, -1, 1, limit - 1};
            for (T& value : values) {
              const int64_t chosen = special[index % 6];
              const auto random = static_cast<int64_t>(random::bits64(7, index));
              value = static_cast<T>(index % 12 < 6 ? chosen : random % (limit + 1));
              ++index;
            }
          });
        };
        const bool weights = parameter.is_weights();
        fill(parameter.value,
             weights ? fixed::weight_format(format, state.storage).limit : format.master_limit());
        if (parameter.view.empty()) continue;
        fill(parameter.view, format.operand_limit);
        parameter.view_exponent =
            parameter.exponent +
            static_cast<int>(index % (format.master_bits - format.operand_bits));
        continue;
      }
      visit_elements(parameter.value, [&]<class T>(std::span<T> values) {
        using Limits = std::numeric_limits<T>;
        if constexpr (std::floating_point<T>) {
          const T special[] = {Limits::lowest(),     Limits::max(), Limits::denorm_min(),
                               static_cast<T>(-0.0), Limits::min(), T{1} / 3};
          for (T& value : values) {
            T random = std::ldexp(static_cast<T>(random::bits32(3, index)),
                                  static_cast<int>(random::bits32(4, index) % 90) - 60);
            value = index % 12 < 6 ? special[index % 6] : random;
            ++index;
          }
        }
      });
    }
    if (is_fixed(state.type)) layer.output_exponents = {{0, -5}, {256, 17}, {4294967295u, -256}};
  }
  if (is_fixed(state.type)) state.input_exponent = 3;
  state.next_id = id;
}

}  // namespace paragon::io::testing
