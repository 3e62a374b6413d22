// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "core/error.hpp"
#include "core/random.hpp"
#include "io/json_object.hpp"
#include "io/layer_json.hpp"
#include "io/model.hpp"
#include "io/parameter_json.hpp"
#include "io/training_json.hpp"
#include "network/layer_fields.hpp"
#include "network/layer_shapes.hpp"
#include "network/state.hpp"

namespace paragon::io {
namespace {

constexpr int64_t kLargestInputExponent = 20;

bool is_fixed(DType type) {
  return info(type).arithmetic == Arithmetic::kFixed;
}

/// Ids of layers and parameters: each once, and below the next one to be given.
class IdSet {
 public:
  uint64_t read(JsonReader& reader) {
    const uint64_t id = reader.unsigned_integer("id");
    if (id == detail::kInputId || !ids_.insert(id).second)
      reader.fail("id", fmt::format("{}", id), "a number above 0 that no other part has");
    return id;
  }
  uint64_t largest() const { return ids_.empty() ? 0 : *ids_.rbegin(); }

 private:
  std::set<uint64_t> ids_;
};

/// Numbers in all arrays of the parameters' records: what the file really holds.
size_t count_numbers(const JsonItems& parameters) {
  size_t count = 0;
  for (const JsonValue& item : parameters) {
    const auto* object = std::get_if<JsonObject>(&item.data);
    if (object == nullptr) continue;  // refused when it is read
    for (const JsonMember& member : *object) {
      if (const auto* whole = std::get_if<JsonIntegers>(&member.value.data)) count += whole->size();
      if (const auto* reals = std::get_if<JsonReals>(&member.value.data)) count += reals->size();
    }
  }
  return count;
}

std::vector<std::string> read_inputs(JsonReader& reader) {
  std::vector<std::string> inputs = reader.strings("inputs", kLongestName);
  if (inputs.empty()) reader.fail("inputs", "empty", "the names of the layers read");
  for (const std::string& input : inputs)
    if (input.empty()) reader.fail("inputs", "an array with an empty name", "names of layers");
  return inputs;
}

/// Pairs of repetition and exponent, the repetitions rising.
std::map<uint32_t, int> read_output_exponents(JsonReader& reader) {
  constexpr std::string_view kKey = "output_exponents";
  std::map<uint32_t, int> exponents;
  const JsonIntegers pairs = reader.integers(kKey);
  if (pairs.empty() || pairs.size() % 2 != 0)
    reader.fail(kKey, fmt::format("an array of {}", pairs.size()),
                "pairs of repetition and exponent");
  const auto expect = [&](size_t i, int64_t low, int64_t high) {
    if (pairs[i] < low || pairs[i] > high)
      reader.fail(fmt::format("{}[{}]", kKey, i), fmt::format("{}", pairs[i]),
                  fmt::format("{} .. {}", low, high));
  };
  for (size_t i = 0; i < pairs.size(); i += 2) {
    expect(i, i == 0 ? 0 : pairs[i - 2] + 1, std::numeric_limits<uint32_t>::max());
    expect(i + 1, -kExponentLimit, kExponentLimit);
    exponents[static_cast<uint32_t>(pairs[i])] = static_cast<int>(pairs[i + 1]);
  }
  return exponents;
}

/// Adds the layer to the network if the file holds as many numbers as it needs: a short file must
/// not make a large network.
void add_layer(const JsonReader& reader, const LayerConfig& config,
               const std::vector<std::string>& inputs, const JsonItems& parameters,
               Network& network) {
  size_t wanted = 0;
  try {
    wanted = detail::parameters_of(network.state(), config, inputs);
    if (count_numbers(parameters) >= wanted) {
      network.add_reading(config, inputs);
      return;
    }
  } catch (const Error& error) {
    raise("[json] {}: {}", reader.path(), error.what());
  }
  reader.fail("parameters", fmt::format("{} numbers", count_numbers(parameters)),
              fmt::format("{} after the layer's settings", wanted));
}

/// Adds a layer to the network and fills its parameters; `file_ids` gets the file's id of it.
void read_layer(JsonValue& value, const std::string& path, Network& network, IdSet& ids,
                std::map<uint64_t, uint64_t>& file_ids) {
  JsonReader reader(value, path);
  const uint64_t id = ids.read(reader);
  LayerConfig config = detail::make_layer(reader.string("kind"), fmt::format("{}.kind", path));
  read_config(reader, config);
  const std::string name = reader.string("name", kLongestName);
  if (name.empty()) reader.fail("name", "empty", "a name");
  detail::set_name(config, name);
  const std::vector<std::string> inputs = read_inputs(reader);
  JsonItems items = reader.items("parameters");
  add_layer(reader, config, inputs, items, network);

  const DType type = network.type();
  detail::Layer& layer = network.state().layers.back();
  if (items.size() != layer.parameters.size())
    reader.fail("parameters", fmt::format("an array of {}", items.size()),
                fmt::format("{}", layer.parameters.size()));
  for (size_t i = 0; i < items.size(); ++i) {
    JsonReader item(items[i], fmt::format("{}.parameters[{}]", path, i));
    layer.parameters[i].id = ids.read(item);
    read_parameter(item, network.state(), layer.parameters[i]);
    item.finish();
    items[i].data = {};  // the numbers are in the network now
  }
  if (is_fixed(type) && reader.has("output_exponents"))
    layer.output_exponents = read_output_exponents(reader);
  reader.finish();
  file_ids[layer.id] = id;
}

void check_header(JsonReader& reader) {
  if (const std::string format = reader.string("format"); format != kModelFormat)
    reader.fail("format", fmt::format("'{}'", format), fmt::format("'{}'", kModelFormat));
  const auto check = [&](std::string_view key, int64_t known) {
    const int64_t version = reader.integer(key, 0, std::numeric_limits<int64_t>::max());
    if (version != known)
      reader.fail(key, fmt::format("{}", version),
                  fmt::format("{}, the one that this program reads", known));
  };
  check("version", kModelVersion);
  check("numerics", random::kContractVersion);
}

}  // namespace

Network parse_model(std::string_view text) {
  JsonValue root = parse_json(text, "model");
  JsonReader reader(root, "model");
  check_header(reader);
  NetworkOptions options;
  options.type = parse_dtype(reader.string("type"));
  if (is_fixed(options.type) && reader.has("storage")) options.storage = reader.string("storage");
  options.seed = reader.unsigned_integer("seed");
  options.input = reader.extents("input");
  Network network(options);

  IdSet ids;
  std::map<uint64_t, uint64_t> file_ids = {{detail::kInputId, detail::kInputId}};
  JsonItems items = reader.items("layers");
  for (size_t i = 0; i < items.size(); ++i)
    read_layer(items[i], fmt::format("layers[{}]", i), network, ids, file_ids);

  // The network gave ids of its own while it grew; the file's take their place.
  detail::NetworkState& state = network.state();
  for (detail::Layer& layer : state.layers) {
    layer.id = file_ids.at(layer.id);
    for (uint64_t& input : layer.inputs) input = file_ids.at(input);
  }
  // Only fixed-point networks whose inputs exceed 1 have it.
  if (is_fixed(state.type) && reader.has("input_exponent"))
    state.input_exponent =
        static_cast<int>(reader.integer("input_exponent", 0, kLargestInputExponent));
  state.next_id = reader.unsigned_integer("next_id");
  if (state.next_id <= ids.largest())
    reader.fail("next_id", fmt::format("{}", state.next_id),
                fmt::format("more than the largest id, {}", ids.largest()));
  if (reader.has("training")) state.training = read_training(reader.object("training"));
  reader.finish();
  return network;
}

}  // namespace paragon::io
