// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <paragon/export.hpp>

namespace paragon {

/// Numeric types, in the order of dtypes.def.
enum class DType : std::uint8_t {
#define PARAGON_DTYPE(id, name, bits, kind, c_type, arithmetic) id,
#include <paragon/dtypes.def>
};

// paragon::int8, paragon::float32, ...: the types as values, for option structs.
#define PARAGON_DTYPE(id, name, bits, kind, c_type, arithmetic) \
  inline constexpr DType id = DType::id;
#include <paragon/dtypes.def>

enum class DTypeKind : std::uint8_t { kFloat, kSigned, kUnsigned };

/// How a network of a type computes: see dtypes.def.
enum class Arithmetic : std::uint8_t { kReal, kFixed };

struct DTypeInfo {
  DType type;
  std::string_view name;
  std::size_t bits;
  DTypeKind kind;
  Arithmetic arithmetic;
};

/// The whole table, in enum order.
PARAGON_API const std::vector<DTypeInfo>& dtypes();
PARAGON_API const DTypeInfo& info(DType type);
PARAGON_API std::string_view name(DType type);
inline std::size_t size_of(DType type) {
  return info(type).bits / 8;
}
inline bool is_float(DType type) {
  return info(type).kind == DTypeKind::kFloat;
}

/// Parses a name of the table; raises with the nearest name if there is none.
PARAGON_API DType parse_dtype(std::string_view name);

/// Types that a Network can have: the whole table.
PARAGON_API std::vector<DType> network_types();

}  // namespace paragon
