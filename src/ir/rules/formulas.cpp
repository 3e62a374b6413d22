// SPDX-License-Identifier: Apache-2.0
#include "ir/rules/formulas.hpp"

#include <cmath>

#include "core/curve.hpp"
#include "core/error.hpp"
#include "core/fixed_curve.hpp"
#include "core/fixed_point.hpp"
#include "core/mean_square.hpp"
#include "core/random.hpp"

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

int64_t wrap(DType type, uint64_t value) {
  return type == DType::int32 ? int64_t{static_cast<int32_t>(value)} : static_cast<int64_t>(value);
}

int64_t integer_formula(Op op, DType type, const Attrs& attrs, int64_t a, int64_t b, int64_t c) {
  const auto ua = static_cast<uint64_t>(a), ub = static_cast<uint64_t>(b);
  switch (op) {
    case Op::neg:
      return wrap(type, 0 - ua);
    case Op::abs:
      return wrap(type, fixed::magnitude(a));
    case Op::add:
      return wrap(type, ua + ub);
    case Op::sub:
      return wrap(type, ua - ub);
    case Op::mul:
      return wrap(type, ua * ub);
    case Op::max:
      return b > a ? b : a;
    case Op::min:
      return a > b ? b : a;
    case Op::greater:
      return a > b ? 1 : 0;
    case Op::equal:
      return a == b ? 1 : 0;
    case Op::select:
      return a != 0 ? b : c;
    case Op::align:
    case Op::requantise:
      return fixed::clip(fixed::round_shift(a, b), attrs.a);
    case Op::requantise_sr:
      return fixed::clip(fixed::stochastic_shift(a, b, static_cast<uint32_t>(c)), attrs.a);
    case Op::mul_shift:
      return fixed::mul_shift(a, b, c, attrs.a);
    case Op::clamp:
      return std::clamp(a, attrs.a, attrs.b);
    case Op::shift_right:
      return a >> attrs.a;
    case Op::bit_length:
      return fixed::bit_length(fixed::magnitude(a));
    case Op::exp2_negative:
      return fixed::exp2_negative(a, static_cast<int>(attrs.a));
    case Op::log2_q16:
      return fixed::log2_q16(ua);
    case Op::isqrt:
      return static_cast<int64_t>(fixed::isqrt(ua));
    case Op::div_round:
      return fixed::div_round(a, b);
    case Op::mean_square:
      return fixed::mean_square(static_cast<int32_t>(a), static_cast<int32_t>(b),
                                static_cast<int>(attrs.a));
    case Op::mul_rsqrt:
      return fixed::ratio_to_root(static_cast<int32_t>(a), static_cast<int32_t>(b),
                                  static_cast<int32_t>(attrs.a));
    case Op::curve_fixed:
      return fixed::curve(static_cast<Curve>(attrs.a), static_cast<int32_t>(a),
                          static_cast<int32_t>(b));
    case Op::curve_slope_fixed:
      return fixed::curve_slope(static_cast<Curve>(attrs.a), static_cast<int32_t>(a),
                                static_cast<int32_t>(b));
    case Op::hash_key:
      return static_cast<int64_t>(random::make_key(
          {ua, ub, attrs.id, static_cast<uint64_t>(attrs.a), static_cast<uint64_t>(attrs.b)}));
    case Op::permute:
      return random::permuted_index(ub, static_cast<uint32_t>(a), static_cast<uint32_t>(c));
    default:
      raise("[{}] has no integer formula", info(op).name);
  }
}

Number cast(DType from, DType to, Number x) {
  Number y;
  if (is_float(to)) {
    y.f = is_float(from) ? x.f : static_cast<double>(x.i);
    if (to == DType::float32) y.f = static_cast<float>(y.f);
  } else {
    y.i = is_float(from) ? static_cast<int64_t>(x.f) : x.i;
    switch (to) {  // narrower integers wrap
      case DType::int8:
        y.i = static_cast<int8_t>(y.i);
        break;
      case DType::uint8:
        y.i = static_cast<uint8_t>(y.i);
        break;
      case DType::int16:
        y.i = static_cast<int16_t>(y.i);
        break;
      case DType::int32:
        y.i = static_cast<int32_t>(y.i);
        break;
      default:
        break;
    }
  }
  return y;
}

}  // namespace

Number load(DType type, const void* memory, size_t index) {
  Number value;
  switch (type) {
    case DType::float32:
      value.f = static_cast<const float*>(memory)[index];
      break;
    case DType::float64:
      value.f = static_cast<const double*>(memory)[index];
      break;
    case DType::int8:
      value.i = static_cast<const int8_t*>(memory)[index];
      break;
    case DType::uint8:
      value.i = static_cast<const uint8_t*>(memory)[index];
      break;
    case DType::int16:
      value.i = static_cast<const int16_t*>(memory)[index];
      break;
    case DType::int32:
      value.i = static_cast<const int32_t*>(memory)[index];
      break;
    case DType::int64:
      value.i = static_cast<const int64_t*>(memory)[index];
      break;
    default:
      raise("[load] no program holds {}", name(type));
  }
  return value;
}

void store(DType type, void* memory, size_t index, Number value) {
  switch (type) {
    case DType::float32:
      static_cast<float*>(memory)[index] = static_cast<float>(value.f);
      break;
    case DType::float64:
      static_cast<double*>(memory)[index] = value.f;
      break;
    case DType::int8:
      static_cast<int8_t*>(memory)[index] = static_cast<int8_t>(value.i);
      break;
    case DType::uint8:
      static_cast<uint8_t*>(memory)[index] = static_cast<uint8_t>(value.i);
      break;
    case DType::int16:
      static_cast<int16_t*>(memory)[index] = static_cast<int16_t>(value.i);
      break;
    case DType::int32:
      static_cast<int32_t*>(memory)[index] = static_cast<int32_t>(value.i);
      break;
    case DType::int64:
      static_cast<int64_t*>(memory)[index] = value.i;
      break;
    default:
      raise("[store] no program holds {}", name(type));
  }
}

Number evaluate(Op op, DType type, DType operand_type, const Attrs& attrs, const Number* operands,
                size_t row, size_t column) {
  Number result;
  if (op == Op::iota) {
    result.i = static_cast<int64_t>(attrs.a == 0 ? row : column);
  } else if (op == Op::table) {
    result.i = attrs.table->index[row * attrs.table->taps + column];
  } else if (op == Op::random) {
    const uint64_t index =
        row * static_cast<uint64_t>(attrs.a) + column * static_cast<uint64_t>(attrs.b);
    result.i = static_cast<int32_t>(random::bits32(static_cast<uint64_t>(operands[0].i), index));
  } else if (op == Op::cast) {
    result = cast(operand_type, type, operands[0]);
  } else if (op == Op::select || op == Op::when) {
    const bool chosen = is_float(operand_type) ? operands[0].f != 0 : operands[0].i != 0;
    result = operands[chosen ? 1 : 2];
  } else if (type == DType::float32) {
    const auto x = [&](int i) {
      return info(op).operands > i ? static_cast<float>(operands[i].f) : 0.0f;
    };
    result.f = real_formula<float>(op, attrs, x(0), x(1), x(2));
  } else if (type == DType::float64) {
    const auto x = [&](int i) { return info(op).operands > i ? operands[i].f : 0.0; };
    result.f = real_formula<double>(op, attrs, x(0), x(1), x(2));
  } else {
    const auto x = [&](int i) { return info(op).operands > i ? operands[i].i : 0; };
    result.i = integer_formula(op, type, attrs, x(0), x(1), x(2));
  }
  return result;
}

}  // namespace paragon::ir
