// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <paragon/dtype.hpp>

#include "ir/attrs.hpp"
#include "ir/op.hpp"

// The reference formulas of integers (ir/rules/formulas.hpp has those of all types): all that an
// integer step needs, without floating point.
namespace paragon::ir {

/// One element of a tensor of integers that a program holds.
int64_t load_integer(DType type, const void* memory, size_t index);
void store_integer(DType type, void* memory, size_t index, int64_t value);

/// What an integer type keeps of a number: narrower ones wrap.
int64_t narrowed(DType type, int64_t value);

/// The value of an element-wise operation at (row, column); result and operands are integers.
int64_t evaluate_integer(Op op, DType type, const Attrs& attrs, const int64_t* operands, size_t row,
                         size_t column);

}  // namespace paragon::ir
