// SPDX-License-Identifier: Apache-2.0
#include "composites/activations.hpp"

#include <algorithm>
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
    case Activation::elu:
      return b.curve(x, Curve::elu);
    case Activation::sigmoid:
      return b.curve(x, Curve::sigmoid);
    case Activation::tanh:
      return b.curve(x, Curve::tanh);
    case Activation::swish:
      return b.curve(x, Curve::swish);
    case Activation::gelu:
      return b.curve(x, Curve::gelu);
  }
  raise("[activation] unknown value {}", static_cast<int>(activation));
}

ir::NodeId apply_activations(ir::Builder& b, const std::vector<std::string>& names, ir::NodeId x,
                             bool feature_major) {
  std::vector<int32_t> kinds;
  for (const std::string& name : names)
    kinds.push_back(static_cast<int32_t>(parse_activation(name)));
  const size_t units = kinds.size();
  ir::NodeId result = ir::kNoNode;
  std::vector<int32_t> done;
  for (int32_t kind : kinds) {
    if (std::find(done.begin(), done.end(), kind) != done.end()) continue;
    done.push_back(kind);
    const ir::NodeId y = apply_activation(b, static_cast<Activation>(kind), x);
    if (result == ir::kNoNode) {
      result = y;
      continue;
    }
    std::vector<int32_t> chosen;
    for (int32_t other : kinds) chosen.push_back(other == kind ? 1 : 0);
    auto table = feature_major ? ir::make_index_table(std::move(chosen), units, 1, 2)
                               : ir::make_index_table(std::move(chosen), 1, units, 2);
    result = b.select(b.table(std::move(table)), y, result);
  }
  return result;
}

}  // namespace paragon
