// SPDX-License-Identifier: Apache-2.0
// Double precision made of integers: IEEE 754, rounding to nearest, halves to even. A significand
// carries ten bits more than the result has, of which the lowest stands for all that is cut off.
alias F64 = I64;
fn f64_make(lo: u32, hi: u32) -> F64 {
  return i64_make(lo, hi);
}
fn f64_bits(x: F64) -> I64 {
  return x;
}
fn f64_of_bits(bits: I64) -> F64 {
  return bits;
}
fn f64_neg(x: F64) -> F64 {
  return i64_xor(x, i64_make(0u, 0x80000000u));
}
fn f64_abs(x: F64) -> F64 {
  return i64_and(x, i64_make(0xffffffffu, 0x7fffffffu));
}
fn f64_select(otherwise: F64, value: F64, condition: bool) -> F64 {
  return i64_select(otherwise, value, condition);
}
fn f64_nan() -> F64 {
  return i64_make(0u, 0x7ff80000u);
}
fn f64_infinity(sign: u32) -> F64 {
  return i64_make(0u, sign | 0x7ff00000u);
}

// Numbers in an order of integers; both zeros are 0.
fn f64_key(x: F64) -> I64 {
  return i64_signed(f64_abs(x), i64_negative(x));
}
fn f64_lt(a: F64, b: F64) -> bool {
  return i64_lt(f64_key(a), f64_key(b)) && !f64_is_nan(a) && !f64_is_nan(b);
}
fn f64_eq(a: F64, b: F64) -> bool {
  return i64_eq(f64_key(a), f64_key(b)) && !f64_is_nan(a) && !f64_is_nan(b);
}

// x / 2^n with the last bit set if anything is cut off.
fn f64_cut(x: I64, n: u32) -> I64 {
  if (n == 0u) {
    return x;
  }
  let by = min(n, 63u);
  let rest = i64_shl(x, 64u - by);
  return i64_or(i64_shru(x, by), i64_from_u32(select(0u, 1u, i64_is_nonzero(rest))));
}
// significand / 2^62 * 2^(exponent - 1023), the significand below 2^63.
fn f64_pack(sign: u32, exponent: i32, significand: I64) -> F64 {
  if (exponent >= 0x7ff) {
    return f64_infinity(sign);
  }
  let exact = f64_cut(significand, bitcast<u32>(max(1 - exponent, 0)));
  let kept = i64_shru(i64_add(exact, i64_from_u32(0x200u)), 10u);
  let tie = (i64_lo(exact) & 0x3ffu) == 0x200u;
  let even = i64_make(i64_lo(kept) & select(0xffffffffu, 0xfffffffeu, tie), i64_hi(kept));
  // The leading bit of a normal number adds 1 to the exponent.
  return i64_add(even, i64_make(0u, sign | (bitcast<u32>(max(exponent - 1, 0)) << 20u)));
}
// A number's exponent, and its significand with the leading bit at 52.
struct F64Parts {
  exponent: i32,
  significand: I64,
}
fn f64_parts(x: F64) -> F64Parts {
  let hi = i64_hi(x);
  let exponent = bitcast<i32>((hi >> 20u) & 0x7ffu);
  let fraction = i64_make(i64_lo(x), hi & 0xfffffu);
  if (exponent != 0) {
    return F64Parts(exponent, i64_or(fraction, i64_make(0u, 0x100000u)));
  }
  let up = 53 - i64_bit_length(fraction);
  return F64Parts(1 - up, i64_shl(fraction, bitcast<u32>(up)));
}
fn f64_sign(x: F64) -> u32 {
  return i64_hi(x) & 0x80000000u;
}
fn f64_is_special(x: F64) -> bool {
  return (i64_hi(x) & 0x7ff00000u) == 0x7ff00000u;
}
fn f64_is_zero(x: F64) -> bool {
  return !i64_is_nonzero(f64_abs(x));
}

