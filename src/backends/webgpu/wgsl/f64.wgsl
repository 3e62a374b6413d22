// SPDX-License-Identifier: Apache-2.0
// Double precision, whichever it is.
fn f64_lo(x: F64) -> u32 {
  return i64_lo(f64_bits(x));
}
fn f64_hi(x: F64) -> u32 {
  return i64_hi(f64_bits(x));
}
fn f64_is_nan(x: F64) -> bool {
  return i64_ltu(i64_make(0u, 0x7ff00000u), f64_bits(f64_abs(x)));
}
fn f64_leaky_relu(x: F64, slope: F64) -> F64 {
  return f64_select(f64_mul(x, slope), x, f64_lt(f64_make(0u, 0u), x) || f64_is_nan(x));
}
// Towards zero, saturating; not-a-number gives 0.
fn f64_to_i64(x: F64) -> I64 {
  let bits = f64_bits(x);
  let hi = i64_hi(bits);
  let exponent = bitcast<i32>((hi >> 20u) & 0x7ffu) - 1075;
  let mantissa = i64_make(i64_lo(bits), (hi & 0xfffffu) | 0x100000u);
  var size = i64_zero();
  if (exponent >= 11) {
    if (f64_is_nan(x)) {
      return i64_zero();
    }
    if (i64_negative(bits)) {
      return i64_make(0u, 0x80000000u);
    }
    size = i64_make(0xffffffffu, 0x7fffffffu);
  } else if (exponent >= 0) {
    size = i64_shl(mantissa, bitcast<u32>(exponent));
  } else if (exponent > -53) {
    size = i64_shru(mantissa, bitcast<u32>(0 - exponent));
  }
  return i64_signed(size, i64_negative(bits));
}
