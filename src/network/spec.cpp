// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include <paragon/network.hpp>

#include "core/error.hpp"
#include "network/layer_fields.hpp"
#include "network/limits.hpp"
#include "network/spec.hpp"

namespace paragon {
namespace {

// Extents beyond this are typing errors; it keeps every product of two of them within 64 bits.
constexpr size_t kLargestExtent = (size_t{1} << 31) - 1;

constexpr std::string_view kLayerForms = "a layer is KEYWORD:SETTING:..., e.g. dense:10:softmax";

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find_first_of(separators);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words = split(text, " \t\r\n");
  std::erase(words, std::string_view());
  return words;
}

/// A word of the spec with its position, for errors.
struct Word {
  size_t number;  ///< 1-based
  std::string_view text;

  template <class... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    constexpr size_t kLongest = 60;  // hostile specs may be megabytes long
    raise("[layers] word {} '{}{}': {}", number, text.substr(0, kLongest),
          text.size() > kLongest ? "..." : "", fmt::format(format, std::forward<Args>(args)...));
  }
};

size_t parse_extent(const Word& word, std::string_view what, std::string_view text) {
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value == 0 ||
      value > kLargestExtent)
    word.fail("{} is '{}', expected a whole number from 1 to {}", what, text.substr(0, 40),
              kLargestExtent);
  return value;
}

std::array<size_t, 2> parse_grid(const Word& word, std::string_view what, std::string_view text) {
  const std::vector<std::string_view> parts = split(text, "x");
  if (parts.size() != 2) word.fail("{} is '{}', expected WIDTHxHEIGHT", what, text.substr(0, 40));
  return {parse_extent(word, what, parts[0]), parse_extent(word, what, parts[1])};
}

// How each type of config field reads and writes in a spec.
void parse_field(const Word& word, std::string_view name, std::string_view text, size_t& value) {
  value = parse_extent(word, name, text);
}
void parse_field(const Word& word, std::string_view name, std::string_view text,
                 std::array<size_t, 2>& value) {
  value = parse_grid(word, name, text);
}
void parse_field(const Word& word, std::string_view name, std::string_view text,
                 std::string& value) {
  if (text.empty()) word.fail("{} is empty", name);
  value = text;
}
/// Can a spec say it?
template <class Value>
concept InSpec = std::same_as<Value, size_t> || std::same_as<Value, std::array<size_t, 2>> ||
    std::same_as<Value, std::string>;

std::string field_text(size_t value) {
  return fmt::format("{}", value);
}
std::string field_text(const std::array<size_t, 2>& value) {
  return fmt::format("{}x{}", value[0], value[1]);
}
std::string field_text(const std::string& value) {
  return value;
}

/// "local:WxH:ACTIVATION[:field=5]", from the table of fields and their defaults.
std::string form_of(const LayerConfig& config) {
  std::string form(keyword(config));
  detail::visit_fields(config, [&]<class Value>(const detail::Field& field, const Value& value) {
    if constexpr (InSpec<Value>)
      form += field.required ? fmt::format(":{}", field.word)
                             : fmt::format("[:{}={}]", field.name, field_text(value));
  });
  return form;
}

LayerConfig parse_layer(const Word& word) {
  const std::vector<std::string_view> parts = split(word.text, ":");
  LayerConfig config = detail::make_layer(parts[0], fmt::format("layer (word {})", word.number));
  const std::string form = form_of(config);

  std::vector<bool> used(parts.size(), false);
  used[0] = true;
  size_t next = 1;
  detail::visit_fields(config, [&]<class Value>(const detail::Field& field, Value& value) {
    if constexpr (InSpec<Value>) {
      if (field.required) {
        if (next >= parts.size()) word.fail("{} is missing, expected {}", field.name, form);
        parse_field(word, field.name, parts[next], value);
        used[next++] = true;
        return;
      }
      const std::string prefix = fmt::format("{}=", field.name);
      for (size_t i = next; i < parts.size(); ++i) {
        if (!parts[i].starts_with(prefix)) continue;
        if (used[i]) continue;
        parse_field(word, field.name, parts[i].substr(prefix.size()), value);
        used[i] = true;
        break;
      }
    }
  });
  for (size_t i = 0; i < parts.size(); ++i)
    if (!used[i])
      word.fail("'{}' does not belong there, expected {}", parts[i].substr(0, 40), form);
  return config;
}

