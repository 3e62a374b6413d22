// SPDX-License-Identifier: Apache-2.0
#include "layers/layer.hpp"

#include "core/error.hpp"

namespace paragon::layers {
namespace {

[[noreturn]] void raise_empty() {
  raise("[layer] the configuration is empty");
}

/// Calls f with the concrete configuration.
template <class F>
decltype(auto) visit_config(const LayerConfig& config, F&& f) {
  return std::visit(
      [&]<class Config>(const Config& concrete) -> std::invoke_result_t<F, const Dense&> {
        if constexpr (std::is_same_v<Config, std::monostate>) {
          raise_empty();
        } else {
          return f(concrete);
        }
      },
      config);
}

void check_activations(const std::vector<std::string>& activations, size_t units,
                       const std::string& place) {
  if (activations.empty()) return;
  if (activations.size() != units)
    raise("[{}] got {} activations, expected one for each of the {} neurons", place,
          activations.size(), units);
  for (size_t i = 0; i < units; ++i)
    if (parse_activation(activations[i]) == Activation::softmax)
      raise("[{}] neuron {} has softmax, which is for all neurons of a layer", place, i);
}

}  // namespace

LayerPlan plan(const LayerConfig& config, const InputShapes& inputs, const std::string& place) {
  return visit_config(config, [&](const auto& concrete) {
    parse_activation(concrete.activation);
    LayerPlan result = plan(concrete, inputs, place);
    check_activations(concrete.activations, result.output.elements(), place);
    return result;
  });
}

ir::NodeId build(ir::Builder& b, const LayerConfig& config, const BuildInputs& inputs) {
  return visit_config(config, [&](const auto& concrete) { return build(b, concrete, inputs); });
}

Activation activation_of(const LayerConfig& config) {
  return visit_config(config,
                      [](const auto& concrete) { return parse_activation(concrete.activation); });
}

bool ends_with_softmax(const LayerConfig& config) {
  return visit_config(config, [](const auto& concrete) {
    return concrete.activations.empty() &&
           parse_activation(concrete.activation) == Activation::softmax;
  });
}

const std::string& name_of(const LayerConfig& config) {
  return visit_config(config,
                      [](const auto& concrete) -> const std::string& { return concrete.name; });
}

const Replay& replay_of(const LayerConfig& config) {
  return visit_config(config,
                      [](const auto& concrete) -> const Replay& { return concrete.replay; });
}

const Shape& only_input(const InputShapes& inputs, const std::string& place) {
  if (inputs.size() != 1) raise("[{}] reads {} layers, expected one", place, inputs.size());
  return inputs[0];
}

}  // namespace paragon::layers
