// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <paragon/dtype.hpp>

#include "ir/attrs.hpp"
#include "ir/op.hpp"

// Element-wise operations as WGSL expressions. Where the reference formulas (ir/rules/formulas.hpp)
// are defined, those of integers give the same bits.
namespace paragon::webgpu {

/// One operation on expressions.
struct FormulaCall {
  ir::Op op;
  DType type;  ///< of the result
  DType operand_types[3] = {};
  const ir::Attrs& attrs;
  std::string args[3] = {};           ///< expressions of the operands' register types
  std::string row = {}, column = {};  ///< u32 expressions
};

/// The value as an expression of type's register type. It calls functions of the library: see
/// link().
std::string formula(const FormulaCall& call);

/// Has `op` a formula for results of `type`? Index tables have none: they are memory.
bool has_formula(ir::Op op, DType type);

/// The WGSL type of a value: "i32" for integers of up to 32 bits, "I64", "f32" or "F64".
std::string register_type(DType type);

/// A constant: the value's bytes as Buffer::constant holds them.
std::string literal(DType type, uint64_t bits);

/// `op` of two operands of the result's type.
std::string binary_formula(ir::Op op, DType type, const std::string& a, const std::string& b);

/// A register of words of memory, and back: types of up to 32 bits have the low one only.
std::string from_words(DType type, const std::string& low, const std::string& high);
std::string low_word(DType type, const std::string& value);
std::string high_word(DType type, const std::string& value);

}  // namespace paragon::webgpu
