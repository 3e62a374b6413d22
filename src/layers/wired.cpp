// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/error.hpp"
#include "layers/layer.hpp"

namespace paragon::layers {
namespace {

constexpr size_t kMaxEdge = 4096;
constexpr size_t kMaxEntries = size_t{1} << 31;
constexpr size_t kMaxInputs = size_t{1} << 24;  // values of all layers read

size_t most_sources(const Wired& config) {
  size_t most = 1;
  for (const auto& list : config.sources) most = std::max(most, list.size());
  return most;
}

}  // namespace

LayerPlan plan(const Wired& config, const InputShapes& inputs, const std::string& place) {
  const auto [width, height] = config.grid;
  if (width == 0 || height == 0 || width > kMaxEdge || height > kMaxEdge)
    raise("[{}] got a grid of {}x{}, expected 1 to {} along each edge", place, width, height,
          kMaxEdge);
  const size_t units = width * height;
  if (config.sources.size() != units)
    raise("[{}] got sources of {} neurons, expected {} ({}x{})", place, config.sources.size(),
          units, width, height);
  for (size_t i = 0; i < units; ++i)
    for (const Wired::Source& source : config.sources[i]) {
      if (source.input >= inputs.size())
        raise("[{}] neuron {} reads input {}, expected 0 to {}", place, i, source.input,
              inputs.size() - 1);
      if (source.neuron >= inputs[source.input].elements())
        raise("[{}] neuron {} reads neuron {} of input {}, which has {}", place, i, source.neuron,
              source.input, inputs[source.input].elements());
    }
  size_t features = 0;
  for (const Shape& input : inputs) features += input.elements();
  if (features > kMaxInputs)
    raise("[{}] reads layers of {} neurons in all, expected at most {}", place, features,
          kMaxInputs);
  const size_t taps = most_sources(config);
  if (units * taps > kMaxEntries)
    raise("[{}] {} neurons x {} sources are more than 2^31 weights", place, units, taps);
  return {{height, width}, {{"weights", {units, taps}, taps}, {"bias", {units, 1}, 0}}};
}

ir::NodeId build(ir::Builder& b, const Wired& config, const BuildInputs& inputs) {
  std::vector<size_t> offsets;
  std::vector<ir::NodeId> turned;  // feature-major: the batch is what the SIMD lanes run over
  size_t features = 0;
  for (size_t i = 0; i < inputs.values.size(); ++i) {
    offsets.push_back(features);
    features += inputs.shapes[i].elements();
    turned.push_back(b.transpose(inputs.values[i]));
  }
  const size_t units = config.sources.size(), taps = most_sources(config);
  std::vector<int32_t> index(units * taps, -1);
  for (size_t i = 0; i < units; ++i)
    for (size_t k = 0; k < config.sources[i].size(); ++k) {
      const Wired::Source& source = config.sources[i][k];
      index[i * taps + k] = static_cast<int32_t>(offsets[source.input] + source.neuron);
    }
  const ir::NodeId x = turned.size() == 1 ? turned[0] : b.concat(turned);
  const ir::NodeId dot =
      b.gather_dot(ir::Op::gather_dot, x, inputs.parameters[0],
                   ir::make_index_table(std::move(index), units, taps, features));
  return b.transpose(activate(b, config, b.add(dot, inputs.parameters[1]), true));
}

}  // namespace paragon::layers