fn f64_add(x: F64, y: F64) -> F64 {
  let larger = i64_ltu(f64_abs(x), f64_abs(y));
  let a = i64_select(x, y, larger);
  let b = i64_select(y, x, larger);
  let opposite = (i64_hi(a) ^ i64_hi(b)) >= 0x80000000u;
  if (f64_is_special(a)) {  // larger than all others, not-a-number the largest
    return i64_select(a, f64_nan(), f64_is_nan(a) || (opposite && f64_is_special(b)));
  }
  let ea = bitcast<i32>((i64_hi(a) >> 20u) & 0x7ffu);
  let eb = bitcast<i32>((i64_hi(b) >> 20u) & 0x7ffu);
  let fa = i64_make(i64_lo(a), (i64_hi(a) & 0xfffffu) | select(0u, 0x100000u, ea != 0));
  let fb = i64_make(i64_lo(b), (i64_hi(b) & 0xfffffu) | select(0u, 0x100000u, eb != 0));
  let exponent = max(ea, 1);
  let small = f64_cut(i64_shl(fb, 9u), bitcast<u32>(exponent - max(eb, 1)));
  let sum = i64_add(i64_shl(fa, 9u), i64_signed(small, opposite));
  if (opposite && !i64_is_nonzero(sum)) {
    return i64_zero();
  }
  let up = 63 - i64_bit_length(sum);
  return f64_pack(f64_sign(a), exponent + 1 - up, i64_shl(sum, bitcast<u32>(up)));
}
fn f64_sub(a: F64, b: F64) -> F64 {
  return f64_add(a, f64_neg(b));
}
fn f64_mul(a: F64, b: F64) -> F64 {
  let sign = f64_sign(a) ^ f64_sign(b);
  let zero = f64_is_zero(a) || f64_is_zero(b);
  if (f64_is_special(a) || f64_is_special(b)) {
    return i64_select(f64_infinity(sign), f64_nan(), zero || f64_is_nan(a) || f64_is_nan(b));
  }
  if (zero) {
    return i64_make(0u, sign);
  }
  let pa = f64_parts(a);
  let pb = f64_parts(b);
  let x = i64_shl(pa.significand, 10u);
  let y = i64_shl(pb.significand, 11u);
  // The upper half of the product of 128 bits; the lower one counts as its last bit.
  let low = i64_mul_u32(i64_lo(x), i64_lo(y));
  let cross = i64_add(i64_mul_u32(i64_hi(x), i64_lo(y)), i64_from_u32(i64_hi(low)));
  let carry = i64_add(i64_mul_u32(i64_lo(x), i64_hi(y)), i64_from_u32(i64_lo(cross)));
  let high = i64_add(i64_add(i64_mul_u32(i64_hi(x), i64_hi(y)), i64_from_u32(i64_hi(cross))),
                     i64_from_u32(i64_hi(carry)));
  let rest = select(0u, 1u, (i64_lo(carry) | i64_lo(low)) != 0u);
  let up = select(1u, 0u, i64_hi(high) >= 0x40000000u);
  let significand = i64_or(i64_shl(high, up), i64_from_u32(rest));
  return f64_pack(sign, pa.exponent + pb.exponent - 1022 - bitcast<i32>(up), significand);
}
fn f64_div(a: F64, b: F64) -> F64 {
  let sign = f64_sign(a) ^ f64_sign(b);
  if (f64_is_nan(a) || f64_is_nan(b) || (f64_is_special(a) && f64_is_special(b)) ||
      (f64_is_zero(a) && f64_is_zero(b))) {
    return f64_nan();
  }
  if (f64_is_special(a) || f64_is_zero(b)) {
    return f64_infinity(sign);
  }
  if (f64_is_special(b) || f64_is_zero(a)) {
    return i64_make(0u, sign);
  }
  let pa = f64_parts(a);
  let pb = f64_parts(b);
  let below = i64_ltu(pa.significand, pb.significand);
  var rest = i64_shl(pa.significand, select(0u, 1u, below));
  var quotient = i64_zero();
  for (var i = 0; i < 55; i++) {
    let one = !i64_ltu(rest, pb.significand);
    rest = i64_shl(i64_select(rest, i64_sub(rest, pb.significand), one), 1u);
    quotient = i64_or(i64_shl(quotient, 1u), i64_from_u32(select(0u, 1u, one)));
  }
  let cut = i64_from_u32(select(0u, 1u, i64_is_nonzero(rest)));
  return f64_pack(sign, pa.exponent - pb.exponent + select(1023, 1022, below),
                  i64_or(i64_shl(quotient, 8u), cut));
}
fn f64_sqrt(x: F64) -> F64 {
  if (f64_is_zero(x)) {
    return x;
  }
  if (f64_is_nan(x) || i64_negative(x)) {
    return f64_nan();
  }
  if (f64_is_special(x)) {
    return x;
  }
  let parts = f64_parts(x);
  let exponent = parts.exponent - 1023;
  var square = i64_shl(parts.significand, select(10u, 11u, (exponent & 1) != 0));
  var rest = i64_zero();
  var root = i64_zero();
  for (var i = 0; i < 55; i++) {
    rest = i64_or(i64_shl(rest, 2u), i64_from_u32(i64_hi(square) >> 30u));
    square = i64_shl(square, 2u);
    let taken = i64_or(i64_shl(root, 2u), i64_from_u32(1u));
    let one = !i64_ltu(rest, taken);
    rest = i64_select(rest, i64_sub(rest, taken), one);
    root = i64_or(i64_shl(root, 1u), i64_from_u32(select(0u, 1u, one)));
  }
  let cut = i64_from_u32(select(0u, 1u, i64_is_nonzero(rest)));
  return f64_pack(0u, (exponent >> 1u) + 1023, i64_or(i64_shl(root, 8u), cut));
}

