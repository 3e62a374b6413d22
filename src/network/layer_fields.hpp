// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include <paragon/layers.hpp>

namespace paragon::detail {

/// A config field as specs and model files see it. In a spec the required fields stand by position,
/// in the table's order, and the others as name=value; those without a word cannot be said there. A
/// model file has them all by name.
struct Field {
  std::string_view name;
  std::string_view word;  ///< what a spec's user is told to put there
  bool required;
};

template <class Config, class Layer>
concept ConfigOf = std::same_as<std::remove_const_t<Config>, Layer>;

// The one table of config fields: parsing, printing, saving and loading walk it. `visit` is called
// with (Field, member) for every field; a layer's name is not among them, because every layer has
// one.

/// What every layer has after its own settings.
template <class Config, class Visit>
void visit_common_fields(Config& config, Visit&& visit) {
  visit(Field{"activations", "", false}, config.activations);
  visit(Field{"replay", "", false}, config.replay);
}

template <ConfigOf<Dense> Config, class Visit>
void visit_fields(Config& config, Visit&& visit) {
  visit(Field{"units", "UNITS", true}, config.units);
  visit(Field{"activation", "ACTIVATION", true}, config.activation);
  visit_common_fields(config, visit);
}

template <ConfigOf<LocallyConnected> Config, class Visit>
void visit_fields(Config& config, Visit&& visit) {
  visit(Field{"grid", "WxH", true}, config.grid);
  visit(Field{"activation", "ACTIVATION", true}, config.activation);
  visit(Field{"field", "N", false}, config.field);
  visit_common_fields(config, visit);
}

template <ConfigOf<Wired> Config, class Visit>
void visit_fields(Config& config, Visit&& visit) {
  visit(Field{"grid", "WxH", true}, config.grid);
  visit(Field{"activation", "ACTIVATION", true}, config.activation);
  visit(Field{"sources", "", false}, config.sources);
  visit_common_fields(config, visit);
}

/// The settings of a replay, in model files.
template <ConfigOf<Replay> Config, class Visit>
void visit_fields(Config& replay, Visit&& visit) {
  visit("span", replay.span);
  visit("phase", replay.phase);
  visit("mode", replay.mode);
  visit("times", replay.times);
  visit("gain", replay.gain);
  visit("budget", replay.budget);
  visit("gate", replay.gate);
  visit("gate_value", replay.gate_value);
  visit("expression", replay.expression);
  visit("map", replay.map);
  visit("otherwise", replay.otherwise);
}

/// Settings that are left out of files where they are empty.
inline bool is_empty(const Replay& replay) {
  return !replay.enabled();
}
template <class T>
bool is_empty(const std::vector<T>& list) {
  return list.empty();
}

/// The fields of whichever layer the config is; none for an empty config.
template <class Config, class Visit>
requires std::same_as<std::remove_const_t<Config>, LayerConfig>
void visit_fields(Config& config, Visit&& visit) {
  std::visit(
      [&]<class Layer>(Layer& layer) {
        if constexpr (!std::same_as<std::remove_const_t<Layer>, std::monostate>)
          visit_fields(layer, visit);
      },
      config);
}

/// A layer's config with its default settings; `place` ("layer", "layer (word 2)") goes into the
/// error that an unknown keyword raises.
LayerConfig make_layer(std::string_view keyword, std::string_view place);

/// Sets the name, which every config has.
void set_name(LayerConfig& config, const std::string& name);

}  // namespace paragon::detail
