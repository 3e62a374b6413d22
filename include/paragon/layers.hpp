// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <paragon/export.hpp>
#include <paragon/replay.hpp>

namespace paragon {

/// Every neuron reads every value of the input: y = activation(x W + b).
struct Dense {
  std::size_t units = 0;              ///< neurons, >= 1
  std::string activation = "linear";  ///< a name of activations()
  std::vector<std::string> activations =
      {};  ///< of each neuron instead; softmax is for all or none
  Replay replay = {};
  std::string name = {};  ///< unique in its network; "" = made from keyword and position
};

/// A width x height grid of neurons, each with its own weights on a field x field window of the
/// input grid. The window of column i starts at round(i (In - field) / (Out - 1)), 0 if Out = 1;
/// rows alike. Raises if neighbouring starts differ by more than `field` (inputs would be skipped).
struct LocallyConnected {
  std::array<std::size_t, 2> grid = {0, 0};  ///< {width, height}
  std::size_t field = 5;                     ///< window edge, 1 .. the input's smaller edge
  std::string activation = "linear";
  std::vector<std::string> activations = {};
  Replay replay = {};
  std::string name = {};
};

/// A width x height grid of neurons, each with its own list of sources.
struct Wired {
  struct Source {
    std::uint32_t input = 0;   ///< which of the layers read, in the order given to add_reading
    std::uint32_t neuron = 0;  ///< row-major index there
  };
  std::array<std::size_t, 2> grid = {0, 0};       ///< {width, height}
  std::vector<std::vector<Source>> sources = {};  ///< of each neuron, row-major
  std::string activation = "linear";
  std::vector<std::string> activations = {};
  Replay replay = {};
  std::string name = {};
};

using LayerConfig = std::variant<std::monostate
#define PARAGON_LAYER(keyword, Config) , Config
#include <paragon/layers.def>
                                 >;

/// Names of the activations; "softmax" is over all neurons of its layer.
PARAGON_API std::vector<std::string> activations();

/// Keyword of a layer config in specs and model files ("dense", "local", "wired").
PARAGON_API std::string_view keyword(const LayerConfig& config);

}  // namespace paragon
