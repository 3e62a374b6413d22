// SPDX-License-Identifier: Apache-2.0
#include <paragon/dtype.hpp>

#include "core/error.hpp"

namespace paragon {

const std::vector<DTypeInfo>& dtypes() {
  static const std::vector<DTypeInfo> table = {
#define PARAGON_DTYPE(id, name, bits, kind, c_type, arithmetic) info(DType::id),
#include <paragon/dtypes.def>
  };
  return table;
}

DType parse_dtype(std::string_view text) {
  std::vector<std::string> names;
  for (const DTypeInfo& row : dtypes()) {
    if (row.name == text) return row.type;
    names.emplace_back(row.name);
  }
  raise_unknown("type", text, names);
}

std::vector<DType> network_types() {
  std::vector<DType> types;
  for (const DTypeInfo& row : dtypes()) types.push_back(row.type);
  return types;
}

}  // namespace paragon
