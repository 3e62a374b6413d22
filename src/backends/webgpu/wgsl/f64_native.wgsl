// SPDX-License-Identifier: Apache-2.0
// Double precision of the device.
alias F64 = f64;
fn f64_make(lo: u32, hi: u32) -> F64 {
  return bitcast<f64>((u64(hi) << 32u) | u64(lo));
}
fn f64_bits(x: F64) -> I64 {
  return bitcast<i64>(x);
}
fn f64_of_bits(bits: I64) -> F64 {
  return bitcast<f64>(bits);
}
fn f64_from_f32(x: f32) -> F64 {
  return f64(x);
}
fn f64_to_f32(x: F64) -> f32 {
  return f32(x);
}
fn f64_from_i32(x: i32) -> F64 {
  return f64(x);
}
fn f64_from_i64(x: I64) -> F64 {
  return f64(x);
}
fn f64_add(a: F64, b: F64) -> F64 {
  return a + b;
}
fn f64_sub(a: F64, b: F64) -> F64 {
  return a - b;
}
fn f64_mul(a: F64, b: F64) -> F64 {
  return a * b;
}
fn f64_div(a: F64, b: F64) -> F64 {
  return a / b;
}
fn f64_sqrt(x: F64) -> F64 {
  return sqrt(x);
}
fn f64_neg(x: F64) -> F64 {
  return -x;
}
fn f64_abs(x: F64) -> F64 {
  return abs(x);
}
fn f64_lt(a: F64, b: F64) -> bool {
  return a < b;
}
fn f64_eq(a: F64, b: F64) -> bool {
  return a == b;
}
fn f64_select(otherwise: F64, value: F64, condition: bool) -> F64 {
  return select(otherwise, value, condition);
}
