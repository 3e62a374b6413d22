// SPDX-License-Identifier: Apache-2.0
#include "cli/model_info.hpp"

#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include <algorithm>

#include <paragon/paragon.hpp>

#include "cli/model.hpp"

namespace paragon::cli {
namespace {

/// Names come from files: nothing of them may move the cursor.
std::string printable(std::string text) {
  std::ranges::replace_if(
      text, [](unsigned char c) { return c < ' ' || c == 127; }, '?');
  return text;
}

using Counts = std::map<std::string, size_t>;

std::string counts_text(const Counts& activations) {
  std::vector<std::string> texts;
  for (const auto& [name, count] : activations) texts.push_back(fmt::format("{} {}", count, name));
  return fmt::format("{}", fmt::join(texts, ", "));
}

/// The activation's name, or the number of neurons by activation.
Json activation_of(const LayerConfig& config) {
  return std::visit(
      [](const auto& layer) -> Json {
        if constexpr (requires { layer.activations; }) {
          if (layer.activations.empty()) return layer.activation;
          Counts counts;
          for (const std::string& name : layer.activations) ++counts[name];
          return counts;
        }
        return "";
      },
      config);
}

std::string activation_text(const Json& activation) {
  return activation.is_string() ? activation.get<std::string>()
                                : fmt::format("({})", counts_text(activation.get<Counts>()));
}

Replay replay_of(const LayerConfig& config) {
  return std::visit(
      [](const auto& layer) -> Replay {
        if constexpr (requires { layer.replay; }) return layer.replay;
        return {};
      },
      config);
}

std::string replay_text(const Replay& replay) {
  if (!replay.enabled()) return "";
  return fmt::format(", replay {} ({}, span {})", replay.phase, replay.mode, replay.span);
}

std::string replay_text(const LegacyLayer& layer) {
  const LegacyReplay& replay = layer.replay;
  if (!layer.replays) return "";
  return fmt::format(", replay {} offset {}", replay.phase, replay.offset);
}

Json describe(const LegacyNetwork& network, std::ostream& screen) {
  const LegacyInfo& info = network.info();
  print_row(screen, "format", "file of the Go framework");
  print_row(screen, "type", info.type);
  print_row(screen, "parameters", fmt::format("{}", info.parameters));
  Json layers = Json::array();
  for (const LegacyLayer& layer : info.layers) {
    const LegacyReplay& replay = layer.replay;
    print_row(screen, fmt::format("layer {}", layers.size()),
              fmt::format("{} x {} neurons ({}), {} connections{}", layer.width, layer.height,
                          counts_text(layer.activations), layer.connections, replay_text(layer)));
    layers.push_back({{"width", layer.width},
                      {"height", layer.height},
                      {"connections", layer.connections},
                      {"activations", layer.activations},
                      {"replay",
                       {{"active", layer.replays},
                        {"enabled", replay.enabled},
                        {"offset", replay.offset},
                        {"phase", replay.phase},
                        {"max", replay.max},
                        {"budget", replay.budget}}}});
  }
  if (info.late_connections > 0)
    print_row(
        screen, "late",
        fmt::format("{} connections read a value of the sample before", info.late_connections));
  for (const std::string& what : info.inert) print_row(screen, "inert", what);
  return {{"format", "legacy"},
          {"type", info.type},
          {"parameters", info.parameters},
          {"late_connections", info.late_connections},
          {"layers", layers},
          {"inert", info.inert}};
}

}  // namespace

void print_row(std::ostream& screen, std::string_view label, const std::string& value) {
  fmt::print(screen, "{:<12} {}\n", label, printable(value));
}

Json describe(const Network& network, std::ostream& screen) {
  print_row(screen, "format", "model of Paragon");
  print_row(screen, "type", std::string(name(network.type())));
  if (!is_float(network.type())) print_row(screen, "storage", network.storage());
  print_row(screen, "input", fmt::format("{}", fmt::join(network.input_shape(), " x ")));
  print_row(screen, "parameters", fmt::format("{}", network.parameters()));
  Json layers = Json::array();
  for (const LayerInfo& layer : network.layers()) {
    const std::string kind(keyword(layer.config));
    const Json activation = activation_of(layer.config);
    const Replay replay = replay_of(layer.config);
    layers.push_back({{"name", layer.name},
                      {"kind", kind},
                      {"activation", activation},
                      {"inputs", layer.inputs},
                      {"shape", layer.shape},
                      {"parameters", layer.parameters}});
    if (replay.enabled())
      layers.back()["replay"] = {{"span", replay.span},     {"phase", replay.phase},
                                 {"mode", replay.mode},     {"times", replay.times},
                                 {"budget", replay.budget}, {"gate", replay.gate}};
    print_row(screen, "layer",
              fmt::format("{}: {} of {} {}, reads {}, {} parameters{}", layer.name, kind,
                          fmt::join(layer.shape, " x "), activation_text(activation),
                          fmt::join(layer.inputs, ", "), layer.parameters, replay_text(replay)));
  }
  return {{"format", "paragon"},
          {"type", name(network.type())},
          {"storage", is_float(network.type()) ? Json() : Json(network.storage())},
          {"input", network.input_shape()},
          {"parameters", network.parameters()},
          {"layers", layers}};
}

Json describe_model(const std::string& path, std::ostream& screen) {
  return std::visit([&](const auto& network) { return describe(network, screen); },
                    load_model(path));
}

}  // namespace paragon::cli
