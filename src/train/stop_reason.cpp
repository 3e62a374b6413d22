// SPDX-License-Identifier: Apache-2.0
#include <paragon/trainer.hpp>

namespace paragon {

std::string_view name(StopReason reason) {
  switch (reason) {
    case StopReason::kNone:
      return "not ended";
    case StopReason::kFinished:
      return "finished";
    case StopReason::kNegativeLoss:
      return "negative loss";
    case StopReason::kNotFinite:
      return "loss not finite";
    case StopReason::kPatience:
      return "no better epoch";
    case StopReason::kCallback:
      return "stopped by the caller";
  }
  return "unknown";
}

}  // namespace paragon
