// SPDX-License-Identifier: Apache-2.0
// 64-bit integers, whichever they are.
fn i64_zero() -> I64 {
  return i64_from_u32(0u);
}
fn i64_to_i32(x: I64) -> i32 {
  return bitcast<i32>(i64_lo(x));
}
fn i64_negative(x: I64) -> bool {
  return i64_hi(x) >= 0x80000000u;
}
// |x|, up to 2^63 as an unsigned number.
fn i64_magnitude(x: I64) -> I64 {
  return i64_select(x, i64_neg(x), i64_negative(x));
}
fn i64_signed(size: I64, negative: bool) -> I64 {
  return i64_select(size, i64_neg(size), negative);
}
// Of an unsigned number, by halves: the built-in functions are wrong for 64 bits.
fn i64_bit_length(x: I64) -> i32 {
  let hi = i64_hi(x);
  let lo_length = 32u - countLeadingZeros(i64_lo(x));
  return bitcast<i32>(select(lo_length, 64u - countLeadingZeros(hi), hi != 0u));
}
fn i64_min(a: I64, b: I64) -> I64 {
  return i64_select(a, b, i64_lt(b, a));
}
fn i64_max(a: I64, b: I64) -> I64 {
  return i64_select(a, b, i64_lt(a, b));
}
fn i64_clip(x: I64, limit: I64) -> I64 {
  return i64_max(i64_min(x, limit), i64_neg(limit));
}
fn i64_is_nonzero(x: I64) -> bool {
  return (i64_lo(x) | i64_hi(x)) != 0u;
}
// fixed::round_shift.
fn i64_round_shift(x: I64, shift: i32) -> I64 {
  let size = i64_magnitude(x);
  var rounded = i64_zero();
  if (shift > 0) {
    if (shift <= 63) {
      let by = bitcast<u32>(shift);
      rounded = i64_shru(i64_add(size, i64_shl(i64_from_u32(1u), by - 1u)), by);
    }
  } else {
    let left = min(0u - bitcast<u32>(shift), 63u);
    if (i64_bit_length(size) + bitcast<i32>(left) <= 62) {
      rounded = i64_shl(size, left);
    } else if (i64_is_nonzero(size)) {
      rounded = i64_make(0u, 0x40000000u);
    }
  }
  return i64_signed(rounded, i64_negative(x));
}
fn i64_align(x: I64, shift: i32, limit: I64) -> I64 {
  return i64_clip(i64_round_shift(x, shift), limit);
}
fn i64_isqrt(x: I64) -> I64 {
  if (i64_hi(x) == 0u) {
    return i64_from_u32(u32_isqrt(i64_lo(x)));
  }
  var rest = x;
  var root = i64_zero();
  var bit = i64_make(0u, 0x40000000u);
  for (var i = 0; i < 32; i++) {
    let taken = i64_add(root, bit);
    root = i64_shru(root, 1u);
    if (!i64_ltu(rest, taken)) {
      rest = i64_sub(rest, taken);
      root = i64_add(root, bit);
    }
    bit = i64_shru(bit, 2u);
  }
  return root;
}
// fixed::div_round; a sum beyond 64 bits wraps.
fn i64_div_round(a: I64, b: I64) -> I64 {
  if (i64_negative(b) || !i64_is_nonzero(b)) {
    return i64_zero();
  }
  let sum = i64_add(a, i64_shru(b, 1u));
  return i64_signed(i64_divu(i64_magnitude(sum), b), i64_negative(sum));
}
fn i64_log2_q16(x: I64) -> i32 {
  let length = i64_bit_length(x);
  if (length == 0) {
    return 0;
  }
  return log2_q16_of(length - 1, i64_hi(i64_shl(x, bitcast<u32>(64 - length))));
}
fn i64_exp2_negative(x: I64) -> i32 {
  let bounded = i64_max(i64_min(x, i64_from_u32(0x7fffffffu)), i64_zero());
  return i32_exp2_negative(i64_to_i32(bounded));
}
