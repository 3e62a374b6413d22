// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>

// Many JSON tools read every number as a double. Whole numbers that a double may not hold are
// written as strings.
namespace paragon::io {

inline constexpr int64_t kLargestExactInteger = int64_t{1} << 53;

template <std::integral T>
constexpr bool is_large(T value) {
  if constexpr (std::unsigned_integral<T>)
    return value > static_cast<uint64_t>(kLargestExactInteger);
  else
    return value > kLargestExactInteger || value < -kLargestExactInteger;
}

/// The number of a text that is_large's numbers are written as; none if it is any other text.
template <std::integral T>
std::optional<T> parse_large(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !is_large(value)) return {};
  if (fmt::format("{}", value) != text) return {};  // leading zeros
  return value;
}

}  // namespace paragon::io
