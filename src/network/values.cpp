// SPDX-License-Identifier: Apache-2.0
#include "network/values.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "network/initialise.hpp"

namespace paragon::detail {
namespace {

// Magnitudes up to 2^these; initialise() keeps the lower one as well.
constexpr int kSmallestBound = -31, kLargestBound = 127;

/// "layer.role", for errors.
std::string name_of(const NetworkState& state, const Parameter& parameter) {
  for (const Layer& layer : state.layers)
    for (const Parameter& other : layer.parameters)
      if (other.id == parameter.id) return fmt::format("{}.{}", layer.name, parameter.role);
  return parameter.role;
}

/// Smallest e with 2^e >= largest.
int log2_ceil(double largest) {
  int exponent = 0;
  return std::frexp(largest, &exponent) == 0.5 ? exponent - 1 : exponent;
}

void set_fixed(const NetworkState& state, Parameter& parameter, std::span<const double> values,
               double largest) {
  const fixed::Format& format = fixed::format_of(state.type);
  const bool weights = parameter.is_weights();
  const fixed::WeightFormat kept =
      fixed::weight_format(format, weights ? state.storage : fixed::Storage::master);
  int fraction = -parameter.exponent;
  if (largest > 0) {
    const int bound = std::max(log2_ceil(largest), kSmallestBound);
    fraction = kept.bits - (bound + kept.headroom);
    if (!weights) fraction = std::min(fraction, format.bias_fraction);
  }
  parameter.exponent = -fraction;
  visit_signed(parameter.value, [&]<class T>(std::span<T> masters) {
    for (size_t i = 0; i < masters.size(); ++i)
      masters[i] = static_cast<T>(std::llround(std::ldexp(values[i], fraction)));
  });
  if (!parameter.view.empty()) refresh_view(parameter, format);
}

}  // namespace

void set_values(const NetworkState& state, Parameter& parameter, std::span<const double> values) {
  const auto fail = [&]<class... Args>(fmt::format_string<Args...> format, Args&&... args) {
    raise("[network] {}{}", name_of(state, parameter),
          fmt::format(format, std::forward<Args>(args)...));
  };
  if (values.size() != parameter.value.elements())
    fail(" got {} values, expected {}", values.size(), parameter.value.elements());
  const bool fixed_point = info(state.type).arithmetic == Arithmetic::kFixed;
  const double limit = fixed_point                    ? std::ldexp(1, kLargestBound)
                       : state.type == DType::float32 ? std::numeric_limits<float>::max()
                                                      : std::numeric_limits<double>::max();
  double largest = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double magnitude = std::abs(values[i]);
    if (!(magnitude <= limit))
      fail("[{}] is {}, expected a number of at most {:.3g}, which is what {} holds", i, values[i],
           limit, name(state.type));
    largest = std::max(largest, magnitude);
  }
  if (fixed_point)
    set_fixed(state, parameter, values, largest);
  else if (state.type == DType::float32)
    std::ranges::transform(values, parameter.value.as<float>().begin(),
                           [](double value) { return static_cast<float>(value); });
  else
    std::ranges::copy(values, parameter.value.as<double>().begin());
}

double feature_scale(DType type) {
  return info(type).arithmetic == Arithmetic::kFixed ? 255.0 / 256 : 1;
}

}  // namespace paragon::detail
