// SPDX-License-Identifier: Apache-2.0
#include "io/legacy/checks.hpp"

#include "core/error.hpp"

namespace paragon::io::legacy {
namespace {

/// A connection of a neuron, for errors.
struct Connection {
  size_t layer, x, y, index;

  [[noreturn]] void fail(const char* key, size_t value, size_t count,
                         const std::string& inside) const {
    raise("[json] {}.in[{}].{} is {}, expected 0 .. {}, inside {}", place_of(layer, x, y), index,
          key, value, count - 1, inside);
  }
};

void check(const File& file, const Source& source, const Connection& connection) {
  if (source.layer >= file.layers.size())
    connection.fail("layer", source.layer, file.layers.size(), "the file");
  const Layer& read = file.layers[source.layer];
  const auto grid = [&] {
    return fmt::format("layer {} of {}x{}", source.layer, read.width, read.height);
  };
  if (source.x >= read.width) connection.fail("x", source.x, read.width, grid());
  if (source.y >= read.height) connection.fail("y", source.y, read.height, grid());
}

}  // namespace

void check_sources(const File& file) {
  for (size_t l = 0; l < file.layers.size(); ++l) {
    const Layer& layer = file.layers[l];
    for (size_t n = 0; n < layer.neurons(); ++n) {
      const size_t first = file.first_source(layer.first_neuron + n);
      const size_t end = file.end_source(layer.first_neuron + n);
      for (size_t s = first; s < end; ++s)
        check(file, file.sources[s], {l, n % layer.width, n / layer.width, s - first});
    }
  }
}

void check_work(const File& file) {
  std::vector<size_t> before = {0};  // parts of the layers before each layer
  for (const Layer& layer : file.layers) {
    const size_t last = layer.first_neuron + layer.neurons() - 1;
    before.push_back(before.back() + layer.neurons() + file.end_source(last) -
                     file.first_source(layer.first_neuron));
  }
  size_t work = before.back();
  for (size_t l = 0; l < file.layers.size(); ++l) {
    const LegacyReplay& replay = file.layers[l].replay;
    if (replays(replay, l)) work += before[l + 1] - before[replay_start(replay, l)];
  }
  if (work > kMostWork)
    raise(
        "[json] layers make {} neurons and connections to compute with their replays, expected at "
        "most {}",
        work, kMostWork);
}

}  // namespace paragon::io::legacy
