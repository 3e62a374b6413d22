// SPDX-License-Identifier: Apache-2.0
#include "core/error.hpp"
#include "layers/layer.hpp"

namespace paragon::layers {
namespace {

constexpr size_t kMaxUnits = size_t{1} << 20;

}  // namespace

LayerPlan plan(const Dense& config, const Shape& input, const std::string& place) {
  const size_t features = input.elements();
  if (config.units == 0 || config.units > kMaxUnits)
    raise("[{}] got {} units, expected 1 to {}", place, config.units, kMaxUnits);
  if (features * config.units > size_t{1} << 31)
    raise("[{}] {} inputs x {} units are more than 2^31 weights", place, features, config.units);
  return {{config.units},
          parse_activation(config.activation),
          {{"weights", {features, config.units}, features}, {"bias", {1, config.units}, 0}}};
}

ir::NodeId build(ir::Builder& b, const Dense& config, const Shape&, ir::NodeId x,
                 const std::vector<ir::NodeId>& parameters) {
  const ir::NodeId sum = b.add(b.contract(x, parameters[0]), parameters[1]);
  return apply_activation(b, parse_activation(config.activation), sum);
}

}  // namespace paragon::layers
