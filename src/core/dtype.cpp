// SPDX-License-Identifier: Apache-2.0
#include <paragon/dtype.hpp>

namespace paragon {
namespace {

constexpr DTypeInfo kTable[] = {
#define PARAGON_DTYPE(id, name, bits, kind, c_type, arithmetic) \
  {DType::id, name, bits, DTypeKind::kind, Arithmetic::arithmetic},
#include <paragon/dtypes.def>
};

}  // namespace

const DTypeInfo& info(DType type) {
  return kTable[static_cast<size_t>(type)];
}

std::string_view name(DType type) {
  return info(type).name;
}

}  // namespace paragon
