// SPDX-License-Identifier: Apache-2.0
#include "network/limits.hpp"

#include "core/error.hpp"

namespace paragon::detail {

void check_room(const NetworkState& state, const layers::LayerPlan& plan,
                const std::string& place) {
  if (state.layers.size() >= kMostLayers)
    raise("[{}] the network has {} layers already, expected at most so many", place, kMostLayers);
  size_t parameters = 0;
  for (const Layer& layer : state.layers)
    for (const Parameter& parameter : layer.parameters) parameters += parameter.value.elements();
  for (const layers::ParameterSpec& spec : plan.parameters) parameters += spec.shape.elements();
  if (parameters > kMostParameters)
    raise("[{}] the network would have {} weights and biases, expected at most {}", place,
          parameters, kMostParameters);
}

}  // namespace paragon::detail
