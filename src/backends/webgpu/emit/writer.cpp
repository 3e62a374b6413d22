// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/emit/writer.hpp"

#include <algorithm>
#include <cctype>

#include "backends/webgpu/formula.hpp"

namespace paragon::webgpu {

using runtime::BufferId;

uint32_t Tables::add(const std::vector<int32_t>& values) {
  const auto [entry, added] = offsets_.try_emplace(values, static_cast<uint32_t>(values_.size()));
  if (added) values_.insert(values_.end(), values.begin(), values.end());
  return entry->second;
}

std::string Writer::param(uint32_t value) {
  constexpr const char* kComponents = "xyzw";
  const size_t index = params_.size();
  params_.push_back(value);
  return fmt::format("params[{}].{}", index / 4, kComponents[index % 4]);
}

std::string Writer::base(BufferId buffer) {
  std::string& name = bases_[buffer];
  if (name.empty()) name = param(layout[buffer].word);
  return name;
}

std::string Writer::array_of(const Place& place) {
  return place.chunk == 0 ? "memory" : fmt::format("memory{}", place.chunk);
}

std::string Writer::quad(BufferId buffer, const std::string& index) {
  const Place& place = layout[buffer];
  if (place.spans) return fmt::format("load_{}(({}) >> 2u)", span_of(place), index);
  return fmt::format("{}[({}) >> 2u]", array_of(place), index);
}

std::string Writer::word(BufferId buffer, const std::string& index) {
  const Place& place = layout[buffer];
  switch (place.bank) {
    case Bank::kFlags:
      return fmt::format("atomicLoad(&flags[{}])", index);
    case Bank::kData:
      return fmt::format("data{}[({}) >> 2u][({}) & 3u]", place.data, index, index);
    case Bank::kMemory:
      break;
  }
  return fmt::format("{}[({}) & 3u]", quad(buffer, index), index);
}

void Writer::store_word(const Place& place, const std::string& index, const std::string& bits) {
  if (place.spans)
    add("  store_word_{}({}, {});\n", span_of(place), index, bits);
  else
    add("  {0}[({1}) >> 2u][({1}) & 3u] = {2};\n", array_of(place), index, bits);
}

std::string Writer::element(BufferId buffer, const std::string& row, const std::string& col) {
  const Place& place = layout[buffer];
  if (place.is_scalar()) return "0u";
  if (place.rows == 1) return col;
  if (place.cols == 1) return place.pitch == 1 ? row : fmt::format("({}) * 4u", row);
  std::string& pitch = pitches_[buffer];
  if (pitch.empty()) pitch = param(place.pitch);
  return fmt::format("({}) * {} + {}", row, pitch, col);
}

std::string Writer::load(BufferId buffer, const std::string& element) {
  const Place& place = layout[buffer];
  const std::string from = base(buffer);
  const auto narrow = [&](unsigned bits, bool is_signed) {
    const unsigned shift = bits == 8 ? 2 : 1;
    const std::string value = word(buffer, fmt::format("{} + (({}) >> {}u)", from, element, shift));
    const std::string place_in_word =
        fmt::format("(({}) & {}u) * {}u", element, (1u << shift) - 1, bits);
    return is_signed
               ? fmt::format("extractBits(bitcast<i32>({}), {}, {}u)", value, place_in_word, bits)
               : fmt::format("i32(extractBits({}, {}, {}u))", value, place_in_word, bits);
  };
  switch (place.type) {
    case DType::int8:
      return narrow(8, true);
    case DType::uint8:
      return narrow(8, false);
    case DType::int16:
      return narrow(16, true);
    default: {
      const std::string index =
          fmt::format("{} + ({}) * {}u", from, element, size_of(place.type) / 4);
      return from_words(place.type, word(buffer, index), word(buffer, index + " + 1u"));
    }
  }
}

void Writer::store_scalar(BufferId buffer, const std::string& value) {
  const Place& place = layout[buffer];
  const std::string at = base(buffer);
  const auto put = [&](const std::string& index, const std::string& bits) {
    if (place.bank == Bank::kFlags)
      add("  atomicStore(&flags[{}], {});\n", index, bits);
    else
      store_word(place, index, bits);
  };
  put(at, low_word(place.type, value));
  if (size_of(place.type) == 8) put(at + " + 1u", high_word(place.type, value));
}

void Writer::store_packed(BufferId buffer, const std::string& element,
                          const std::vector<std::string>& values) {
  const Place& place = layout[buffer];
  const unsigned bits = static_cast<unsigned>(size_of(place.type)) * 8;
  const size_t in_word = 32 / bits;
  for (size_t first = 0; first < values.size(); first += in_word) {
    std::string packed;
    for (size_t i = first; i < std::min(first + in_word, values.size()); ++i)
      packed += fmt::format("{}((bitcast<u32>({}) & {}u) << {}u)", packed.empty() ? "" : " | ",
                            values[i], (1u << bits) - 1, (i - first) * bits);
    store_word(place,
               fmt::format("{} + (({}) >> {}u) + {}u", base(buffer), element, in_word == 4 ? 2 : 1,
                           first / in_word),
               packed);
  }
}

void Writer::store_item(BufferId buffer, const std::string& element,
                        const std::vector<std::string>& values) {
  const Place& place = layout[buffer];
  if (size_of(place.type) < 4) return store_packed(buffer, element, values);
  std::vector<std::string> words;
  for (const std::string& value : values) {
    words.push_back(low_word(place.type, value));
    if (size_of(place.type) == 8) words.push_back(high_word(place.type, value));
  }
  const std::string index =
      fmt::format("{} + ({}) * {}u", base(buffer), element, size_of(place.type) / 4);
  if (values.size() == 4) {
    // Four neighbours are whole vectors.
    for (size_t i = 0; i < words.size(); i += 4) {
      const std::string at = fmt::format("(({}) >> 2u) + {}u", index, i / 4),
                        bits = fmt::format("vec4<u32>({}, {}, {}, {})", words[i], words[i + 1],
                                           words[i + 2], words[i + 3]);
      if (place.spans)
        add("  store_{}({}, {});\n", span_of(place), at, bits);
      else
        add("  {}[{}] = {};\n", array_of(place), at, bits);
    }
    return;
  }
  for (size_t i = 0; i < words.size(); ++i)
    store_word(place, fmt::format("{} + {}u", index, i), words[i]);
}

std::string Writer::shared_array(const std::string& type, uint32_t count, uint32_t number) {
  std::string name = fmt::format("shared{}_{}", number, type);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c != '_' && std::isalnum(c) == 0; }, '_');
  SharedArray& array = shared_[name];
  array.type = type;
  array.count = std::max(array.count, count);
  return name;
}

