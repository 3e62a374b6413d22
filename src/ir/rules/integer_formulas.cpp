// SPDX-License-Identifier: Apache-2.0
#include "ir/rules/integer_formulas.hpp"

#include <algorithm>
#include <string>

#include "core/fixed_curve.hpp"
#include "core/fixed_point.hpp"
#include "core/mean_square.hpp"
#include "core/raise.hpp"
#include "core/random.hpp"

namespace paragon::ir {
namespace {

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
      return fixed::exp2_negative(a);
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
      raise_message("[" + std::string(info(op).name) + "] has no integer formula");
  }
}

}  // namespace

int64_t narrowed(DType type, int64_t value) {
  switch (type) {
    case DType::int8:
      return static_cast<int8_t>(value);
    case DType::uint8:
      return static_cast<uint8_t>(value);
    case DType::int16:
      return static_cast<int16_t>(value);
    case DType::int32:
      return static_cast<int32_t>(value);
    default:
      return value;
  }
}

int64_t load_integer(DType type, const void* memory, size_t index) {
  switch (type) {
    case DType::int8:
      return static_cast<const int8_t*>(memory)[index];
    case DType::uint8:
      return static_cast<const uint8_t*>(memory)[index];
    case DType::int16:
      return static_cast<const int16_t*>(memory)[index];
    case DType::int32:
      return static_cast<const int32_t*>(memory)[index];
    case DType::int64:
      return static_cast<const int64_t*>(memory)[index];
    default:
      raise_message("[load] no program holds " + std::string(name(type)));
  }
}

void store_integer(DType type, void* memory, size_t index, int64_t value) {
  switch (type) {
    case DType::int8:
      static_cast<int8_t*>(memory)[index] = static_cast<int8_t>(value);
      return;
    case DType::uint8:
      static_cast<uint8_t*>(memory)[index] = static_cast<uint8_t>(value);
      return;
    case DType::int16:
      static_cast<int16_t*>(memory)[index] = static_cast<int16_t>(value);
      return;
    case DType::int32:
      static_cast<int32_t*>(memory)[index] = static_cast<int32_t>(value);
      return;
    case DType::int64:
      static_cast<int64_t*>(memory)[index] = value;
      return;
    default:
      raise_message("[store] no program holds " + std::string(name(type)));
  }
}

int64_t evaluate_integer(Op op, DType type, const Attrs& attrs, const int64_t* operands, size_t row,
                         size_t column) {
  switch (op) {
    case Op::iota:
      return static_cast<int64_t>(attrs.a == 0 ? row : column);
    case Op::table:
      return attrs.table->index[row * attrs.table->taps + column];
    case Op::random: {
      const uint64_t index =
          row * static_cast<uint64_t>(attrs.a) + column * static_cast<uint64_t>(attrs.b);
      return static_cast<int32_t>(random::bits32(static_cast<uint64_t>(operands[0]), index));
    }
    case Op::cast:
      return narrowed(type, operands[0]);
    case Op::select:
    case Op::when:
      return operands[operands[0] != 0 ? 1 : 2];
    default: {
      const auto x = [&](int i) { return info(op).operands > i ? operands[i] : 0; };
      return integer_formula(op, type, attrs, x(0), x(1), x(2));
    }
  }
}

}  // namespace paragon::ir
