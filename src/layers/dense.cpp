// SPDX-License-Identifier: Apache-2.0
#include "core/error.hpp"
#include "layers/layer.hpp"

namespace paragon::layers {
namespace {

constexpr size_t kMaxUnits = size_t{1} << 20;

}  // namespace

LayerPlan plan(const Dense& config, const InputShapes& inputs, const std::string& place) {
  const size_t features = only_input(inputs, place).elements();
  if (config.units == 0 || config.units > kMaxUnits)
    raise("[{}] got {} units, expected 1 to {}", place, config.units, kMaxUnits);
  if (features * config.units > size_t{1} << 31)
    raise("[{}] {} inputs x {} units are more than 2^31 weights", place, features, config.units);
  return {{config.units},
          {{"weights", {features, config.units}, features}, {"bias", {1, config.units}, 0}}};
}

ir::NodeId build(ir::Builder& b, const Dense& config, const BuildInputs& inputs) {
  const ir::NodeId product = b.contract(inputs.values[0], inputs.parameters[0]);
  return activate(b, config, b.add(product, inputs.parameters[1]), false);
}

}  // namespace paragon::layers
