// SPDX-License-Identifier: Apache-2.0
// 64-bit integers of the device. i64(u32) would extend the sign, and u64(i32) would not.
alias I64 = i64;
fn i64_make(lo: u32, hi: u32) -> I64 {
  return bitcast<i64>((u64(hi) << 32u) | u64(lo));
}
fn i64_lo(x: I64) -> u32 {
  return u32(bitcast<u64>(x) & u64(0xffffffffu));
}
fn i64_hi(x: I64) -> u32 {
  return u32(bitcast<u64>(x) >> 32u);
}
fn i64_from_i32(x: i32) -> I64 {
  return i64(x);
}
fn i64_from_u32(x: u32) -> I64 {
  return bitcast<i64>(u64(x));
}
fn i64_add(a: I64, b: I64) -> I64 {
  return a + b;
}
fn i64_sub(a: I64, b: I64) -> I64 {
  return a - b;
}
fn i64_neg(x: I64) -> I64 {
  return i64(0) - x;
}
fn i64_mul(a: I64, b: I64) -> I64 {
  return a * b;
}
fn i64_mul_i32(a: i32, b: i32) -> I64 {
  return i64(a) * i64(b);
}
fn i64_mul_u32(a: u32, b: u32) -> I64 {
  return bitcast<i64>(u64(a) * u64(b));
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
fn i64_shl(x: I64, n: u32) -> I64 {
  return x << n;
}
fn i64_shr(x: I64, n: u32) -> I64 {
  return x >> n;
}
fn i64_shru(x: I64, n: u32) -> I64 {
  return bitcast<i64>(bitcast<u64>(x) >> n);
}
fn i64_lt(a: I64, b: I64) -> bool {
  return a < b;
}
fn i64_ltu(a: I64, b: I64) -> bool {
  return bitcast<u64>(a) < bitcast<u64>(b);
}
fn i64_eq(a: I64, b: I64) -> bool {
  return a == b;
}
fn i64_select(otherwise: I64, value: I64, condition: bool) -> I64 {
  return select(otherwise, value, condition);
}
// Of unsigned numbers; b > 0.
fn i64_divu(a: I64, b: I64) -> I64 {
  return bitcast<i64>(bitcast<u64>(a) / bitcast<u64>(b));
}
