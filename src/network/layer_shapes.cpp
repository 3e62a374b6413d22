// SPDX-License-Identifier: Apache-2.0
#include "network/layer_shapes.hpp"

#include <fmt/format.h>

#include <span>

#include "layers/layer.hpp"

namespace paragon::detail {

size_t parameters_of(NetworkState& state, const LayerConfig& config, const std::string& input) {
  const Layer* source = state.find(input);
  const Shape shape = source ? source->shape : Shape(std::span<const size_t>(state.input_shape));
  const layers::LayerPlan plan =
      layers::plan(config, shape, fmt::format("layer {}", layers::name_of(config)));
  size_t count = 0;
  for (const layers::ParameterSpec& parameter : plan.parameters)
    count += parameter.shape.elements();
  return count;
}

}  // namespace paragon::detail