/// The inverse of parse_layer; settings that have their default value are left out.
std::string layer_spec(const LayerConfig& config) {
  const LayerConfig fresh = detail::make_layer(keyword(config), "layer");
  std::vector<std::string> defaults;
  detail::visit_fields(fresh, [&]<class Value>(const detail::Field&, const Value& value) {
    if constexpr (InSpec<Value>) defaults.push_back(field_text(value));
  });
  std::string spec(keyword(config));
  size_t index = 0;
  detail::visit_fields(config, [&]<class Value>(const detail::Field& field, const Value& value) {
    if constexpr (InSpec<Value>) {
      const std::string text = field_text(value);
      const bool is_default = text == defaults[index++];
      if (field.required)
        spec += ':' + text;
      else if (!is_default)
        spec += fmt::format(":{}={}", field.name, text);
    } else if (!detail::is_empty(value)) {
      raise("[layers] a spec in one line cannot say the {} of a layer", field.name);
    }
  });
  return spec;
}

std::vector<size_t> parse_input(const Word& word) {
  if (word.text.find('x') == std::string_view::npos)
    return {parse_extent(word, "the input's shape", word.text)};
  const auto [width, height] = parse_grid(word, "the input's shape", word.text);
  return {height, width};
}

}  // namespace

namespace detail {

LayerConfig make_layer(std::string_view keyword, std::string_view place) {
#define PARAGON_LAYER(word, Config) \
  if (keyword == #word) return Config{};
#include <paragon/layers.def>
  raise_unknown(place, keyword,
                {
#define PARAGON_LAYER(word, Config) #word,
#include <paragon/layers.def>
                });
}

void set_name(LayerConfig& config, const std::string& name) {
  std::visit(
      [&]<class Layer>(Layer& layer) {
        if constexpr (requires { layer.name; }) layer.name = name;
      },
      config);
}

Spec parse_spec(std::string_view text) {
  const std::vector<std::string_view> words = words_of(text);
  if (words.empty())
    raise("[layers] there is no word; the first is the input's shape (WxH or N), then {}",
          kLayerForms);
  Spec spec{parse_input({1, words[0]}), {}};
  if (words.size() == 1)
    raise("[layers] there is no layer after the input's shape; {}", kLayerForms);
  if (words.size() - 1 > kMostLayers)
    raise("[layers] there are {} layers, expected at most {}", words.size() - 1, kMostLayers);
  for (size_t i = 1; i < words.size(); ++i) spec.layers.push_back(parse_layer({i + 1, words[i]}));
  return spec;
}

}  // namespace detail

std::string_view keyword(const LayerConfig& config) {
  static constexpr std::string_view kKeywords[] = {
      "",
#define PARAGON_LAYER(word, Config) #word,
#include <paragon/layers.def>
  };
  static_assert(std::size(kKeywords) == std::variant_size_v<LayerConfig>);
  return kKeywords[config.index()];
}

Network parse_network(std::string_view spec, DType type, std::uint64_t seed,
                      const std::string& storage) {
  detail::Spec parsed = detail::parse_spec(spec);
  Network network(
      {.input = std::move(parsed.input), .type = type, .seed = seed, .storage = storage});
  for (const LayerConfig& layer : parsed.layers) network.add(layer);
  return network;
}

std::string to_spec(const Network& network) {
  const std::vector<size_t>& input = network.input_shape();
  std::string spec = input.size() == 2 ? fmt::format("{}x{}", input[1], input[0])
                                       : fmt::format("{}", fmt::join(input, "x"));
  std::string previous = "input";
  for (const LayerInfo& layer : network.layers()) {
    if (layer.inputs != std::vector<std::string>{previous})
      raise(
          "[layers] layer '{}' reads '{}'; a spec in one line can only say '{}', the layer before",
          layer.name, fmt::join(layer.inputs, ", "), previous);
    previous = layer.name;
    spec += ' ' + layer_spec(layer.config);
  }
  return spec;
}

}  // namespace paragon
