// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <concepts>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include <paragon/dtype.hpp>

#include "core/error.hpp"
#include "core/tensor.hpp"
#include "io/json_object.hpp"
#include "io/large_integers.hpp"

namespace paragon::io {

/// Calls `visit` with the tensor's elements as a span of their C++ type.
template <class AnyTensor, class Visit>
void visit_elements(AnyTensor& tensor, Visit&& visit) {
  switch (tensor.type()) {
#define PARAGON_DTYPE(id, name, bits, kind, c_type, arithmetic) \
  case DType::id:                                               \
    return visit(tensor.template as<c_type>());
#include <paragon/dtypes.def>
  }
}

/// Appends a finite number with the fewest digits that read as the same bits.
inline void append_real(std::string& text, double value) {
  if (value == 0 && std::signbit(value))
    text += "-0.0";  // "-0" would read as a whole number and lose its sign
  else
    fmt::format_to(std::back_inserter(text), "{}", value);
}
inline void append_real(std::string& text, float value) {
  if (value == 0) return append_real(text, double{value});
  const size_t start = text.size();
  fmt::format_to(std::back_inserter(text), "{}", value);
  // Readers go through double. Where that rounds to the neighbour, 9 digits are far enough from the
  // midpoint of the two.
  double read = 0;
  std::from_chars(text.data() + start, text.data() + text.size(), read);
  if (static_cast<float>(read) == value) return;
  text.resize(start);
  fmt::format_to(std::back_inserter(text), "{:.9g}", value);
}

/// Appends a number so that reading it gives the same bits; whole numbers beyond 2^53 as strings.
/// `place` is for the error that NaN and infinities raise.
template <class T>
void append_number(std::string& text, T value, std::string_view place) {
  if constexpr (std::floating_point<T>) {
    if (!std::isfinite(value)) raise("[save] {} holds {}, expected finite numbers", place, value);
    append_real(text, value);
  } else if (is_large(value)) {
    fmt::format_to(std::back_inserter(text), "\"{}\"", value);
  } else {
    fmt::format_to(std::back_inserter(text), "{}", value);
  }
}

template <class T>
bool fits(int64_t value) {
  return std::in_range<T>(value);
}
/// A number that rounds to a finite one: the shortest digits of the largest float lie above it.
template <class T>
bool fits(double value) {
  return std::isfinite(static_cast<T>(value));
}

/// The array `key` of `reader` as the elements of `tensor`: as many, and each within its type.
inline void read_elements(JsonReader& reader, std::string_view key, Tensor& tensor) {
  visit_elements(tensor, [&]<class T>(std::span<T> elements) {
    using Limits = std::numeric_limits<T>;
    const auto fill = [&](const auto& numbers) {
      if (numbers.size() != elements.size())
        reader.fail(key, fmt::format("an array of {}", numbers.size()),
                    fmt::format("{} numbers, as its shape says", elements.size()));
      for (size_t i = 0; i < numbers.size(); ++i) {
        if (!fits<T>(numbers[i]))
          reader.fail(fmt::format("{}[{}]", key, i), fmt::format("{}", numbers[i]),
                      fmt::format("{} .. {}", Limits::lowest(), Limits::max()));
        elements[i] = static_cast<T>(numbers[i]);
      }
    };
    if constexpr (std::floating_point<T>)
      fill(reader.reals(key));
    else
      fill(reader.integers(key));
  });
}

}  // namespace paragon::io
