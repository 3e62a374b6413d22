// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

#include "io/numbers.hpp"

namespace paragon::io {

/// Writes indented JSON. Numbers of long arrays stand in rows, so that editors survive the file.
class JsonWriter {
 public:
  /// Opens an object or array; `key` is "" inside an array.
  void open(std::string_view key, char bracket);
  void close(char bracket);
  void field(std::string_view key, const std::string& value);
  template <class Number>
  requires std::integral<Number> || std::floating_point<Number>
  void field(std::string_view key, Number value) {
    begin(key);
    append_number(text_, value, key);
  }
  /// `place` names the array if it holds what JSON cannot say.
  template <class Numbers>
  void array(std::string_view key, const Numbers& numbers, std::string_view place) {
    constexpr size_t kPerRow = 32;
    begin(key);
    text_ += '[';
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (i > 0) text_ += ',';
      if (i > 0 && i % kPerRow == 0) line();
      append_number(text_, numbers[i], place);
    }
    text_ += ']';
    numbers_ += numbers.size();
  }
  void strings(std::string_view key, const std::vector<std::string>& texts);

  size_t numbers() const { return numbers_; }  ///< in arrays
  std::string take() { return std::move(text_); }

 private:
  void line();
  void begin(std::string_view key);
  void append_string(const std::string& value);

  std::string text_;
  size_t depth_ = 0, numbers_ = 0;
  bool first_ = true;
};

}  // namespace paragon::io
