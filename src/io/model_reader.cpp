// SPDX-License-Identifier: Apache-2.0
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "core/error.hpp"
#include "core/random.hpp"
#include "io/json_object.hpp"
#include "io/model.hpp"
#include "io/numbers.hpp"
#include "network/layer_fields.hpp"
#include "network/layer_shapes.hpp"
#include "network/state.hpp"

namespace paragon::io {
namespace {

constexpr int kExponentLimit = 256;  // far beyond any exponent that training gives

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

// How each type of config field is read.
void read_field(JsonReader& reader, std::string_view name, size_t& value) {
  value = reader.extent(name);
}
void read_field(JsonReader& reader, std::string_view name, std::array<size_t, 2>& value) {
  const std::vector<size_t> sizes = reader.extents(name);
  if (sizes.size() != value.size())
    reader.fail(name, fmt::format("an array of {}", sizes.size()), "two numbers");
  std::copy(sizes.begin(), sizes.end(), value.begin());
}
template <class T>
void read_field(JsonReader&, std::string_view, T&) {}
void read_field(JsonReader& reader, std::string_view name, std::string& value) {
  value = reader.string(name);
}

int read_exponent(JsonReader& reader, std::string_view key) {
  return static_cast<int>(reader.integer(key, -kExponentLimit, kExponentLimit));
}

/// masters = views * 2^shift + residual.
void read_residual(JsonReader& reader, detail::Parameter& parameter) {
  const int shift = parameter.view_exponent - parameter.exponent;
  if (shift < 0 || shift > kLargestShift)
    reader.fail("view_exponent", fmt::format("{}", parameter.view_exponent),
                fmt::format("exponent ({}) .. exponent + {} where there is a residual",
                            parameter.exponent, kLargestShift));
  Tensor residual(DType::int64, parameter.value.shape());
  read_elements(reader, "residual", residual);
  const auto parts = residual.as<int64_t>();
  const auto views = parameter.view.as<int8_t>();
  const auto masters = parameter.value.as<int32_t>();
  constexpr int64_t kLimit = int64_t{1} << 40;  // keeps the sum below far from overflow
  for (size_t i = 0; i < masters.size(); ++i) {
    const int64_t part = std::clamp(parts[i], -kLimit, kLimit);
    const int64_t master = (int64_t{views[i]} << shift) + part;
    if (!std::in_range<int32_t>(master))
      reader.fail(fmt::format("residual[{}]", i), fmt::format("{}", parts[i]),
                  "one that makes a 32-bit number with its view");
    masters[i] = static_cast<int32_t>(master);
  }
}

/// Fills a parameter that the network has made, from the file's record of it.
void read_parameter(JsonReader& reader, bool fixed_point, IdSet& ids,
                    detail::Parameter& parameter) {
  parameter.id = ids.read(reader);
  if (const std::string role = reader.string("role"); role != parameter.role)
    reader.fail("role", fmt::format("'{}'", role), fmt::format("'{}'", parameter.role));
  const std::vector<size_t> dims = reader.extents("shape");
  if (!std::ranges::equal(dims, parameter.value.shape().dims()))
    reader.fail("shape", fmt::format("[{}]", fmt::join(dims, ",")),
                fmt::format("{} after the layer's settings", to_string(parameter.value.shape())));
  if (fixed_point) parameter.exponent = read_exponent(reader, "exponent");
  bool whole = true;
  if (!parameter.view.empty()) {
    parameter.view_exponent = read_exponent(reader, "view_exponent");
    read_elements(reader, "view", parameter.view);
    whole = !reader.has("residual");
    if (!whole) read_residual(reader, parameter);
  }
  if (whole) read_elements(reader, "values", parameter.value);
  reader.finish();
}

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

/// Adds a layer to the network and fills its parameters; `ids` gets the file's id of every layer.
void read_layer(JsonValue& value, const std::string& path, Network& network, IdSet& ids,
                std::map<uint64_t, uint64_t>& file_ids) {
  JsonReader reader(value, path);
  const uint64_t id = ids.read(reader);
  LayerConfig config = detail::make_layer(reader.string("kind"), fmt::format("{}.kind", path));
  detail::visit_fields(config, [&](const detail::Field& field, auto& member) {
    read_field(reader, field.name, member);
  });
  detail::set_name(config, reader.string("name"));
  const std::vector<std::string> inputs = reader.strings("inputs");
  if (inputs.size() != 1 || inputs[0].empty())
    reader.fail("inputs", fmt::format("an array of {}", inputs.size()), "the name of one layer");

  JsonItems items = reader.items("parameters");
  // A short file must not make a large network, so compare before anything is allocated.
  const size_t wanted = detail::parameters_of(network.state(), config, inputs);
  if (const size_t found = count_numbers(items); found < wanted)
    reader.fail("parameters", fmt::format("{} numbers", found),
                fmt::format("{} after the layer's settings", wanted));
  network.add(config, inputs[0]);
  const bool fixed_point = info(network.type()).arithmetic == Arithmetic::kFixed;
  detail::Layer& layer = network.state().layers.back();
  if (items.size() != layer.parameters.size())
    reader.fail("parameters", fmt::format("an array of {}", items.size()),
                fmt::format("{}", layer.parameters.size()));
  for (size_t i = 0; i < items.size(); ++i) {
    JsonReader item(items[i], fmt::format("{}.parameters[{}]", path, i));
    read_parameter(item, fixed_point, ids, layer.parameters[i]);
    items[i].data = {};  // the numbers are in the network now
  }
  if (fixed_point && reader.has("output_exponent"))
    layer.output_exponents[0] = read_exponent(reader, "output_exponent");
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
  if (reader.has("input_exponent"))
    state.input_exponent = static_cast<int>(reader.integer("input_exponent", 0, 20));
  state.next_id = reader.unsigned_integer("next_id");
  if (state.next_id <= ids.largest())
    reader.fail("next_id", fmt::format("{}", state.next_id),
                fmt::format("more than the largest id, {}", ids.largest()));
  reader.finish();
  return network;
}

}  // namespace paragon::io
