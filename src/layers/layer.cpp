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

}  // namespace

LayerPlan plan(const LayerConfig& config, const Shape& input, const std::string& place) {
  return visit_config(config, [&](const auto& concrete) { return plan(concrete, input, place); });
}

ir::NodeId build(ir::Builder& b, const LayerConfig& config, const Shape& input, ir::NodeId x,
                 const std::vector<ir::NodeId>& parameters) {
  return visit_config(
      config, [&](const auto& concrete) { return build(b, concrete, input, x, parameters); });
}

Activation activation_of(const LayerConfig& config) {
  return visit_config(config,
                      [](const auto& concrete) { return parse_activation(concrete.activation); });
}

const std::string& name_of(const LayerConfig& config) {
  return visit_config(config,
                      [](const auto& concrete) -> const std::string& { return concrete.name; });
}

}  // namespace paragon::layers
