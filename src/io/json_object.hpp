// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>

#include "io/json_tree.hpp"

namespace paragon::io {

/// Reads the members of a JSON object by key and type; every error names the member's path. Numbers
/// are checked against a range (inclusive). Large arrays are moved out, so read a member once.
class JsonReader {
 public:
  /// `path` is that of the object, e.g. "model.json: layers[2]". Raises if the value is no object.
  JsonReader(JsonValue& value, std::string path);

  bool has(std::string_view key) const;
  int64_t integer(std::string_view key, int64_t low, int64_t high);
  uint64_t unsigned_integer(std::string_view key);  ///< a string beyond 2^53
  double real(std::string_view key);
  size_t extent(std::string_view key);                ///< a size: 1 .. 2^31 - 1
  std::vector<size_t> extents(std::string_view key);  ///< sizes: 1 .. 2^31 - 1 each
  std::string string(std::string_view key, size_t longest = 256);
  std::vector<std::string> strings(std::string_view key, size_t longest = 256);
  JsonIntegers integers(std::string_view key);
  JsonReals reals(std::string_view key);  ///< an array of any numbers
  JsonItems items(std::string_view key);  ///< an array of objects, which may be empty
  JsonReader object(std::string_view key);
  size_t count(std::string_view key);  ///< how many numbers an array has

  /// Raises if there is a key that was not asked for.
  void finish() const;

  const std::string& path() const { return path_; }
  std::string path_of(std::string_view key) const;
  /// Raises "path.key is GOT, expected EXPECTED".
  [[noreturn]] void fail(std::string_view key, std::string_view got,
                         std::string_view expected) const;

 private:
  JsonValue& member(std::string_view key);  ///< raises if it is missing
  template <class T>
  T& get(std::string_view key, std::string_view expected);

  JsonObject* object_;
  std::string path_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace paragon::io
