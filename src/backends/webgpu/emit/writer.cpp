// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/emit/writer.hpp"

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

std::string Writer::word(const Place& place, const std::string& index) const {
  switch (place.bank) {
    case Bank::kFlags:
      return fmt::format("atomicLoad(&flags[{}])", index);
    case Bank::kData:
      return fmt::format("data{}[({}) >> 2u][({}) & 3u]", place.data, index, index);
    case Bank::kMemory:
      break;
  }
  return fmt::format("memory[({}) >> 2u][({}) & 3u]", index, index);
}

std::string Writer::element(BufferId buffer, const std::string& row, const std::string& col,
                            uint32_t rows, uint32_t cols) {
  const Place& place = layout[buffer];
  if (place.is_scalar()) return "0u";
  // A vector stands for a matrix of one row or one column.
  if (place.rows == 1 && rows > 1 && cols == 1 && place.cols == rows) return row;
  if (place.rows == 1) return col;
  if (place.cols == 1) return place.pitch == 1 ? row : fmt::format("({}) * 4u", row);
  return fmt::format("({}) * {} + {}", row, param(place.pitch), col);
}

std::string Writer::load(BufferId buffer, const std::string& element) {
  const Place& place = layout[buffer];
  const std::string from = base(buffer);
  const auto narrow = [&](unsigned bits, bool is_signed) {
    const unsigned shift = bits == 8 ? 2 : 1;
    const std::string value = word(place, fmt::format("{} + (({}) >> {}u)", from, element, shift));
    const std::string place_in_word =
        fmt::format("(({}) & {}u) * {}u", element, (1u << shift) - 1, bits);
    return is_signed
               ? fmt::format("extractBits(bitcast<i32>({}), {}, {}u)", value, place_in_word, bits)
               : fmt::format("i32(extractBits({}, {}, {}u))", value, place_in_word, bits);
  };
  const auto wide = [&](std::string_view make) {
    const std::string low = word(place, fmt::format("{} + ({}) * 2u", from, element));
    const std::string high = word(place, fmt::format("{} + ({}) * 2u + 1u", from, element));
    return fmt::format("{}({}, {})", make, low, high);
  };
  const auto whole = [&] { return word(place, fmt::format("{} + ({})", from, element)); };
  switch (place.type) {
    case DType::int8:
      return narrow(8, true);
    case DType::uint8:
      return narrow(8, false);
    case DType::int16:
      return narrow(16, true);
    case DType::int64:
      return wide("i64_make");
    case DType::float64:
      return wide("f64_make");
    case DType::float32:
      return fmt::format("bitcast<f32>({})", whole());
    default:
      return fmt::format("bitcast<i32>({})", whole());
  }
}

void Writer::store_scalar(BufferId buffer, const std::string& value) {
  const Place& place = layout[buffer];
  const std::string at = base(buffer);
  const auto put = [&](const std::string& index, const std::string& bits) {
    if (place.bank == Bank::kFlags)
      add("  atomicStore(&flags[{}], {});\n", index, bits);
    else
      add("  memory[({0}) >> 2u][({0}) & 3u] = {1};\n", index, bits);
  };
  switch (place.type) {
    case DType::int64:
      put(at, fmt::format("i64_lo({})", value));
      put(at + " + 1u", fmt::format("i64_hi({})", value));
      return;
    case DType::float64:
      put(at, fmt::format("f64_lo({})", value));
      put(at + " + 1u", fmt::format("f64_hi({})", value));
      return;
    default:
      put(at, fmt::format("bitcast<u32>({})", value));
  }
}

std::string Writer::scratch(const std::string& number, uint32_t half) {
  if (scratch_.empty()) scratch_ = param(layout.scratch_word());
  const std::string at = fmt::format("{} + {} * 2u + {}u", scratch_, number, half);
  return fmt::format("memory[({0}) >> 2u][({0}) & 3u]", at);
}

std::string Writer::load_scratch(const std::string& number, DType type) {
  const std::string low = scratch(number, 0);
  if (size_of(type) < 8) return fmt::format("bitcast<{}>({})", register_type(type), low);
  return fmt::format("{}_make({}, {})", type == DType::int64 ? "i64" : "f64", low,
                     scratch(number, 1));
}

void Writer::store_scratch(const std::string& number, DType type, const std::string& value) {
  if (size_of(type) < 8) return add("  {} = bitcast<u32>({});\n", scratch(number, 0), value);
  const std::string_view prefix = type == DType::int64 ? "i64" : "f64";
  add("  {} = {}_lo({});\n", scratch(number, 0), prefix, value);
  add("  {} = {}_hi({});\n", scratch(number, 1), prefix, value);
}

std::string Writer::declarations() const {
  std::string out = fmt::format(
      "@group(0) @binding({}) var<storage, read_write> memory: array<vec4<u32>>;\n", +kBindMemory);
  const auto uses = [&](std::string_view name) { return text_.find(name) != std::string::npos; };
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
  return out;
}

}  // namespace paragon::webgpu
