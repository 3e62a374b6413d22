// SPDX-License-Identifier: Apache-2.0
#include "train/bindings.hpp"

#include <bit>
#include <charconv>
#include <cmath>

#include "core/error.hpp"
#include "core/fixed_point.hpp"
#include "passes/fixed_format.hpp"
#include "passes/lower_fixed.hpp"
#include "train/model_graph.hpp"
#include "train/optimizer.hpp"

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
    set(parameter.id, kViewNext, parameter.view_exponent);
  });
  for (const detail::Layer& layer : network.layers)
    for (const auto& [repetition, exponent] : layer.output_exponents)
      set(layer.id, ir::exponent_slot_name(false, repetition), exponent);
}

void upload_initial_state(const runtime::Program& program, runtime::Instance& instance) {
  for (uint32_t i = 0; i < program.slots.size(); ++i) {
    const ir::Slot& slot = program.slots[i];
    if (slot.id != 0 || slot.role != ir::SlotRole::kState) continue;
    if (slot.type == DType::float64) instance.set(i, initial_state(slot.name));
    if (slot.type == DType::int64) instance.set(i, initial_fixed_state(slot.name));
  }
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
  for (detail::Layer& layer : network.layers) {
    const std::string prefix = fmt::format("{}.", kPeakExponent);
    for (uint32_t i = 0; i < program.slots.size(); ++i) {
      const ir::Slot& slot = program.slots[i];
      if (slot.id != layer.id) continue;
      uint32_t repetition = 0;
      if (slot.name.starts_with(prefix)) {
        const char* digits = slot.name.data() + prefix.size();
        std::from_chars(digits, slot.name.data() + slot.name.size(), repetition);
      } else if (slot.name != kPeakExponent) {
        continue;
      }
      layer.output_exponents[repetition] = instance.get<int32_t>(i);
    }
  }
}

namespace {

// As for bytes: whole 255ths first, then half of that. On the bits of the magnitudes, which are
// ordered as integers are, and without branches, so that it becomes vectors.
void encode_int8(std::span<const float> features, int input_exponent, std::span<int8_t> out) {
  constexpr int32_t kLimit = 127, kInfinity = 0x7F800000;
  const int shift = 1 + input_exponent;
  const int32_t half = 1 << (shift - 1);
  const auto most = std::bit_cast<int32_t>(static_cast<float>(kLimit << shift));
  const float* from = features.data();
  int8_t* to = out.data();
  const size_t count = features.size();
  for (size_t i = 0; i < count; ++i) {
    const auto bits = std::bit_cast<int32_t>(from[i] * 255.0f);
    const int32_t size = bits & 0x7FFFFFFF, sign = bits >> 31;
    const auto bounded = std::bit_cast<float>(size < most ? size : most);
    const int32_t nearest = (static_cast<int32_t>(2.0f * bounded) + 1) >> 1;
    const int32_t number = ~((kInfinity - size) >> 31);  // all bits, or none for a NaN
    const int32_t q = ((nearest + half) >> shift) & number;
    to[i] = static_cast<int8_t>((q ^ sign) - sign);
  }
}

// Multiples of 1 / (255 2^(bits - 8)), halves away from zero, then a shift by the input's exponent.
// Without calls and branches.
template <class T>
void encode_wide(std::span<const float> features, const fixed::Format& format, int input_exponent,
                 std::span<T> out) {
  constexpr int32_t kInfinity = 0x7F800000;
  const double scale = 255.0 * static_cast<double>(int64_t{1} << (format.operand_bits - 8));
  // What is larger becomes the limit.
  const auto most = static_cast<double>(format.operand_limit << input_exponent);
  const int64_t half = (int64_t{1} << input_exponent) >> 1;
  for (size_t i = 0; i < features.size(); ++i) {
    const auto bits = std::bit_cast<int32_t>(features[i]);
    const int32_t size = bits & 0x7FFFFFFF, sign = bits >> 31;
    const int32_t number = ~((kInfinity - size) >> 31);  // all bits, or none for a NaN
    const double scaled = double{std::bit_cast<float>(size & number)} * scale;
    const double bounded = scaled < most ? scaled : most;
    const auto whole = static_cast<int64_t>(bounded);
    const int64_t nearest = whole + (bounded - static_cast<double>(whole) >= 0.5 ? 1 : 0);
    const auto q = static_cast<int32_t>((nearest + half) >> input_exponent);
    out[i] = static_cast<T>((q ^ sign) - sign);
  }
}

}  // namespace

void encode_features(std::span<const float> features, const fixed::Format& format,
                     int input_exponent, Tensor& out) {
  switch (format.operand) {
    case DType::int8:
      return encode_int8(features, input_exponent, out.as<int8_t>());
    case DType::int16:
      return encode_wide(features, format, input_exponent, out.as<int16_t>());
    default:
      return encode_wide(features, format, input_exponent, out.as<int32_t>());
  }
}

void encode_targets(std::span<const float> targets, int exponent, std::span<int32_t> out) {
  for (size_t i = 0; i < targets.size(); ++i)
    out[i] = static_cast<int32_t>(
        fixed::clip(std::llround(std::ldexp(double{targets[i]}, -exponent)), fixed::kValueLimit));
}

int exponent_of(std::span<const float> features, const char* what) {
  float largest = 0;
  for (size_t i = 0; i < features.size(); ++i) {
    if (!std::isfinite(features[i]))
      raise("[data] {} {} is {}, expected a finite number", what, i, features[i]);
    largest = std::fmax(largest, std::fabs(features[i]));
  }
  int exponent = 0;
  while (exponent < 20 && std::ldexp(1.0f, exponent) < largest) ++exponent;
  return exponent;
}

}  // namespace paragon::train
