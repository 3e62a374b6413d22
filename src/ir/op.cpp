// SPDX-License-Identifier: Apache-2.0
#include "ir/op.hpp"

#include <array>

namespace paragon::ir {
namespace {

constexpr Differentiable kGRAD = Differentiable::kGrad;
constexpr Differentiable kZERO = Differentiable::kZero;
constexpr Differentiable kNONE = Differentiable::kNone;

constexpr std::array<OpInfo, kOpCount> kInfo = {{
#define PARAGON_OP(name, cls, operands, family, gradient) \
  {#name, OpClass::cls, operands, k##gradient},
#include "ir/ops.def"
}};

}  // namespace

const OpInfo& info(Op op) {
  return kInfo[static_cast<size_t>(op)];
}

}  // namespace paragon::ir