fn f64_from_i64(x: I64) -> F64 {
  let size = i64_magnitude(x);
  let length = i64_bit_length(size);
  if (length == 0) {
    return i64_zero();
  }
  let significand = f64_cut(i64_shl(size, bitcast<u32>(max(63 - length, 0))),
                            select(0u, 1u, length == 64));
  return f64_pack(f64_sign(x), 1022 + length, significand);
}
fn f64_from_i32(x: i32) -> F64 {
  return f64_from_i64(i64_from_i32(x));
}
fn f64_from_f32(x: f32) -> F64 {
  let bits = bitcast<u32>(x);
  let sign = bits & 0x80000000u;
  var exponent = (bits >> 23u) & 0xffu;
  var fraction = bits & 0x7fffffu;
  if (exponent == 0xffu) {
    return i64_make(0u, sign | 0x7ff00000u | select(0u, 0x80000u, fraction != 0u));
  }
  if (exponent == 0u) {
    if (fraction == 0u) {
      return i64_make(0u, sign);
    }
    let up = countLeadingZeros(fraction) - 8u;
    fraction = (fraction << up) & 0x7fffffu;
    exponent = 1u - up;  // wraps, and back below
  }
  return i64_make(fraction << 29u, sign | ((exponent + 896u) << 20u) | (fraction >> 3u));
}
fn f64_to_f32(x: F64) -> f32 {
  let sign = f64_sign(x) ;
  let hi = i64_hi(x);
  if (f64_is_special(x)) {
    return f32_make(sign | select(0x7f800000u, 0x7fc00000u, f64_is_nan(x)));
  }
  let exponent = bitcast<i32>((hi >> 20u) & 0x7ffu) - 896;
  if (exponent >= 255) {
    return f32_make(sign | 0x7f800000u);
  }
  // A significand of 31 bits, seven more than the result has.
  let upper = ((hi & 0xfffffu) | 0x100000u) << 10u;
  let lower = i64_lo(x);
  var significand = upper | (lower >> 22u) | select(0u, 1u, (lower & 0x3fffffu) != 0u);
  let down = bitcast<u32>(clamp(1 - exponent, 0, 31));
  let cut = significand & ((1u << down) - 1u);
  significand = (significand >> down) | select(0u, 1u, cut != 0u);
  let kept = (significand + 0x40u) >> 7u;
  let even = kept & select(0xffffffffu, 0xfffffffeu, (significand & 0x7fu) == 0x40u);
  return f32_make(sign | (even + (bitcast<u32>(max(exponent - 1, 0)) << 23u)));
}
