// SPDX-License-Identifier: Apache-2.0
#include "ir/rules/formulas.hpp"

#include <cmath>

#include "core/error.hpp"
#include "core/real_curve.hpp"
#include "ir/rules/integer_formulas.hpp"

namespace paragon::ir {
namespace {

template <class T>
T real_formula(Op op, const Attrs& attrs, T a, T b, T c) {
  switch (op) {
    case Op::neg:
      return -a;
    case Op::abs:
      return std::abs(a);
    case Op::exp:
      return std::exp(a);
    case Op::log:
      return std::log(a);
    case Op::sqrt:
      return std::sqrt(a);
    case Op::leaky_relu:
      return a > T(0) ? a : a * static_cast<T>(attrs.real);
    case Op::curve:
      return curve(static_cast<Curve>(attrs.a), a);
    case Op::curve_slope:
      return curve_slope(static_cast<Curve>(attrs.a), a);
    case Op::add:
      return a + b;
    case Op::sub:
      return a - b;
    case Op::mul:
      return a * b;
    case Op::div:
      return a / b;
    case Op::max:
      return b > a ? b : a;
    case Op::min:
      return a > b ? b : a;
    case Op::greater:
      return a > b ? T(1) : T(0);
    case Op::equal:
      return a == b ? T(1) : T(0);
    case Op::select:
      return a != T(0) ? b : c;
    default:
      raise("[{}] has no floating-point formula", info(op).name);
  }
}

Number cast(DType from, DType to, Number x) {
  Number y;
  if (is_float(to)) {
    y.f = is_float(from) ? x.f : static_cast<double>(x.i);
    if (to == DType::float32) y.f = static_cast<float>(y.f);
  } else {
    y.i = narrowed(to, is_float(from) ? static_cast<int64_t>(x.f) : x.i);
  }
  return y;
}

}  // namespace

Number load(DType type, const void* memory, size_t index) {
  if (type == DType::float32) return {.f = static_cast<const float*>(memory)[index]};
  if (type == DType::float64) return {.f = static_cast<const double*>(memory)[index]};
  return {.i = load_integer(type, memory, index)};
}

void store(DType type, void* memory, size_t index, Number value) {
  if (type == DType::float32)
    static_cast<float*>(memory)[index] = static_cast<float>(value.f);
  else if (type == DType::float64)
    static_cast<double*>(memory)[index] = value.f;
  else
    store_integer(type, memory, index, value.i);
}

Number evaluate(Op op, DType type, DType operand_type, const Attrs& attrs, const Number* operands,
                size_t row, size_t column) {
  const int count = info(op).operands;
  if (!is_float(type) && (count == 0 || !is_float(operand_type))) {
    int64_t integers[3] = {};
    for (int i = 0; i < count; ++i) integers[i] = operands[i].i;
    return {.i = evaluate_integer(op, type, attrs, integers, row, column)};
  }
  Number result;
  if (op == Op::cast) {
    result = cast(operand_type, type, operands[0]);
  } else if (op == Op::select || op == Op::when) {
    const bool chosen = is_float(operand_type) ? operands[0].f != 0 : operands[0].i != 0;
    result = operands[chosen ? 1 : 2];
  } else if (type == DType::float32) {
    const auto x = [&](int i) { return count > i ? static_cast<float>(operands[i].f) : 0.0f; };
    result.f = real_formula<float>(op, attrs, x(0), x(1), x(2));
  } else if (type == DType::float64) {
    const auto x = [&](int i) { return count > i ? operands[i].f : 0.0; };
    result.f = real_formula<double>(op, attrs, x(0), x(1), x(2));
  } else {
    raise("[{}] gives no {} of {}", info(op).name, name(type), name(operand_type));
  }
  return result;
}

}  // namespace paragon::ir
