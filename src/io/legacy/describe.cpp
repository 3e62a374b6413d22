// SPDX-License-Identifier: Apache-2.0
#include "io/legacy/describe.hpp"

#include <fmt/format.h>

#include "io/legacy/arithmetic.hpp"
#include "io/legacy/interpreter.hpp"

namespace paragon::io::legacy {
namespace {

using Notes = std::vector<std::string>;

void note_replay(const File& file, size_t l, Notes& notes) {
  const LegacyReplay& replay = file.layers[l].replay;
  const auto note = [&](std::string_view text) {
    notes.push_back(fmt::format("layer {}: {}", l, text));
  };
  if (replay.enabled || replay.budget != 0)
    note(fmt::format(
        "re_enabled and re_budget ({}): dynamic replay needs a gate, and files have none",
        replay.budget));
  if (replays(replay, l)) {
    if (replay.max > 1) note(fmt::format("re_max {}: the replay runs once", replay.max));
    if (replay.phase == "before" && replay_start(replay, l) == l)
      note("replay before: it starts with this layer, whose own turn then replaces the values");
  } else if (replay.offset != 0 || replay.max != 0 || !replay.phase.empty()) {
    note(fmt::format("replay of offset {}, phase '{}', max {}: {}", replay.offset, replay.phase,
                     replay.max,
                     l == 0               ? "the input is not computed"
                     : replay.offset >= 0 ? "it needs an offset below 0"
                     : replay.max <= 0    ? "it needs a max above 0"
                                          : "the phase is neither before nor after"));
  }
}

void note_activations(const File& file, size_t l, const LegacyLayer& layer, Notes& notes) {
  const bool last = l + 1 == file.layers.size();
  const bool softmax = last && has_softmax(file);
  for (const auto& [name, count] : layer.activations) {
    if (softmax && name == "softmax" && count < layer.width * layer.height)
      notes.push_back(fmt::format(
          "layer {}: softmax of neuron (0, 0) goes over all {} neurons of the last layer", l,
          layer.width * layer.height));
    if (l == 0 || softmax || name == "linear" || activation_named(name) != Activation::kIdentity)
      continue;
    notes.push_back(fmt::format("layer {}: {} passes values on unchanged (neurons: {})", l,
                                name.empty() ? "an activation without a name" : name, count));
  }
}

}  // namespace

LegacyInfo describe(const File& file) {
  const TypeInfo& type = type_info(file.type);
  LegacyInfo info = {file.type, type.integer, type.unit, has_softmax(file), {}, 0, 0, {}};
  for (size_t l = 0; l < file.layers.size(); ++l) {
    const Layer& layer = file.layers[l];
    const size_t end_neuron = layer.first_neuron + layer.neurons();
    const size_t first = file.first_source(layer.first_neuron);
    const size_t end = file.end_source(end_neuron - 1);
    LegacyLayer row = {layer.width, layer.height, end - first,
                       {},          layer.replay, replays(layer.replay, l)};
    for (size_t n = layer.first_neuron; n < end_neuron; ++n)
      ++row.activations[file.activations[file.neurons[n].activation]];
    if (l == 0 && row.connections > 0)
      info.inert.push_back(
          fmt::format("layer 0: {} connections: the input is not computed", row.connections));
    if (l > 0) {
      info.parameters += row.connections + layer.neurons();
      for (size_t s = first; s < end; ++s)
        if (file.sources[s].layer > l) ++info.late_connections;
      for (size_t n = layer.first_neuron; n < end_neuron; ++n)
        for (size_t s = file.first_source(n); s < file.end_source(n); ++s)
          if (file.sources[s].layer == l && file.neuron_of(file.sources[s]) >= n)
            ++info.late_connections;
    }
    note_replay(file, l, info.inert);
    note_activations(file, l, row, info.inert);
    info.layers.push_back(std::move(row));
  }
  return info;
}

}  // namespace paragon::io::legacy
