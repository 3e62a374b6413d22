// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

// Numbers as the original computes them: Go on amd64. Whole numbers wrap around; every product and
// sum of floating point is rounded on its own.
namespace paragon::io::legacy {

/// The processor's conversion: toward zero, and the smallest number for all that does not fit.
template <std::signed_integral Int>
Int truncate(double value) {
  constexpr double kEnd = -static_cast<double>(std::numeric_limits<Int>::min());
  // Int's range is open: -2147483648.9 still gives -2147483648.
  const bool fits = value < kEnd && (sizeof(Int) == 8 ? value >= -kEnd : value > -kEnd - 1);
  return fits ? static_cast<Int>(value) : std::numeric_limits<Int>::min();
}

/// Go's T(value). Short types go through int32, uint32 through int64.
template <class T>
T convert(double value) {
  if constexpr (std::floating_point<T>) {
    return static_cast<T>(value);
  } else if constexpr (sizeof(T) < 4 || std::same_as<T, int32_t>) {
    return static_cast<T>(truncate<int32_t>(value));
  } else if constexpr (std::same_as<T, uint64_t>) {
    constexpr double kHalf = 0x1p63;
    if (value < kHalf) return static_cast<uint64_t>(truncate<int64_t>(value));
    return static_cast<uint64_t>(truncate<int64_t>(value - kHalf)) | uint64_t{1} << 63;
  } else {
    return static_cast<T>(truncate<int64_t>(value));
  }
}

template <class T>
T multiply(T a, T b) {
  if constexpr (std::floating_point<T>)
    return a * b;
  else
    return static_cast<T>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

template <class T>
T add(T a, T b) {
  if constexpr (std::floating_point<T>)
    return a + b;
  else
    return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

/// The whole number that stands for 1.0 in an integer network; 1 in floating point.
template <class T>
constexpr double unit() {
  if constexpr (std::floating_point<T>)
    return 1;
  else if constexpr (sizeof(T) <= 4)
    return static_cast<double>(std::numeric_limits<T>::max());
  else
    return std::signed_integral<T> ? 2147483647.0 : 4294967295.0;
}

enum class Activation : uint8_t { kIdentity, kRelu, kLeakyRelu, kElu, kSigmoid, kTanh };

/// Every name without a formula passes values on: linear, swish, gelu, softmax, ...
inline Activation activation_named(std::string_view name) {
  if (name == "relu") return Activation::kRelu;
  if (name == "leaky_relu") return Activation::kLeakyRelu;
  if (name == "elu") return Activation::kElu;
  if (name == "sigmoid") return Activation::kSigmoid;
  if (name == "tanh") return Activation::kTanh;
  return Activation::kIdentity;
}

/// The original's tanh: straight near 0, a rational function beyond, +-1 from 1 on.
inline float rational_tanh(float x) {
  if (x > 1) return 1;
  if (x < -1) return -1;
  const float magnitude = std::abs(x);
  if (magnitude < 0.25f) return x;
  const float curve = 1 - 2 / (1 + 2 * magnitude);  // below 0 up to 0.5: the sign changes there
  return x < 0 ? -curve : curve;
}

template <std::floating_point T>
T activate(Activation activation, T x) {
  const double real = x;
  switch (activation) {
    case Activation::kIdentity:
      return x;
    case Activation::kRelu:
      return x > 0 ? x : T{0};
    case Activation::kLeakyRelu:
      return x > 0 ? x : static_cast<T>(0.01 * real);
    case Activation::kElu:
      return x >= 0 ? x : static_cast<T>(std::exp(std::max(real, -10.0)) - 1);
    case Activation::kSigmoid:
      return static_cast<T>(1 / (1 + std::exp(-real)));
    case Activation::kTanh:
      return rational_tanh(static_cast<float>(x));
  }
  return x;
}

template <std::integral T>
T activate(Activation activation, T x) {
  constexpr double kUnit = unit<T>();
  // Unsigned numbers of 2^63 and more count as negative, as in the original.
  const auto signed_x = static_cast<int64_t>(x);
  switch (activation) {
    case Activation::kIdentity:
      return x;
    case Activation::kRelu:
      return x > 0 ? x : T{0};
    case Activation::kLeakyRelu: {
      if (signed_x >= 0) return x;
      const int64_t small = signed_x / 100;
      return static_cast<T>(small == 0 ? -1 : small);
    }
    case Activation::kElu: {
      constexpr auto kLow = -static_cast<int64_t>(kUnit);
      if (signed_x >= 0) return x;
      return static_cast<T>(signed_x <= kLow ? kLow : signed_x / 2);
    }
    case Activation::kSigmoid: {
      const double real = static_cast<double>(signed_x) / kUnit;
      return convert<T>(std::clamp(std::round(kUnit / (1 + std::exp(-real))), 0.0, kUnit));
    }
    case Activation::kTanh:
      return convert<T>(rational_tanh(static_cast<float>(x)));
  }
  return x;
}

}  // namespace paragon::io::legacy
