// SPDX-License-Identifier: Apache-2.0
#include "io/json_object.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "io/large_integers.hpp"

namespace paragon::io {
namespace {

constexpr int64_t kLargestExtent = (int64_t{1} << 31) - 1;

}  // namespace

JsonReader::JsonReader(JsonValue& value, std::string path)
    : object_(std::get_if<JsonObject>(&value.data)), path_(std::move(path)) {
  if (object_ == nullptr) raise("[json] {} is {}, expected an object", path_, value.kind());
}

std::string JsonReader::path_of(std::string_view key) const {
  return fmt::format("{}.{}", path_, key);
}

void JsonReader::fail(std::string_view key, std::string_view got, std::string_view expected) const {
  raise("[json] {} is {}, expected {}", path_of(key), got, expected);
}

bool JsonReader::has(std::string_view key) const {
  return std::ranges::any_of(*object_, [&](const JsonMember& m) { return m.key == key; });
}

JsonValue& JsonReader::member(std::string_view key) {
  asked_.emplace(key);
  for (JsonMember& candidate : *object_)
    if (candidate.key == key) return candidate.value;
  raise("[json] {} is missing", path_of(key));
}

template <class T>
T& JsonReader::get(std::string_view key, std::string_view expected) {
  JsonValue& value = member(key);
  T* typed = std::get_if<T>(&value.data);
  if (typed == nullptr) fail(key, value.kind(), expected);
  return *typed;
}

int64_t JsonReader::integer(std::string_view key, int64_t low, int64_t high) {
  const int64_t value = get<int64_t>(key, "a whole number");
  if (value < low || value > high)
    fail(key, fmt::format("{}", value), fmt::format("{} .. {}", low, high));
  return value;
}

uint64_t JsonReader::unsigned_integer(std::string_view key) {
  const JsonValue& value = member(key);
  if (const auto* large = std::get_if<uint64_t>(&value.data)) return *large;
  if (const auto* text = std::get_if<std::string>(&value.data))
    if (const auto large = parse_large<uint64_t>(*text)) return *large;
  const auto* small = std::get_if<int64_t>(&value.data);
  if (small == nullptr || *small < 0)
    fail(key, small == nullptr ? value.kind() : fmt::format("{}", *small),
         "a whole number, 0 or more");
  return static_cast<uint64_t>(*small);
}

double JsonReader::real(std::string_view key) {
  const JsonValue& value = member(key);
  if (const auto* whole = std::get_if<int64_t>(&value.data)) return static_cast<double>(*whole);
  if (const auto* large = std::get_if<uint64_t>(&value.data)) return static_cast<double>(*large);
  return get<double>(key, "a number");
}

size_t JsonReader::extent(std::string_view key) {
  return static_cast<size_t>(integer(key, 1, kLargestExtent));
}

std::vector<size_t> JsonReader::extents(std::string_view key) {
  std::vector<size_t> sizes;
  for (const int64_t value : integers(key)) {
    if (value < 1 || value > kLargestExtent)
      fail(key, fmt::format("an array with {}", value),
           fmt::format("numbers of 1 .. {}", kLargestExtent));
    sizes.push_back(static_cast<size_t>(value));
  }
  return sizes;
}

std::string JsonReader::string(std::string_view key, size_t longest) {
  std::string& value = get<std::string>(key, "a string");
  if (value.size() > longest)
    fail(key, fmt::format("a string of {} bytes", value.size()),
         fmt::format("at most {}", longest));
  return std::move(value);
}

std::vector<std::string> JsonReader::strings(std::string_view key, size_t longest) {
  std::vector<std::string> texts;
  JsonValue& value = member(key);
  if (const auto* integers = std::get_if<JsonIntegers>(&value.data)) {
    for (const int64_t integer : *integers) {  // texts that look like large numbers
      if (!is_large(integer)) fail(key, value.kind(), "an array of strings");
      texts.push_back(fmt::format("{}", integer));
    }
    return texts;
  }
  for (JsonValue& item : get<JsonItems>(key, "an array of strings")) {
    auto* text = std::get_if<std::string>(&item.data);
    if (text == nullptr) fail(key, fmt::format("an array with {}", item.kind()), "only strings");
    if (text->size() > longest)
      fail(key, fmt::format("an array with a string of {} bytes", text->size()),
           fmt::format("at most {}", longest));
    texts.push_back(std::move(*text));
  }
  return texts;
}

JsonIntegers JsonReader::integers(std::string_view key) {
  return std::move(get<JsonIntegers>(key, "an array of whole numbers"));
}

JsonReals JsonReader::reals(std::string_view key) {
  JsonValue& value = member(key);
  if (const auto* whole = std::get_if<JsonIntegers>(&value.data))
    return JsonReals(whole->begin(), whole->end());
  return std::move(get<JsonReals>(key, "an array of numbers"));
}

JsonItems JsonReader::items(std::string_view key) {
  JsonValue& value = member(key);
  if (const auto* empty = std::get_if<JsonIntegers>(&value.data); empty && empty->empty())
    return {};
  return std::move(get<JsonItems>(key, "an array"));
}

JsonReader JsonReader::object(std::string_view key) {
  return JsonReader(member(key), path_of(key));
}

size_t JsonReader::count(std::string_view key) {
  JsonValue& value = member(key);
  if (const auto* reals = std::get_if<JsonReals>(&value.data)) return reals->size();
  return get<JsonIntegers>(key, "an array of numbers").size();
}

void JsonReader::finish() const {
  const std::vector<std::string> known(asked_.begin(), asked_.end());
  for (const JsonMember& candidate : *object_)
    if (!asked_.contains(candidate.key))
      raise_unknown(fmt::format("key of {}:", path_), candidate.key, known);
}

}  // namespace paragon::io
