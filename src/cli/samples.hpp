// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace paragon::cli {

/// The values of {"inputs":[sample,...]}, row-major: a sample is a list of its values or a list of
/// rows. Raises with the sample's number, what was got and what `shape` makes expected. T is float
/// or double.
template <class T>
std::vector<T> parse_samples(std::string_view json, const std::vector<size_t>& shape);

/// {"outputs":[[...],...]} of rows with `width` values each.
class OutputRows {
 public:
  explicit OutputRows(size_t width) : width_(width) {}

  /// A number; NaN and infinities, which JSON does not have, become null.
  void add(std::string_view number);
  /// A whole number. Beyond 2^53, where JSON readers round, it becomes a string.
  void add_whole(std::string_view digits);

  std::string json() const;    ///< as a file or another program reads it
  std::string screen() const;  ///< the same with the digits of every number
 private:
  void next();

  size_t width_, count_ = 0;
  std::string rows_;
};

}  // namespace paragon::cli
