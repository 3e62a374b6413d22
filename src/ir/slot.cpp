// SPDX-License-Identifier: Apache-2.0
#include "ir/slot.hpp"

namespace paragon::ir {

std::string_view name(SlotRole role) {
  switch (role) {
    case SlotRole::kParameter:
      return "parameter";
    case SlotRole::kView:
      return "view";
    case SlotRole::kOptimizer:
      return "optimizer";
    case SlotRole::kState:
      return "state";
    case SlotRole::kInput:
      return "input";
    case SlotRole::kData:
      return "data";
    case SlotRole::kOutput:
      return "output";
  }
  return "?";
}

}  // namespace paragon::ir
