// SPDX-License-Identifier: Apache-2.0
#include "io/layer_json.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "core/error.hpp"
#include "network/layer_fields.hpp"

namespace paragon::io {
namespace {

using Activations = std::vector<std::string>;
using Sources = std::vector<std::vector<Wired::Source>>;
using ReplayMap = std::vector<std::array<double, 2>>;

constexpr size_t kMostNeurons = size_t{1} << 24;  // of the largest layer
constexpr int64_t kLargestSetting = std::numeric_limits<int32_t>::max();
constexpr size_t kLongestExpression = 4096;

void write(JsonWriter& writer, std::string_view name, size_t value) {
  writer.field(name, value);
}
void write(JsonWriter& writer, std::string_view name, double value) {
  writer.field(name, value);
}
void write(JsonWriter& writer, std::string_view name, const std::string& value) {
  writer.field(name, value);
}
void write(JsonWriter& writer, std::string_view name, const Expression& value) {
  writer.field(name, to_text(value));
}
void write(JsonWriter& writer, std::string_view name, const std::array<size_t, 2>& value) {
  writer.array(name, value, name);
}
void write(JsonWriter& writer, std::string_view name, const ReplayMap& map) {
  std::vector<double> flat;
  for (const auto& row : map) flat.insert(flat.end(), row.begin(), row.end());
  writer.array(name, flat, name);
}

// A name for each neuron, as indices into a list of the different ones.
void write(JsonWriter& writer, std::string_view name, const Activations& activations) {
  Activations names;
  std::vector<size_t> of_neurons;
  for (const std::string& activation : activations) {
    const auto known = std::find(names.begin(), names.end(), activation);
    of_neurons.push_back(static_cast<size_t>(known - names.begin()));
    if (known == names.end()) names.push_back(activation);
  }
  writer.open(name, '{');
  writer.strings("names", names);
  writer.array("of_neurons", of_neurons, name);
  writer.close('}');
}

// How many sources each neuron has, and all of them in a row.
void write(JsonWriter& writer, std::string_view name, const Sources& sources) {
  std::vector<size_t> counts;
  std::vector<uint32_t> pairs;
  for (const auto& list : sources) {
    counts.push_back(list.size());
    for (const Wired::Source& source : list)
      pairs.insert(pairs.end(), {source.input, source.neuron});
  }
  writer.open(name, '{');
  writer.array("counts", counts, name);
  writer.array("pairs", pairs, name);
  writer.close('}');
}

void write(JsonWriter& writer, std::string_view name, const Replay& replay) {
  writer.open(name, '{');
  detail::visit_fields(
      replay, [&](std::string_view field, const auto& value) { write(writer, field, value); });
  writer.close('}');
}

void read(JsonReader& reader, std::string_view name, size_t& value) {
  value = reader.extent(name);
}
void read(JsonReader& reader, std::string_view name, double& value) {
  value = reader.real(name);
}
void read(JsonReader& reader, std::string_view name, std::string& value) {
  value = reader.string(name);
}
void read(JsonReader& reader, std::string_view name, Expression& value) {
  const std::string text = reader.string(name, kLongestExpression);
  if (text.empty()) return;
  try {
    value = parse_expression(text);
  } catch (const Error& error) {
    raise("[json] {}: {}", reader.path_of(name), error.what());
  }
}
void read(JsonReader& reader, std::string_view name, std::array<size_t, 2>& value) {
  const std::vector<size_t> sizes = reader.extents(name);
  if (sizes.size() != value.size())
    reader.fail(name, fmt::format("an array of {}", sizes.size()), "two numbers");
  std::copy(sizes.begin(), sizes.end(), value.begin());
}
void read(JsonReader& reader, std::string_view name, ReplayMap& map) {
  const JsonReals flat = reader.reals(name);
  if (flat.size() % 2 != 0)
    reader.fail(name, fmt::format("an array of {}", flat.size()), "pairs of numbers");
  for (size_t i = 0; i < flat.size(); i += 2) map.push_back({flat[i], flat[i + 1]});
}

/// An array with a number for each neuron, low .. high.
JsonIntegers read_neurons(JsonReader& reader, std::string_view key, int64_t high) {
  if (const size_t count = reader.count(key); count > kMostNeurons)
    reader.fail(key, fmt::format("an array of {}", count), fmt::format("at most {}", kMostNeurons));
  JsonIntegers numbers = reader.integers(key);
  for (size_t i = 0; i < numbers.size(); ++i)
    if (numbers[i] < 0 || numbers[i] > high)
      reader.fail(fmt::format("{}[{}]", key, i), fmt::format("{}", numbers[i]),
                  fmt::format("0 .. {}", high));
  return numbers;
}

void read(JsonReader& reader, std::string_view name, Activations& activations) {
  JsonReader inside = reader.object(name);
  const Activations names = inside.strings("names", 64);
  if (names.empty()) inside.fail("names", "empty", "the names of activations");
  const auto last = static_cast<int64_t>(names.size()) - 1;
  for (const int64_t index : read_neurons(inside, "of_neurons", last))
    activations.push_back(names[static_cast<size_t>(index)]);
  if (activations.empty()) inside.fail("of_neurons", "empty", "a number for each neuron");
  inside.finish();
}

void read(JsonReader& reader, std::string_view name, Sources& sources) {
  JsonReader inside = reader.object(name);
  const JsonIntegers pairs = inside.integers("pairs");
  const JsonIntegers counts =
      read_neurons(inside, "counts", static_cast<int64_t>(pairs.size() / 2));
  size_t next = 0, wanted = 0;
  for (const int64_t count : counts) wanted += 2 * static_cast<size_t>(count);
  if (wanted != pairs.size())
    inside.fail("pairs", fmt::format("an array of {}", pairs.size()),
                fmt::format("{} numbers, two for each source that the counts say", wanted));
  const auto number = [&] {
    if (!std::in_range<uint32_t>(pairs[next]))
      inside.fail(fmt::format("pairs[{}]", next), fmt::format("{}", pairs[next]), "0 .. 2^32 - 1");
    return static_cast<uint32_t>(pairs[next++]);
  };
  for (const int64_t count : counts) {
    auto& list = sources.emplace_back(static_cast<size_t>(count));
    for (Wired::Source& source : list) {
      source.input = number();
      source.neuron = number();
    }
  }
  inside.finish();
}

void read(JsonReader& reader, std::string_view name, Replay& replay) {
  JsonReader inside = reader.object(name);
  detail::visit_fields(replay, [&]<class Value>(std::string_view field, Value& value) {
    if constexpr (std::same_as<Value, size_t>)
      value = static_cast<size_t>(inside.integer(field, 0, kLargestSetting));
    else
      read(inside, field, value);
  });
  inside.finish();
  if (!replay.enabled()) reader.fail(name, "a replay of no repetitions", "times or budget above 0");
}

/// Settings that most layers do not have are left out of the file.
template <class Value>
concept Optional = requires(const Value& value) {
  detail::is_empty(value);
};

}  // namespace

void write_config(JsonWriter& writer, const LayerConfig& config, const std::string& layer) {
  detail::visit_fields(config, [&]<class Value>(const detail::Field& field, const Value& value) {
    if constexpr (std::same_as<Value, Replay>)
      if (value.enabled() && value.function)
        raise(
            "[save] layer {}: the gate of its replay is 'function', code that a file cannot hold; "
            "expected a built-in gate or 'expression'",
            layer);
    if constexpr (Optional<Value>)
      if (detail::is_empty(value)) return;
    write(writer, field.name, value);
  });
}

void read_config(JsonReader& reader, LayerConfig& config) {
  detail::visit_fields(config, [&]<class Value>(const detail::Field& field, Value& value) {
    if constexpr (Optional<Value>)
      if (!reader.has(field.name)) return;
    read(reader, field.name, value);
  });
}

}  // namespace paragon::io
