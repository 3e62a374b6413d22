// SPDX-License-Identifier: Apache-2.0
#include "composites/losses.hpp"

#include <paragon/trainer.hpp>

#include "core/error.hpp"

namespace paragon {

std::vector<std::string> losses() {
  return {
#define PARAGON_LOSS(name) #name,
#include "composites/losses.def"
  };
}

Loss parse_loss(std::string_view name) {
  const std::vector<std::string> names = losses();
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return static_cast<Loss>(i);
  raise_unknown("loss", name, names);
}

}  // namespace paragon
