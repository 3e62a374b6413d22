// SPDX-License-Identifier: Apache-2.0
// Values from bits. A call is no constant expression, so that what is computed from these is not
// computed by the compiler, which takes overflow and infinities for errors.
fn i32_make(bits: u32) -> i32 {
  return bitcast<i32>(bits);
}
fn f32_make(bits: u32) -> f32 {
  return bitcast<f32>(bits);
}

// What narrower types keep.
fn i32_to_int8(x: i32) -> i32 {
  return (x << 24u) >> 24u;
}
fn i32_to_uint8(x: i32) -> i32 {
  return x & 255;
}
fn i32_to_int16(x: i32) -> i32 {
  return (x << 16u) >> 16u;
}

// |x|, up to 2^31.
fn u32_magnitude(x: i32) -> u32 {
  return bitcast<u32>(select(x, 0 - x, x < 0));
}
fn i32_signed(size: u32, sign: i32) -> i32 {
  let x = bitcast<i32>(size);
  return select(x, 0 - x, sign < 0);
}
fn u32_bit_length(x: u32) -> u32 {
  return 32u - countLeadingZeros(x);
}
