// SPDX-License-Identifier: Apache-2.0
#include "io/json_tree.hpp"

#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "io/large_integers.hpp"

namespace paragon::io {
namespace {

/// Puts the events of nlohmann's parser together to a JsonValue. The containers that are still open
/// form a stack; a finished one moves into the one around it.
class TreeBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  TreeBuilder(const std::string& place, const JsonLimits& limits)
      : place_(place), limits_(limits) {}

  JsonValue take() { return std::move(root_); }

  bool null() override { return add({}); }
  bool boolean(bool value) override { return add({JsonValue::Data(value)}); }
  bool number_integer(number_integer_t value) override { return add_integer(value); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      return add_integer(static_cast<int64_t>(value));
    if (in_array()) return add_real(static_cast<double>(value));
    return add({JsonValue::Data(uint64_t{value})});
  }
  bool number_float(number_float_t value, const string_t&) override { return add_real(value); }
  bool string(string_t& value) override {
    check_length(value);
    if (in_array() && std::holds_alternative<JsonIntegers>(open_.back().data))
      if (const auto large = parse_large<int64_t>(value)) return add_integer(*large);
    return add({JsonValue::Data(std::move(value))});
  }
  bool binary(binary_t&) override { fail("holds binary data"); }

  bool start_object(size_t) override { return open({JsonValue::Data(JsonObject())}); }
  bool start_array(size_t) override { return open({JsonValue::Data(JsonIntegers())}); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& key) override {
    check_length(key);
    auto& object = std::get<JsonObject>(open_.back().data);
    for (const JsonMember& member : object)
      if (member.key == key) fail(fmt::format("has the key '{}' twice", key));
    constexpr size_t kMostKeys = 256;  // the look-up above is linear
    if (object.size() >= kMostKeys) fail(fmt::format("has more than {} keys", kMostKeys));
    count();
    object.push_back({std::move(key), {}});
    return true;
  }

  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    raise_syntax(place_, position, error.what());
  }

 private:
  bool in_array() const {
    return !open_.empty() && !std::holds_alternative<JsonObject>(open_.back().data);
  }

  bool add_integer(int64_t value) {
    if (!in_array()) return add({JsonValue::Data(value)});
    count_number();
    if (auto* integers = std::get_if<JsonIntegers>(&open_.back().data))
      integers->push_back(value);
    else if (auto* reals = std::get_if<JsonReals>(&open_.back().data))
      reals->push_back(static_cast<double>(value));
    else
      fail_mixed();
    return true;
  }

  bool add_real(double value) {
    if (!in_array()) return add({JsonValue::Data(value)});
    count_number();
    if (auto* integers = std::get_if<JsonIntegers>(&open_.back().data)) {
      JsonReals reals(integers->begin(), integers->end());
      open_.back().data = std::move(reals);
    }
    auto* reals = std::get_if<JsonReals>(&open_.back().data);
    if (reals == nullptr) fail_mixed();
    reals->push_back(value);
    return true;
  }

  /// Puts a value where the innermost open container expects one.
  bool add(JsonValue value) {
    count();
    if (open_.empty()) {
      root_ = std::move(value);
      return true;
    }
    JsonValue& parent = open_.back();
    if (auto* object = std::get_if<JsonObject>(&parent.data)) {
      object->back().value = std::move(value);
      return true;
    }
    if (const auto* integers = std::get_if<JsonIntegers>(&parent.data))
      parent.data = texts_of(*integers);
    auto* items = std::get_if<JsonItems>(&parent.data);
    if (items == nullptr) fail_mixed();
    items->push_back(std::move(value));
    return true;
  }

  /// What looked like large whole numbers so far were strings. Raises if there are others.
  JsonItems texts_of(const JsonIntegers& integers) {
    JsonItems texts;
    for (const int64_t value : integers) {
      if (!is_large(value)) fail_mixed();
      count();
      texts.push_back({JsonValue::Data(fmt::format("{}", value))});
    }
    return texts;
  }

  bool open(JsonValue container) {
    if (open_.size() >= limits_.depth)
      fail(fmt::format("is nested deeper than {} levels", limits_.depth));
    count();
    open_.push_back(std::move(container));
    return true;
  }

  bool close() {
    JsonValue done = std::move(open_.back());
    open_.pop_back();
    return add(std::move(done));
  }

  void count() {
    if (++values_ > limits_.values) fail(fmt::format("holds more than {} values", limits_.values));
  }

  void count_number() {
    if (++numbers_ > limits_.numbers)
      fail(fmt::format("holds the number {} in arrays, expected at most {}", numbers_,
                       limits_.numbers));
  }

  void check_length(const std::string& text) {
    if (text.size() > limits_.string_bytes)
      fail(fmt::format("holds a string of {} bytes, expected at most {}", text.size(),
                       limits_.string_bytes));
  }

  [[noreturn]] void fail_mixed() { fail("is an array that mixes numbers with other values"); }

  /// Names the innermost open container by its path from the root.
  [[noreturn]] void fail(const std::string& what) const {
    std::string path;
    for (const JsonValue& value : open_) {
      if (const auto* object = std::get_if<JsonObject>(&value.data)) {
        if (&value != &open_.back() && !object->empty())
          path += (path.empty() ? "" : ".") + object->back().key;
      } else if (const auto* items = std::get_if<JsonItems>(&value.data)) {
        if (&value != &open_.back()) path += fmt::format("[{}]", items->size());
      } else if (&value != &open_.back()) {
        path += "[0]";
      }
    }
    raise("[json] {}: {} {}", place_, path.empty() ? "the text" : path, what);
  }

  const std::string& place_;
  const JsonLimits& limits_;
  JsonValue root_;
  std::vector<JsonValue> open_;
  size_t values_ = 0, numbers_ = 0;
};

}  // namespace

std::string_view JsonValue::kind() const {
  static constexpr std::string_view kKinds[] = {"null",
                                                "a truth value",
                                                "a whole number",
                                                "a whole number",
                                                "a number",
                                                "a string",
                                                "an array of whole numbers",
                                                "an array of numbers",
                                                "an array",
                                                "an object"};
  static_assert(std::size(kKinds) == std::variant_size_v<Data>);
  return kKinds[data.index()];
}

void raise_syntax(std::string_view place, size_t position, std::string_view message) {
  // The message begins with nlohmann's own error number and may quote megabytes of the text.
  if (const size_t end = message.find("] "); end != std::string_view::npos)
    message.remove_prefix(end + 2);
  constexpr size_t kLongest = 200;
  raise("[json] {}: byte {}: {}{}", place, position, message.substr(0, kLongest),
        message.size() > kLongest ? "..." : "");
}

JsonValue parse_json(std::string_view text, const std::string& place, const JsonLimits& limits) {
  TreeBuilder builder(place, limits);
  nlohmann::json::sax_parse(text, &builder);
  return builder.take();
}

}  // namespace paragon::io
