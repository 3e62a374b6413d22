// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace paragon::ir {

/// Operations, in the order of ops.def.
enum class Op : uint8_t {
#define PARAGON_OP(name, cls, operands, family, gradient) name,
#include "ir/ops.def"
};

enum class OpClass : uint8_t {
  kLeaf,
  kElementwise,
  kReduce,
  kContract,
  kMove,
  kIndex,
  kComposite,
  kControl
};

enum class Differentiable : uint8_t { kGrad, kZero, kNone };

inline constexpr size_t kOpCount = 0
#define PARAGON_OP(name, cls, operands, family, gradient) +1
#include "ir/ops.def"
    ;

struct OpInfo {
  std::string_view name;
  OpClass cls;
  int operands;  ///< -1: any number
  Differentiable gradient;
};

const OpInfo& info(Op op);

}  // namespace paragon::ir
