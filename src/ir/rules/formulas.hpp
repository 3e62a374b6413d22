// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <paragon/dtype.hpp>

#include "ir/attrs.hpp"
#include "ir/op.hpp"

// The reference formulas: what every operation means, one element at a time. Backends are judged by
// them; the CPU backend also runs scalars and rare operations through them. Of integers alone:
// ir/rules/integer_formulas.hpp.
namespace paragon::ir {

/// One element of any type: `f` for floating-point types, `i` for integers.
union Number {
  double f;
  int64_t i;
};

Number load(DType type, const void* memory, size_t index);
void store(DType type, void* memory, size_t index, Number value);

/// The value of an element-wise operation at (row, column); float32 rounds every operation to
/// float32, int32 wraps. `operand_type` is the type of the first operand.
Number evaluate(Op op, DType type, DType operand_type, const Attrs& attrs, const Number* operands,
                size_t row, size_t column);

}  // namespace paragon::ir
