// SPDX-License-Identifier: Apache-2.0
#include "core/error.hpp"
#include "core/random.hpp"
#include "io/json_writer.hpp"
#include "io/layer_json.hpp"
#include "io/model.hpp"
#include "io/parameter_json.hpp"
#include "io/training_json.hpp"
#include "network/state.hpp"

namespace paragon::io {
namespace {

void write_parameters(JsonWriter& writer, const detail::NetworkState& state,
                      const detail::Layer& layer) {
  writer.open("parameters", '[');
  for (const detail::Parameter& parameter : layer.parameters) {
    writer.open("", '{');
    writer.field("id", parameter.id);
    write_parameter(writer, parameter, state, fmt::format("{}.{}", layer.name, parameter.role));
    writer.close('}');
  }
  writer.close(']');
}

void write_layer(JsonWriter& writer, const detail::NetworkState& state,
                 const detail::Layer& layer) {
  if (layer.name.size() > kLongestName)
    raise("[save] the name of layer {}... has {} bytes, expected at most {}",
          layer.name.substr(0, 40), layer.name.size(), kLongestName);
  writer.open("", '{');
  writer.field("id", layer.id);
  writer.field("name", layer.name);
  writer.field("kind", std::string(keyword(layer.config)));
  write_config(writer, layer.config, layer.name);
  std::vector<std::string> inputs;
  for (const uint64_t id : layer.inputs)
    inputs.push_back(id == detail::kInputId ? "input" : state.by_id(id).name);
  writer.strings("inputs", inputs);
  if (!layer.output_exponents.empty()) {
    std::vector<int64_t> pairs;
    for (const auto& [repetition, exponent] : layer.output_exponents)
      pairs.insert(pairs.end(), {repetition, exponent});
    writer.array("output_exponents", pairs, layer.name);
  }
  write_parameters(writer, state, layer);
  writer.close('}');
}

}  // namespace

std::string model_text(const Network& network) {
  const detail::NetworkState& state = network.state();
  JsonWriter writer;
  writer.open("", '{');
  writer.field("format", std::string(kModelFormat));
  writer.field("version", kModelVersion);
  writer.field("numerics", random::kContractVersion);
  writer.field("type", std::string(name(state.type)));
  if (state.storage != fixed::Storage::master) writer.field("storage", network.storage());
  writer.field("seed", state.seed);
  writer.array("input", state.input_shape, "input");
  if (state.input_exponent != 0) writer.field("input_exponent", state.input_exponent);
  writer.field("next_id", state.next_id);
  writer.open("layers", '[');
  for (const detail::Layer& layer : state.layers) write_layer(writer, state, layer);
  writer.close(']');
  if (state.training) write_training(writer, *state.training);
  writer.close('}');
  const JsonLimits limits;
  if (writer.numbers() > limits.numbers)
    raise("[save] the file would hold {} numbers, expected at most {}", writer.numbers(),
          limits.numbers);
  std::string text = writer.take() + "\n";
  if (text.size() > kLargestFile)
    raise("[save] the file would have {} bytes, expected at most {}", text.size(), kLargestFile);
  return text;
}

}  // namespace paragon::io
