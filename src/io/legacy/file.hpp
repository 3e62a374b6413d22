// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <paragon/legacy.hpp>

// A file of the original framework as plain data, checked but not yet converted to its type.
namespace paragon::io::legacy {

/// What a file may hold at most. A connection takes 31 bytes of text or more, so that the first
/// limit is nearly implied by the one on the file.
inline constexpr size_t kMostParts = size_t{1} << 25;  ///< neurons and connections together
inline constexpr size_t kMostLayers = 4096;
inline constexpr size_t kMostWork = size_t{1} << 30;  ///< parts computed for a sample, with replays
inline constexpr size_t kMostActivations = 256;       ///< different names
inline constexpr size_t kLargestFile = size_t{1} << 30;

/// A connection: the neuron it reads, and its weight as the file has it.
struct Source {
  uint32_t layer = 0, x = 0, y = 0;
  double weight = 0;
};

struct Neuron {
  double bias = 0;
  uint32_t activation = 0;    ///< index in File::activations
  uint32_t first_source = 0;  ///< its connections end where those of the next neuron begin
};

struct Layer {
  size_t width = 0, height = 0;
  size_t first_neuron = 0;  ///< the neurons of a layer follow each other in order y, x
  LegacyReplay replay;

  size_t neurons() const { return width * height; }
};

struct File {
  std::string type;
  std::vector<Layer> layers;  ///< at least one
  std::vector<std::string> activations;
  std::vector<Neuron> neurons;
  std::vector<Source> sources;

  size_t first_source(size_t neuron) const { return neurons[neuron].first_source; }
  size_t end_source(size_t neuron) const {
    return neuron + 1 < neurons.size() ? neurons[neuron + 1].first_source : sources.size();
  }
  /// Index of the neuron that a connection reads.
  size_t neuron_of(const Source& source) const {
    const Layer& layer = layers[source.layer];
    return layer.first_neuron + source.y * layer.width + source.x;
  }
};

/// Whether the replay settings of a layer make the original compute anything: once, whatever `max`.
bool replays(const LegacyReplay& replay, size_t layer);

/// First layer of the span that layer `layer` replays.
size_t replay_start(const LegacyReplay& replay, size_t layer);

/// Whether the outputs go through a softmax: the first one's activation decides for all.
bool has_softmax(const File& file);

/// "layers[1].n[2][0]": the path of neuron (x, y) in the file.
std::string place_of(size_t layer, size_t x, size_t y);

/// Reads a file's text. Every layer is a full grid and every source exists. Raises with the path of
/// what is wrong, what was got and what was expected; memory stays within a few times the length of
/// the text.
File parse_file(std::string_view text);

/// Whether a text begins like a file of the original framework, and not like a model of this one.
/// Looks at no more than the start; a text that is neither gives false.
bool is_legacy_text(std::string_view start);

}  // namespace paragon::io::legacy
