// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

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

/// Appends a number so that reading it gives the same bits: whole numbers as they are, floats with
/// the digits that always suffice. `place` is for the error that NaN and infinities raise.
template <class T>
void append_number(std::string& text, T value, std::string_view place) {
  auto out = std::back_inserter(text);
  if constexpr (std::integral<T>) {
    fmt::format_to(out, "{}", value);
  } else {
    if (!std::isfinite(value)) raise("[save] {} holds {}, expected finite numbers", place, value);
    if (value == 0 && std::signbit(value))
      text += "-0.0";  // "-0" would read as a whole number and lose its sign
    else if constexpr (std::same_as<T, float>)
      // 9 digits: far enough from the midpoint of two floats to survive the way through double.
      fmt::format_to(out, "{:.9g}", value);
    else
      fmt::format_to(out, "{}", value);
  }
}

template <class T>
bool fits(int64_t value) {
  return std::in_range<T>(value);
}
/// A number that rounds to a finite one: 9 digits of the largest float lie a little above it.
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
