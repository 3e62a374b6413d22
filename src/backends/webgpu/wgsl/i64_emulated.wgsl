// SPDX-License-Identifier: Apache-2.0
// 64-bit integers as pairs of words, the lower one first.
alias I64 = vec2<u32>;
fn i64_make(lo: u32, hi: u32) -> I64 {
  return vec2<u32>(lo, hi);
}
fn i64_lo(x: I64) -> u32 {
  return x.x;
}
fn i64_hi(x: I64) -> u32 {
  return x.y;
}
fn i64_from_i32(x: i32) -> I64 {
  return vec2<u32>(bitcast<u32>(x), bitcast<u32>(x >> 31u));
}
fn i64_from_u32(x: u32) -> I64 {
  return vec2<u32>(x, 0u);
}
fn i64_add(a: I64, b: I64) -> I64 {
  let lo = a.x + b.x;
  return vec2<u32>(lo, a.y + b.y + select(0u, 1u, lo < a.x));
}
fn i64_sub(a: I64, b: I64) -> I64 {
  return vec2<u32>(a.x - b.x, a.y - b.y - select(0u, 1u, a.x < b.x));
}
fn i64_neg(x: I64) -> I64 {
  return vec2<u32>(0u - x.x, 0u - x.y - select(0u, 1u, x.x != 0u));
}
fn i64_mul(a: I64, b: I64) -> I64 {
  let low = i64_mul_u32(a.x, b.x);
  return vec2<u32>(low.x, low.y + a.x * b.y + a.y * b.x);
}
fn i64_mul_i32(a: i32, b: i32) -> I64 {
  let x = bitcast<u32>(a);
  let y = bitcast<u32>(b);
  let product = i64_mul_u32(x, y);
  return vec2<u32>(product.x, product.y - select(0u, y, a < 0) - select(0u, x, b < 0));
}
fn i64_mul_u32(a: u32, b: u32) -> I64 {
  let a0 = a & 0xffffu;
  let a1 = a >> 16u;
  let b0 = b & 0xffffu;
  let b1 = b >> 16u;
  let cross = a1 * b0 + ((a0 * b0) >> 16u);
  let carry = a0 * b1 + (cross & 0xffffu);
  return vec2<u32>(a * b, a1 * b1 + (cross >> 16u) + (carry >> 16u));
}
fn i64_and(a: I64, b: I64) -> I64 {
  return a & b;
}
fn i64_or(a: I64, b: I64) -> I64 {
  return a | b;
}
fn i64_xor(a: I64, b: I64) -> I64 {
  return a ^ b;
}
// What a word gives to the other one is moved by 1 first: a shift by all 32 bits is none.
fn i64_shl(x: I64, n: u32) -> I64 {
  let by = n & 31u;
  let moved = x.x << by;
  let near = vec2<u32>(moved, (x.y << by) | ((x.x >> 1u) >> (31u - by)));
  return select(near, vec2<u32>(0u, moved), n >= 32u);
}
fn i64_shr(x: I64, n: u32) -> I64 {
  let by = n & 31u;
  let moved = bitcast<u32>(bitcast<i32>(x.y) >> by);
  let near = vec2<u32>((x.x >> by) | ((x.y << 1u) << (31u - by)), moved);
  return select(near, vec2<u32>(moved, bitcast<u32>(bitcast<i32>(x.y) >> 31u)), n >= 32u);
}
fn i64_shru(x: I64, n: u32) -> I64 {
  let by = n & 31u;
  let moved = x.y >> by;
  let near = vec2<u32>((x.x >> by) | ((x.y << 1u) << (31u - by)), moved);
  return select(near, vec2<u32>(moved, 0u), n >= 32u);
}
fn i64_lt(a: I64, b: I64) -> bool {
  return (bitcast<i32>(a.y) < bitcast<i32>(b.y)) || (a.y == b.y && a.x < b.x);
}
fn i64_ltu(a: I64, b: I64) -> bool {
  return a.y < b.y || (a.y == b.y && a.x < b.x);
}
fn i64_eq(a: I64, b: I64) -> bool {
  return a.x == b.x && a.y == b.y;
}
fn i64_select(otherwise: I64, value: I64, condition: bool) -> I64 {
  return select(otherwise, value, condition);
}
// Of unsigned numbers; 0 < b < 2^63.
fn i64_divu(a: I64, b: I64) -> I64 {
  if ((a.y | b.y) == 0u) {
    return vec2<u32>(a.x / b.x, 0u);
  }
  var rest = vec2<u32>(0u, 0u);
  var quotient = a;
  for (var i = 0; i < 64; i++) {
    rest = vec2<u32>((rest.x << 1u) | (quotient.y >> 31u), (rest.y << 1u) | (rest.x >> 31u));
    quotient = vec2<u32>(quotient.x << 1u, (quotient.y << 1u) | (quotient.x >> 31u));
    if (!i64_ltu(rest, b)) {
      rest = i64_sub(rest, b);
      quotient.x |= 1u;
    }
  }
  return quotient;
}
