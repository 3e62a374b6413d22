// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>

// What values of options may be; of parse.cpp only.
namespace paragon::cli {

/// A whole number of low .. high. (CLI11 itself would take -1 for the largest number.)
inline CLI::Validator whole_number(uint64_t low, uint64_t high) {
  return CLI::Validator(
      [=](std::string& text) -> std::string {
        uint64_t value = 0;
        const char* end = text.data() + text.size();
        const auto result = std::from_chars(text.data(), end, value);
        if (result.ec == std::errc() && result.ptr == end && value >= low && value <= high)
          return "";
        return fmt::format("got '{}', expected a whole number of {} .. {}", text, low, high);
      },
      "");
}

/// A finite number of low .. high.
inline CLI::Validator number(double low, double high) {
  return CLI::Validator(
      [=](std::string& text) -> std::string {
        char* end = nullptr;
        const double value = std::strtod(text.c_str(), &end);
        if (!text.empty() && *end == '\0' && value >= low && value <= high) return "";
        return fmt::format("got '{}', expected a number of {} .. {}", text, low, high);
      },
      "");
}

}  // namespace paragon::cli
