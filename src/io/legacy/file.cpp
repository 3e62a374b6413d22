// SPDX-License-Identifier: Apache-2.0
#include "io/legacy/file.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace paragon::io::legacy {

std::string place_of(size_t layer, size_t x, size_t y) {
  return fmt::format("layers[{}].n[{}][{}]", layer, y, x);
}

bool replays(const LegacyReplay& replay, size_t layer) {
  return layer > 0 && replay.offset < 0 && replay.max > 0 &&
         (replay.phase == "before" || replay.phase == "after");
}

size_t replay_start(const LegacyReplay& replay, size_t layer) {
  const int64_t start = static_cast<int64_t>(layer) + replay.offset;
  return static_cast<size_t>(std::max<int64_t>(start, 1));
}

bool has_softmax(const File& file) {
  const Neuron& first = file.neurons[file.layers.back().first_neuron];
  return file.activations[first.activation] == "softmax";
}

}  // namespace paragon::io::legacy
