// SPDX-License-Identifier: Apache-2.0
#include "network/layer_shapes.hpp"

#include <fmt/format.h>

#include <span>

#include "layers/layer.hpp"

namespace paragon::detail {

size_t parameters_of(NetworkState& state, const LayerConfig& config,
                     const std::vector<std::string>& inputs) {
  layers::InputShapes shapes;
  for (const std::string& input : inputs) {
    const Layer* source = state.find(input);
    shapes.push_back(source ? source->shape : Shape(std::span<const size_t>(state.input_shape)));
  }
  const layers::LayerPlan plan =
      layers::plan(config, shapes, fmt::format("layer {}", layers::name_of(config)));
  size_t count = 0;
  for (const layers::ParameterSpec& parameter : plan.parameters)
    count += parameter.shape.elements();
  return count;
}

}  // namespace paragon::detail
