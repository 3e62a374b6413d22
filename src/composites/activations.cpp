// SPDX-License-Identifier: Apache-2.0
#include "composites/activations.hpp"

#include <array>

#include <paragon/layers.hpp>

namespace paragon {
namespace {

struct Row {
  const char* name;
  uint32_t gain;
};

constexpr std::array kTable = {
#define PARAGON_ACTIVATION(name, gain) Row{#name, gain},
#include "composites/activations.def"
};

}  // namespace

std::vector<std::string> activations() {
  std::vector<std::string> names;
  for (const Row& row : kTable) names.emplace_back(row.name);
  return names;
}

Activation parse_activation(std::string_view name) {
  for (size_t i = 0; i < kTable.size(); ++i)
    if (kTable[i].name == name) return static_cast<Activation>(i);
  raise_unknown("activation", name, activations());
}

uint32_t initial_gain(Activation activation) {
  return kTable[static_cast<size_t>(activation)].gain;
}

ir::NodeId apply_activation(ir::Builder& b, Activation activation, ir::NodeId x) {
  switch (activation) {
    case Activation::linear:
    case Activation::softmax:
      return x;
    case Activation::relu:
      return b.leaky_relu(x, 0);
    case Activation::leaky_relu:
      return b.leaky_relu(x, kLeakySlope);
  }
  raise("[activation] unknown value {}", static_cast<int>(activation));
}

}  // namespace paragon