uint32_t Writer::shared_bytes_with(const Writer& other) const {
  std::map<std::string, SharedArray> all = shared_;
  for (const auto& [name, array] : other.shared_) {
    all[name].type = array.type;
    all[name].count = std::max(all[name].count, array.count);
  }
  uint32_t bytes = 0;
  for (const auto& [name, array] : all) {
    const bool wide = array.type == "I64" || array.type == "F64";
    bytes += array.count * (array.type.starts_with("array<F64") ? 32
                            : array.type.starts_with("vec4")    ? 16
                            : wide                              ? 8
                                                                : 4);
  }
  return bytes;
}

std::string Writer::span_of(const Place& place) {
  const auto last = static_cast<uint32_t>((place.bytes() / 4 - 1) / layout.chunk_words());
  std::string name = fmt::format("span{}_{}", place.chunk, place.chunk + last);
  spans_[name] = {place.chunk, place.chunk + last};
  return name;
}

std::string Writer::spanning_functions() const {
  std::string out;
  for (const auto& [name, chunks] : spans_) {
    const auto write = [&](const std::string& head, std::string_view at, std::string_view does) {
      out += fmt::format("fn {} {{\n  let i = {} % {}u;\n  switch {} / {}u {{\n", head, at,
                         layout.chunk_words() / 4, at, layout.chunk_words() / 4);
      for (uint32_t i = 0; i <= chunks.second - chunks.first; ++i)
        out += fmt::format("    {}: {{ {} }}\n",
                           i == 0 ? std::string("default") : fmt::format("case {}u", i),
                           fmt::format(fmt::runtime(does), array_of({.chunk = chunks.first + i})));
      out += "  }\n}\n";
    };
    write(fmt::format("load_{}(at: u32) -> vec4<u32>", name), "at", "return {}[i];");
    write(fmt::format("store_{}(at: u32, bits: vec4<u32>)", name), "at", "{}[i] = bits;");
    write(fmt::format("store_word_{}(word: u32, bits: u32)", name), "(word >> 2u)",
          "{}[i][word & 3u] = bits;");
  }
  return out;
}

std::string Writer::declarations() const {
  const auto uses = [&](std::string_view name) { return text_.find(name) != std::string::npos; };
  const std::string spanning = spanning_functions();
  std::string out;
  for (uint32_t chunk = 0; chunk < layout.chunks(); ++chunk)
    if (const std::string name = array_of({.chunk = chunk});
        uses(name + "[") || spanning.find(name + "[") != spanning.npos)
      out += fmt::format("@group(0) @binding({}) var<storage, read_write> {}: array<vec4<u32>>;\n",
                         chunk == 0 ? kBindMemory : kBindChunks + chunk - 1, name);
  if (!params_.empty())
    out += fmt::format("@group(0) @binding({}) var<uniform> params: array<vec4<u32>, {}>;\n",
                       +kBindParams, (params_.size() + 3) / 4);
  if (uses("flags["))
    out +=
        fmt::format("@group(0) @binding({}) var<storage, read_write> flags: array<atomic<u32>>;\n",
                    +kBindFlags);
  if (uses("tables["))
    out += fmt::format("@group(0) @binding({}) var<storage, read> tables: array<i32>;\n",
                       +kBindTables);
  if (uses("record["))
    out += fmt::format("@group(0) @binding({}) var<uniform> record: array<vec4<u32>, {}>;\n",
                       +kBindRecord, kRecordWords / 4);
  for (uint32_t i = 0; i < kDataBindings; ++i)
    if (uses(fmt::format("data{}[", i)))
      out += fmt::format("@group(0) @binding({}) var<storage, read> data{}: array<vec4<u32>>;\n",
                         kBindData + i, i);
  out += spanning;
  for (const auto& [name, array] : shared_)
    out += fmt::format("var<workgroup> {}: array<{}, {}>;\n", name, array.type, array.count);
  return out;
}

}  // namespace paragon::webgpu
