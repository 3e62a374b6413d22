// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace paragon {

enum class Loss : uint8_t {
#define PARAGON_LOSS(name) name,
#include "composites/losses.def"
};

Loss parse_loss(std::string_view name);  ///< raises with the nearest name

}  // namespace paragon
