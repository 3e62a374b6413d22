// SPDX-License-Identifier: Apache-2.0
// Single precision.
fn f32_leaky_relu(x: f32, slope: f32) -> f32 {
  return select(x * slope, x, x > 0.0);
}
// Towards zero, saturating; not-a-number gives 0.
fn f32_to_i64(x: f32) -> I64 {
  let bits = bitcast<u32>(x);
  let exponent = bitcast<i32>((bits >> 23u) & 0xffu) - 150;
  let mantissa = i64_from_u32((bits & 0x7fffffu) | 0x800000u);
  var size = i64_zero();
  if (exponent >= 40) {
    size = i64_make(0xffffffffu, 0x7fffffffu);
    if ((bits & 0x7fffffffu) > 0x7f800000u) {
      return i64_zero();
    }
    if ((bits & 0x80000000u) != 0u) {
      return i64_make(0u, 0x80000000u);
    }
  } else if (exponent >= 0) {
    size = i64_shl(mantissa, bitcast<u32>(exponent));
  } else if (exponent > -24) {
    size = i64_shru(mantissa, bitcast<u32>(0 - exponent));
  }
  return i64_signed(size, (bits & 0x80000000u) != 0u);
}
