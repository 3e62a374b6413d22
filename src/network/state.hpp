// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <paragon/network.hpp>

#include "core/tensor.hpp"
#include "passes/fixed_format.hpp"

namespace paragon::detail {

/// A parameter of a layer. Floating-point networks: `value` holds the numbers. Fixed-point
/// networks: `value` is the master, worth value * 2^exponent, and a weight matrix also has the
/// visible `view`, worth view * 2^view_exponent, which is what products read. In a network of pure
/// storage `value` of a weight matrix is the operand itself and there is no view. Their types:
/// passes/fixed_format.hpp.
struct Parameter {
  uint64_t id = 0;   ///< stable key of optimizer slots, exponents and random numbers
  std::string role;  ///< "weights" or "bias"
  Tensor value;
  int exponent = 0;
  Tensor view;  ///< empty for biases, pure weights and in floating-point networks
  int view_exponent = 0;

  bool is_weights() const { return role == "weights"; }  ///< read by products
};

/// One layer: configuration, wiring, parameters. Nothing here computes.
struct Layer {
  uint64_t id = 0;
  std::string name;
  LayerConfig config;
  std::vector<uint64_t> inputs;  ///< layer ids; kInputId is the network's input
  Shape shape;                   ///< of one sample's output
  std::vector<Parameter> parameters;
  /// Fixed point: exponents of this layer's roundings (ir::ExponentUpdate::repetition), frozen for
  /// inference; none before training.
  std::map<uint32_t, int> output_exponents;
};

inline constexpr uint64_t kInputId = 0;

/// What a training that is to go on has beside the parameters: its position, and everything that
/// its program keeps from step to step.
struct TrainingState {
  struct Slot {
    uint64_t id;  ///< of the layer or parameter; 0: none
    std::string name;
    Tensor value;
  };
  uint64_t step = 0, epoch = 0, row = 0;  ///< steps done, epochs done, rows done of the next one
  std::vector<Slot> slots;
};

struct NetworkState {
  DType type = DType::float32;
  fixed::Storage storage = fixed::Storage::master;
  uint64_t seed = 1;
  std::vector<size_t> input_shape;
  /// Fixed point: inputs lie within +-2^input_exponent; set by the first training on float
  /// features.
  int input_exponent = 0;
  std::vector<Layer> layers;              ///< every layer after those it reads
  uint64_t next_id = 1;                   ///< of layers and parameters alike; never reused
  std::optional<TrainingState> training;  ///< of a checkpoint

  size_t features() const;  ///< values of one sample
  Layer* find(const std::string& name);
  const Layer& by_id(uint64_t id) const;
  /// Does the last layer read this one, directly or through others?
  bool is_read(uint64_t id) const;
};

}  // namespace paragon::detail
