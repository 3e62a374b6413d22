// SPDX-License-Identifier: Apache-2.0
// Fixed-point arithmetic on 32 bits (core/fixed_point.hpp). A limit is at most 2^31 - 1; for larger
// ones there are the functions that end in _wide.

// size / 2^shift as round_shift, clipped.
fn u32_round_shift(size: u32, shift: i32, limit: u32) -> u32 {
  if (shift > 0) {
    let rounded = ((size >> (bitcast<u32>(shift - 1) & 31u)) + 1u) >> 1u;
    return min(select(0u, rounded, shift <= 32), limit);
  }
  let left = min(0u - bitcast<u32>(shift), 63u);
  let beyond = u32_bit_length(size) + left > 31u && size != 0u;
  return select(min(size << (left & 31u), limit), limit, beyond);
}
fn i32_align(x: i32, shift: i32, limit: i32) -> i32 {
  return i32_signed(u32_round_shift(u32_magnitude(x), shift, bitcast<u32>(limit)), x);
}
fn i32_align_wide(x: i32, shift: i32, limit: I64) -> i32 {
  return i64_to_i32(i64_align(i64_from_i32(x), shift, limit));
}
fn i32_stochastic_shift(x: i32, shift: i32, random: i32, limit: i32) -> i32 {
  if (shift <= 0) {
    return i32_align(x, shift, limit);
  }
  if (shift > 31) {
    return 0;
  }
  return clamp(i32_stochastic(x, bitcast<u32>(shift), bitcast<u32>(random)), 0 - limit, limit);
}
fn i32_stochastic_shift_wide(x: i32, shift: i32, random: i32, limit: I64) -> i32 {
  if (shift <= 0) {
    return i32_align_wide(x, shift, limit);
  }
  return select(i32_stochastic(x, bitcast<u32>(shift) & 31u, bitcast<u32>(random)), 0, shift > 31);
}
// By 1 .. 31 bits. The lower bits are added apart: the sum of all may not fit.
fn i32_stochastic(x: i32, shift: u32, random: u32) -> i32 {
  let mask = (1u << shift) - 1u;
  let carry = ((bitcast<u32>(x) & mask) + (random & mask)) >> shift;
  return (x >> shift) + bitcast<i32>(carry);
}
fn i32_mul_shift(a: i32, b: i32, shift: i32, limit: i32) -> i32 {
  let product = i64_mul_u32(u32_magnitude(a), u32_magnitude(b));
  let lo = i64_lo(product);
  let hi = i64_hi(product);
  let most = bitcast<u32>(limit);
  var size = most;
  if (shift <= 0) {
    if (hi == 0u) {
      size = u32_round_shift(lo, shift, most);
    }
  } else if (shift <= 32) {
    // half = product / 2^(shift - 1), of which the last bit rounds.
    let by = bitcast<u32>(shift - 1);
    let half = (lo >> by) | ((hi << 1u) << (31u - by));
    if ((hi >> by) == 0u) {
      size = min((half >> 1u) + (half & 1u), most);
    }
  } else {
    let rounded = ((hi >> (bitcast<u32>(shift - 33) & 31u)) + 1u) >> 1u;
    size = min(select(0u, rounded, shift <= 63), most);
  }
  return i32_signed(size, a ^ b);
}
fn i32_mul_shift_wide(a: i32, b: i32, shift: i32, limit: I64) -> i32 {
  return i64_to_i32(i64_align(i64_mul_i32(a, b), shift, limit));
}
fn u32_isqrt(x: u32) -> u32 {
  var rest = x;
  var root = 0u;
  var bit = 0x40000000u;
  for (var i = 0; i < 16; i++) {
    let taken = root + bit;
    root = root >> 1u;
    if (rest >= taken) {
      rest -= taken;
      root += bit;
    }
    bit = bit >> 2u;
  }
  return root;
}
// A negative number counts as one of 64 bits without a sign.
fn i32_isqrt(x: i32) -> i32 {
  return select(bitcast<i32>(u32_isqrt(bitcast<u32>(x))), -1, x < 0);
}
fn i32_div_round(a: i32, b: i32) -> i32 {
  if (b <= 0) {
    return 0;
  }
  let by = bitcast<u32>(b);
  let sum = bitcast<u32>(a) + (by >> 1u);
  let negative = a < 0 && sum >= 0x80000000u;
  let quotient = bitcast<i32>(select(sum, 0u - sum, negative) / by);
  return select(quotient, 0 - quotient, negative);
}
// whole + log2(x / 2^31) in Q16, x in [2^31, 2^32).
fn log2_q16_of(whole: i32, mantissa: u32) -> i32 {
  var x = mantissa;
  var result = whole;
  for (var i = 0; i < 16; i++) {
    let square = i64_mul_u32(x, x);
    let hi = i64_hi(square);
    let two = hi >= 0x80000000u;
    x = select((hi << 1u) | (i64_lo(square) >> 31u), hi, two);
    result = result * 2 + select(0, 1, two);
  }
  return result;
}
// A negative number counts as one of 64 bits without a sign.
fn i32_log2_q16(x: i32) -> i32 {
  if (x == 0) {
    return 0;
  }
  let zeros = countLeadingZeros(bitcast<u32>(x));
  let mantissa = select(bitcast<u32>(x) << (zeros & 31u), 0xffffffffu, x < 0);
  return log2_q16_of(select(31 - bitcast<i32>(zeros), 63, x < 0), mantissa);
}
// a b / 2^30, rounded as round_shift, b >= 0.
fn exp2_product(a: i32, b: i32) -> i32 {
  let product = i64_mul_u32(u32_magnitude(a), bitcast<u32>(b));
  let lo = i64_lo(product) + 0x20000000u;
  let hi = i64_hi(product) + select(0u, 1u, lo < 0x20000000u);
  return i32_signed((lo >> 30u) | (hi << 2u), a);
}
fn i32_exp2_negative(t: i32) -> i32 {
  let bounded = max(t, 0);
  let whole = bounded >> 24u;
  let x = (bounded & 0xffffff) << 6u;
  var sum = -1016701;
  sum = 9888282 + exp2_product(sum, x);
  sum = -59375904 + exp2_product(sum, x);
  sum = 257890191 + exp2_product(sum, x);
  sum = -744256774 + exp2_product(sum, x);
  sum = 1073741764 + exp2_product(sum, x);
  return select(sum >> (bitcast<u32>(whole) & 31u), 0, whole > 30);
}
