// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace paragon::io {

/// What a JSON text may hold at most: it is checked while the text is read, so that no text costs
/// more memory than a few times its own length.
struct JsonLimits {
  size_t depth = 12;                 ///< nesting of objects and arrays
  size_t values = 1'000'000;         ///< objects, arrays, strings, single numbers, ...
  size_t numbers = size_t{1} << 27;  ///< in arrays, 8 bytes each
  size_t string_bytes = 4096;        ///< of one string or key
};

struct JsonMember;
class JsonValue;

/// An array of whole numbers, also the empty array. Those beyond 2^53 may be strings in the text.
using JsonIntegers = std::vector<int64_t>;
using JsonReals = std::vector<double>;     ///< an array of numbers, at least one not whole
using JsonItems = std::vector<JsonValue>;  ///< an array of anything but numbers
using JsonObject = std::vector<JsonMember>;

/// A JSON value. Arrays of numbers are stored flat; arrays that mix numbers with other values do
/// not exist here, nor do NaN, infinities, and objects with the same key twice.
class JsonValue {
 public:
  using Data = std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string,
                            JsonIntegers, JsonReals, JsonItems, JsonObject>;
  Data data;

  std::string_view kind() const;  ///< "null", "a number", "an object", ... for errors
};

struct JsonMember {
  std::string key;
  JsonValue value;
};

/// Reads a JSON text. Raises with `place` and the byte or path of what is wrong.
JsonValue parse_json(std::string_view text, const std::string& place,
                     const JsonLimits& limits = {});

/// Raises what nlohmann's parser found wrong at a byte, in a line.
[[noreturn]] void raise_syntax(std::string_view place, size_t position, std::string_view message);

}  // namespace paragon::io
