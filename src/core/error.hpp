// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include <paragon/error.hpp>

#include "core/raise.hpp"

namespace paragon {

/// Raises paragon::Error with a formatted message, e.g. raise("[dense] got {}, expected {}", a, b).
template <class... Args>
[[noreturn]] void raise(fmt::format_string<Args...> format, Args&&... args) {
  raise_message(fmt::format(format, std::forward<Args>(args)...));
}

/// The name in `known` nearest to `name` by edit distance, or "" if none is near.
PARAGON_API std::string nearest_name(std::string_view name, const std::vector<std::string>& known);

/// Raises "unknown KIND 'name'; did you mean 'x'? (known: a, b, c)".
[[noreturn]] PARAGON_API void raise_unknown(std::string_view kind, std::string_view name,
                                            const std::vector<std::string>& known);

}  // namespace paragon
