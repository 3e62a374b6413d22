// SPDX-License-Identifier: Apache-2.0
#include "train/bindings.hpp"

#include <cmath>

#include "core/error.hpp"
#include "core/fixed_point.hpp"
#include "passes/fixed_format.hpp"
#include "passes/lower_fixed.hpp"
#include "train/model_graph.hpp"

namespace paragon::train {
namespace {

template <class State, class F>
void for_each_parameter(State& network, F&& visit) {
  for (auto& layer : network.layers)
    for (auto& parameter : layer.parameters) visit(parameter);
}

std::span<const std::byte> bytes_of(const Tensor& tensor) {
  return {tensor.data(), tensor.bytes()};
}
std::span<std::byte> bytes_of(Tensor& tensor) {
  return {tensor.data(), tensor.bytes()};
}

}  // namespace

void upload_parameters(const detail::NetworkState& network, const runtime::Program& program,
                       runtime::Instance& instance) {
  const auto upload = [&](uint64_t id, std::string_view name, std::span<const std::byte> bytes) {
    if (program.has_slot(id, name)) instance.upload(program.find_slot(id, name), bytes);
  };
  const auto set = [&](uint64_t id, std::string_view name, int32_t value) {
    upload(id, name, std::as_bytes(std::span(&value, 1)));
  };
  for_each_parameter(network, [&](const detail::Parameter& parameter) {
    upload(parameter.id, kValue, bytes_of(parameter.value));
    if (parameter.view.empty()) return;
    upload(parameter.id, kView, bytes_of(parameter.view));
    set(parameter.id, kViewExponent, parameter.view_exponent);
    set(parameter.id, "view_next", parameter.view_exponent);
  });
  for (const detail::Layer& layer : network.layers)
    if (layer.output_exponent)
      set(layer.id, ir::exponent_slot_name(false, 0), *layer.output_exponent);
}

void download_parameters(detail::NetworkState& network, const runtime::Program& program,
                         runtime::Instance& instance) {
  for_each_parameter(network, [&](detail::Parameter& parameter) {
    if (!program.has_slot(parameter.id, kValue)) return;  // of a layer that nothing reads
    instance.download(program.find_slot(parameter.id, kValue), bytes_of(parameter.value));
    if (parameter.view.empty()) return;
    instance.download(program.find_slot(parameter.id, kView), bytes_of(parameter.view));
    parameter.view_exponent = instance.get<int32_t>(program.find_slot(parameter.id, kViewExponent));
  });
  for (detail::Layer& layer : network.layers)
    if (program.has_slot(layer.id, "peak_exponent"))
      layer.output_exponent = instance.get<int32_t>(program.find_slot(layer.id, "peak_exponent"));
}

void encode_features(std::span<const float> features, int input_exponent, std::span<int8_t> out) {
  // As for bytes: whole 255ths first, then half of that. Without branches, so that it becomes
  // vectors.
  constexpr float kBound = 5e8f;  // beyond it everything is clipped, and it fits an int32
  const int shift = 1 + input_exponent;
  for (size_t i = 0; i < features.size(); ++i) {
    const float scaled = features[i] * 255.0f;
    const float low = scaled > -kBound   ? scaled
                      : scaled == scaled ? -kBound
                                         : 0.0f;  // NaN becomes 0
    const float bounded = low < kBound ? low : kBound;
    const auto whole = static_cast<int32_t>(bounded);
    const float rest = bounded - static_cast<float>(whole);
    const int32_t nearest = whole + (rest >= 0.5f ? 1 : 0) - (rest <= -0.5f ? 1 : 0);
    const int32_t size = nearest < 0 ? -nearest : nearest;
    const int32_t q = (size + (1 << (shift - 1))) >> shift;
    const int32_t clipped = q < static_cast<int32_t>(fixed::kOperandLimit)
                                ? q
                                : static_cast<int32_t>(fixed::kOperandLimit);
    out[i] = static_cast<int8_t>(nearest < 0 ? -clipped : clipped);
  }
}

int input_exponent_of(std::span<const float> features) {
  float largest = 0;
  for (size_t i = 0; i < features.size(); ++i) {
    if (!std::isfinite(features[i]))
      raise("[data] feature {} is {}, expected a finite number", i, features[i]);
    largest = std::fmax(largest, std::fabs(features[i]));
  }
  int exponent = 0;
  while (exponent < 20 && std::ldexp(1.0f, exponent) < largest) ++exponent;
  return exponent;
}

}  // namespace paragon::train
