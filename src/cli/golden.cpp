// SPDX-License-Identifier: Apache-2.0
#include "cli/golden.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include <paragon/diagnostics.hpp>
#include <paragon/error.hpp>
#include <paragon/support.hpp>

namespace paragon::cli {

extern const char* const kRecordedHashes;  // made of golden_hashes.json when building

namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kLargestFile = 1 << 20;

bool is_hash(const Json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

size_t bits_of(const std::string& key, const std::string& place) {
  for (const DTypeInfo& type : dtypes())
    if (key == std::to_string(type.bits)) return type.bits;
  throw Error(fmt::format("{}: got the key '{:.20}', expected the bits of a type", place, key));
}

}  // namespace

GoldenHashes GoldenHashes::recorded() {
  GoldenHashes golden;
  golden.parse(kRecordedHashes, "golden_hashes.json");
  return golden;
}

GoldenHashes GoldenHashes::read(const std::string& path) {
  GoldenHashes golden;
  golden.parse(read_file(path, kLargestFile), path);
  return golden;
}

void GoldenHashes::parse(const std::string& text, const std::string& file) {
  const Json json = Json::parse(text, nullptr, false);
  const auto member = [&](const char* name, bool fits) {
    if (!fits) throw Error(fmt::format("{}: {} is missing or no such thing", file, name));
  };
  member("an object", json.is_object());
  member("contract", json.contains("contract") && json["contract"].is_number_unsigned());
  member("hashes", json.contains("hashes") && json["hashes"].is_object());
  if (json["contract"] != contract_version())
    throw Error(fmt::format("{}: got hashes of contract {}, expected {}", file,
                            json["contract"].get<uint64_t>(), contract_version()));
  for (const auto& [net, widths] : json["hashes"].items()) {
    const std::string place = fmt::format("{}: hashes of '{:.60}'", file, net);
    if (!widths.is_object()) throw Error(place + ": expected an object");
    for (const auto& [bits, hash] : widths.items()) {
      if (!is_hash(hash))
        throw Error(fmt::format("{}, {} bits: expected 64 hexadecimal digits", place, bits));
      hashes_[net][bits_of(bits, place)] = hash;
    }
  }
}

std::string GoldenHashes::find(const std::string& net, DType type) const {
  const auto widths = hashes_.find(net);
  if (widths == hashes_.end()) return "";
  const auto hash = widths->second.find(info(type).bits);
  return hash == widths->second.end() ? "" : hash->second;
}

void GoldenHashes::add(const std::string& net, DType type, const std::string& hash) {
  hashes_[net].emplace(info(type).bits, hash);
}

std::string GoldenHashes::text() const {
  Json hashes = Json::object();
  for (const auto& [net, widths] : hashes_)
    for (const auto& [bits, hash] : widths) hashes[net][std::to_string(bits)] = hash;
  return Json{{"contract", contract_version()}, {"hashes", hashes}}.dump(1) + "\n";
}

}  // namespace paragon::cli
