// SPDX-License-Identifier: Apache-2.0
#include "ir/rules/rules.hpp"

#include <array>

namespace paragon::ir {
namespace {

using InferRule = TypeAndShape (*)(const InferArgs&);
constexpr std::array<InferRule, kOpCount> kInfer = {{
#define PARAGON_OP(name, cls, operands, family, gradient) infer_##family,
#include "ir/ops.def"
}};

#define PARAGON_RULE_GRAD(name) grad_##name,
#define PARAGON_RULE_ZERO(name) nullptr,
#define PARAGON_RULE_NONE(name) nullptr,
constexpr std::array<GradRule, kOpCount> kGradient = {{
#define PARAGON_OP(name, cls, operands, family, gradient) PARAGON_RULE_##gradient(name)
#include "ir/ops.def"
}};
#undef PARAGON_RULE_GRAD
#undef PARAGON_RULE_ZERO
#undef PARAGON_RULE_NONE

}  // namespace

TypeAndShape infer(const InferArgs& args) {
  return kInfer[static_cast<size_t>(args.op)](args);
}
GradRule gradient_rule(Op op) {
  return kGradient[static_cast<size_t>(op)];
}

}  // namespace paragon::ir
