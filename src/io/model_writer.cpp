// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/random.hpp"
#include "io/model.hpp"
#include "io/numbers.hpp"
#include "network/layer_fields.hpp"
#include "network/state.hpp"

namespace paragon::io {
namespace {

/// Writes indented JSON. Numbers of long arrays stand in rows, so that editors survive the file.
class JsonWriter {
 public:
  void open(std::string_view key, char bracket) {
    begin(key);
    text_ += bracket;
    ++depth_;
    first_ = true;
  }
  void close(char bracket) {
    --depth_;
    if (!first_) line();
    text_ += bracket;
    first_ = false;
  }
  void field(std::string_view key, const std::string& value) {
    begin(key);
    append_string(value);
  }
  template <std::integral T>
  void field(std::string_view key, T value) {
    begin(key);
    append_number(text_, value, key);
  }
  template <class Numbers>
  void array(std::string_view key, const Numbers& numbers, std::string_view place) {
    constexpr size_t kPerRow = 32;
    begin(key);
    text_ += '[';
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (i > 0) text_ += ',';
      if (i > 0 && i % kPerRow == 0) line();
      append_number(text_, numbers[i], place);
    }
    text_ += ']';
  }
  void strings(std::string_view key, const std::vector<std::string>& texts) {
    begin(key);
    text_ += '[';
    for (size_t i = 0; i < texts.size(); ++i) {
      if (i > 0) text_ += ", ";
      append_string(texts[i]);
    }
    text_ += ']';
  }
  std::string take() { return std::move(text_); }

 private:
  void line() {
    text_ += '\n';
    text_.append(depth_, ' ');
  }
  void begin(std::string_view key) {
    if (!first_) text_ += ',';
    if (depth_ > 0) line();
    first_ = false;
    if (!key.empty()) text_ += fmt::format("\"{}\": ", key);
  }
  void append_string(const std::string& value) {
    try {
      text_ += nlohmann::json(value).dump();
    } catch (const nlohmann::json::exception&) {
      raise("[save] a name is not valid UTF-8: {}",
            nlohmann::json(value).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
    }
  }

  std::string text_;
  size_t depth_ = 0;
  bool first_ = true;
};

// How each type of config field is written.
void write_field(JsonWriter& writer, std::string_view name, size_t value) {
  writer.field(name, value);
}
void write_field(JsonWriter& writer, std::string_view name, const std::array<size_t, 2>& value) {
  writer.array(name, value, name);
}
template <class T>
void write_field(JsonWriter&, std::string_view, const T&) {}
void write_field(JsonWriter& writer, std::string_view name, const std::string& value) {
  writer.field(name, value);
}

/// The residual that the view leaves of the master, if the view's step is not the finer one.
std::vector<int64_t> residual_of(const detail::Parameter& parameter, int shift) {
  const auto masters = parameter.value.as<int32_t>();
  const auto views = parameter.view.as<int8_t>();
  std::vector<int64_t> residual(masters.size());
  for (size_t i = 0; i < masters.size(); ++i)
    residual[i] = masters[i] - (int64_t{views[i]} << shift);
  return residual;
}

void write_values(JsonWriter& writer, const Tensor& tensor, std::string_view key,
                  const std::string& place) {
  visit_elements(tensor, [&](const auto& elements) { writer.array(key, elements, place); });
}

void write_parameter(JsonWriter& writer, const detail::Parameter& parameter, bool fixed_point,
                     const std::string& place) {
  writer.open("", '{');
  writer.field("id", parameter.id);
  writer.field("role", parameter.role);
  writer.array("shape", parameter.value.shape().dims(), place);
  if (fixed_point) writer.field("exponent", parameter.exponent);
  bool whole = true;
  if (!parameter.view.empty()) {
    writer.field("view_exponent", parameter.view_exponent);
    write_values(writer, parameter.view, "view", place);
    const int shift = parameter.view_exponent - parameter.exponent;
    whole = shift < 0 || shift > kLargestShift;
    if (!whole) writer.array("residual", residual_of(parameter, shift), place);
  }
  if (whole) write_values(writer, parameter.value, "values", place);
  writer.close('}');
}

void write_layer(JsonWriter& writer, const detail::NetworkState& state,
                 const detail::Layer& layer) {
  const bool fixed_point = info(state.type).arithmetic == Arithmetic::kFixed;
  writer.open("", '{');
  writer.field("id", layer.id);
  writer.field("name", layer.name);
  writer.field("kind", std::string(keyword(layer.config)));
  detail::visit_fields(layer.config, [&](const detail::Field& field, const auto& value) {
    write_field(writer, field.name, value);
  });
  std::vector<std::string> inputs;
  for (const uint64_t id : layer.inputs)
    inputs.push_back(id == detail::kInputId ? "input" : state.by_id(id).name);
  writer.strings("inputs", inputs);
  if (!layer.output_exponents.empty()) writer.field("output_exponent", layer.output_exponents.begin()->second);
  writer.open("parameters", '[');
  for (const detail::Parameter& parameter : layer.parameters)
    write_parameter(writer, parameter, fixed_point,
                    fmt::format("{}.{}", layer.name, parameter.role));
  writer.close(']');
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
  writer.field("seed", state.seed);
  writer.array("input", state.input_shape, "input");
  if (state.input_exponent != 0) writer.field("input_exponent", int64_t{state.input_exponent});
  writer.field("next_id", state.next_id);
  writer.open("layers", '[');
  for (const detail::Layer& layer : state.layers) write_layer(writer, state, layer);
  writer.close(']');
  writer.close('}');
  return writer.take() + "\n";
}

}  // namespace paragon::io
