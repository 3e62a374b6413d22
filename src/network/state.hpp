// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <paragon/network.hpp>

#include "core/tensor.hpp"

namespace paragon::detail {

/// A parameter of a layer. Floating-point networks: `value` holds the numbers. Fixed-point
/// networks: `value` is the int32 master, worth value * 2^exponent, and a weight matrix also has
/// the visible int8 `view`, worth view * 2^view_exponent, which is what products read.
struct Parameter {
  uint64_t id = 0;   ///< stable key of optimizer slots, exponents and random numbers
  std::string role;  ///< "weights" or "bias"
  Tensor value;
  int exponent = 0;
  Tensor view;  ///< empty for biases and in floating-point networks
  int view_exponent = 0;
};

/// One layer: configuration, wiring, parameters. Nothing here computes.
struct Layer {
  uint64_t id = 0;
  std::string name;
  LayerConfig config;
  std::vector<uint64_t> inputs;  ///< layer ids; kInputId is the network's input
  Shape shape;                   ///< of one sample's output
  std::vector<Parameter> parameters;
  /// Fixed point: exponent of this layer's output, frozen for inference; none before training.
  std::optional<int> output_exponent;
};

inline constexpr uint64_t kInputId = 0;

struct NetworkState {
  DType type = DType::float32;
  uint64_t seed = 1;
  std::vector<size_t> input_shape;
  /// Fixed point: inputs lie within +-2^input_exponent; set by the first training on float
  /// features.
  int input_exponent = 0;
  std::vector<Layer> layers;  ///< every layer after those it reads
  uint64_t next_id = 1;       ///< of layers and parameters alike; never reused

  Layer* find(const std::string& name);
  const Layer& by_id(uint64_t id) const;
  /// Does the last layer read this one, directly or through others?
  bool is_read(uint64_t id) const;
};

}  // namespace paragon::detail
