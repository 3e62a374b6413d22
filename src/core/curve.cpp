// SPDX-License-Identifier: Apache-2.0
#include "core/curve.hpp"

#include <array>

namespace paragon {
namespace {

struct Row {
  std::string_view name;
  bool bounded;
};

constexpr std::array<Row, kCurves> kTable = {{
#define PARAGON_CURVE(name, bounded) {#name, bounded},
#include "core/curves.def"
}};

}  // namespace

std::string_view name(Curve curve) {
  return kTable[static_cast<size_t>(curve)].name;
}
bool is_bounded(Curve curve) {
  return kTable[static_cast<size_t>(curve)].bounded;
}

}  // namespace paragon
