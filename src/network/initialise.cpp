// SPDX-License-Identifier: Apache-2.0
#include "network/initialise.hpp"

#include <cmath>

#include "core/error.hpp"
#include "core/fixed_point.hpp"
#include "core/random.hpp"
#include "passes/fixed_format.hpp"

namespace paragon::detail {
namespace {

// Uniform in [-1, 1) from 64 bits, for floating-point types.
double uniform(uint64_t bits) {
  return static_cast<double>(static_cast<int64_t>(bits)) * 0x1p-63;
}

// floor(bits (2 bound + 1) / 2^64) - bound: uniform in -bound .. bound.
int64_t uniform_integer(uint64_t bits, uint64_t bound) {
  const auto wide = static_cast<unsigned __int128>(bits ^ (uint64_t{1} << 63)) * (2 * bound + 1);
  return static_cast<int64_t>(wide >> 64) - static_cast<int64_t>(bound);
}

// Smallest e with 2^e >= sqrt(gain / fan_in), that is gain <= fan_in 4^e, in whole numbers.
int log2_ceil_of_bound(uint32_t gain, size_t fan_in) {
  const auto reaches = [&](int e) {
    return gain <= (e >= 0 ? fan_in << (2 * e) : fan_in >> (-2 * e));
  };
  int e = 0;
  while (!reaches(e)) ++e;
  while (e > -31 && reaches(e - 1)) --e;
  return e;
}

}  // namespace

Parameter initialise(const NetworkState& state, uint64_t id, const layers::ParameterSpec& spec,
                     Activation activation) {
  Parameter parameter;
  parameter.id = id;
  parameter.role = spec.role;
  const uint64_t key =
      random::make_key({state.seed, id, static_cast<uint64_t>(random::Role::kInitial)});
  const uint32_t gain = initial_gain(activation);
  if (info(state.type).arithmetic == Arithmetic::kFixed) {
    const fixed::Format& format = fixed::format_of(state.type);
    if (spec.fan_in == 0) {
      parameter.value = Tensor(format.master, spec.shape);
      parameter.exponent = -format.bias_fraction;
      return parameter;
    }
    const fixed::WeightFormat weight = fixed::weight_format(format, state.storage);
    parameter.value = Tensor(weight.type, spec.shape);
    const int fraction = weight.bits - (log2_ceil_of_bound(gain, spec.fan_in) + weight.headroom);
    parameter.exponent = -fraction;
    const uint64_t square = (uint64_t{gain} << std::min(2 * fraction, 60)) / spec.fan_in;
    const uint64_t bound = fixed::isqrt(square) << std::max(fraction - 30, 0);
    visit_signed(parameter.value, [&]<class T>(std::span<T> values) {
      for (size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<T>(uniform_integer(random::bits64(key, i), bound));
    });
    if (state.storage == fixed::Storage::master) refresh_view(parameter, format);
    return parameter;
  }
  parameter.value = Tensor(state.type, spec.shape);
  if (spec.fan_in == 0) return parameter;
  const double bound = std::sqrt(static_cast<double>(gain) / static_cast<double>(spec.fan_in));
  for (size_t i = 0; i < parameter.value.elements(); ++i) {
    const double value = bound * uniform(random::bits64(key, i));
    if (state.type == DType::float32)
      parameter.value.as<float>()[i] = static_cast<float>(value);
    else
      parameter.value.as<double>()[i] = value;
  }
  return parameter;
}

void refresh_view(Parameter& parameter, const fixed::Format& format) {
  parameter.view = Tensor(format.operand, parameter.value.shape());
  visit_signed(parameter.value, [&]<class T>(std::span<T> masters) {
    uint64_t bits = 0;
    for (T value : masters) bits |= fixed::magnitude(value);
    int shift = std::max(0, fixed::bit_length(bits) - format.operand_bits);
    if (format.is_limited() &&
        fixed::round_shift(static_cast<int64_t>(bits), shift) > format.operand_limit)
      ++shift;
    parameter.view_exponent = parameter.exponent + shift;
    visit_signed(parameter.view, [&]<class V>(std::span<V> view) {
      for (size_t i = 0; i < view.size(); ++i)
        view[i] = static_cast<V>(
            fixed::clip(fixed::round_shift(masters[i], shift), format.operand_limit));
    });
  });
}

}  // namespace paragon::detail
