// SPDX-License-Identifier: Apache-2.0
// The smooth activation functions in fixed point (core/fixed_curve_formulas.hpp).

// Four tables of 256 cubics: sigma, elu, the normal distribution, gelu's slope.
@group(0) @binding(2) var<storage, read> curve_tables: array<i32>;

// floor((a b + half) / 2^bits), of which the lower word is kept; bits 1 .. 31.
fn curve_product(a: i32, b: i32, half: u32, bits: u32) -> i32 {
  let product = i64_mul_i32(a, b);
  let lo = i64_lo(product) + half;
  let hi = i64_hi(product) + select(0u, 1u, lo < half);
  return bitcast<i32>((lo >> bits) | (hi << (32u - bits)));
}
fn curve_product32(a: i32, b: i32) -> i32 {
  return bitcast<i32>(i64_hi(i64_mul_i32(a, b)));
}
fn curve_magnitude(x: i32) -> i32 {
  return abs(clamp(x, -1073741823, 1073741823));
}
fn curve_place(size: i32, exponent: i32, fraction: i32) -> i32 {
  let from_unit = clamp(exponent, -4096, 4096) + fraction;
  let left = bitcast<u32>(clamp(from_unit, 0, 30));
  let right = bitcast<u32>(clamp(0 - from_unit, 0, 31));
  let shifted = select(size << left, 1073741823, size > (1073741823 >> left));
  return bitcast<i32>((bitcast<u32>(shifted) + ((1u << right) >> 1u)) >> right);
}
fn curve_read(table: i32, place: i32) -> i32 {
  let row = table + (place >> 22u) * 4;
  let t = (place & 0x3fffff) << 9u;
  let r2 = curve_tables[row + 2] + curve_product32(curve_tables[row + 3], t);
  let r1 = curve_tables[row + 1] + curve_product32(r2, t);
  return curve_tables[row] + curve_product32(r1, t);
}
fn curve_gated(x: i32, size: i32, p: i32) -> i32 {
  let gate = select(p, 1073741824 - p, x < 0);
  let product = curve_product(size, gate, 0x20000000u, 30u);
  return select(product, 0 - product, x < 0);
}

fn curve_elu(x: i32, exponent: i32) -> i32 {
  let size = curve_magnitude(x);
  let place = curve_place(size, exponent, 25);
  let product = curve_product(size, curve_read(1024, place), 0x20000000u, 30u);
  let one = select(1 << (bitcast<u32>(0 - max(exponent, -30)) & 31u), 1, exponent > 0);
  let beyond = select(one, 0, exponent > 1);
  let below = select(product, beyond, place == 1073741823);
  return select(size, 0 - below, x < 0);
}
fn curve_sigmoid(x: i32, exponent: i32) -> i32 {
  let p = curve_read(0, curve_place(curve_magnitude(x), exponent, 25));
  return min(select(p, 1073741824 - p, x < 0), 1073741823);
}
fn curve_tanh(x: i32, exponent: i32) -> i32 {
  let p = curve_read(0, curve_place(curve_magnitude(x), exponent, 26));
  let bounded = min(2 * (p - 536870912), 1073741823);
  return select(bounded, 0 - bounded, x < 0);
}
fn curve_swish(x: i32, exponent: i32) -> i32 {
  let size = curve_magnitude(x);
  return curve_gated(x, size, curve_read(0, curve_place(size, exponent, 25)));
}
fn curve_gelu(x: i32, exponent: i32) -> i32 {
  let size = curve_magnitude(x);
  return curve_gated(x, size, curve_read(2048, curve_place(size, exponent, 27)));
}

fn curve_slope_elu(x: i32, exponent: i32) -> i32 {
  let place = curve_place(curve_magnitude(x), exponent, 25);
  let product = curve_product(place, curve_read(1024, place), 0u, 26u);
  let fallen = select(product, 536870912, place == 1073741823);
  return select(536870912, 536870912 - fallen, x < 0);
}
fn curve_slope_sigmoid(x: i32, exponent: i32) -> i32 {
  let p = curve_read(0, curve_place(curve_magnitude(x), exponent, 25));
  return curve_product(p, 1073741824 - p, 0u, 31u);
}
fn curve_slope_tanh(x: i32, exponent: i32) -> i32 {
  let p = curve_read(0, curve_place(curve_magnitude(x), exponent, 26));
  return curve_product(p, 1073741824 - p, 0u, 29u);
}
fn curve_slope_swish(x: i32, exponent: i32) -> i32 {
  let place = curve_place(curve_magnitude(x), exponent, 25);
  let p = curve_read(0, place);
  let spread = curve_product(p, 1073741824 - p, 0u, 30u);
  let slope = (p >> 1u) + curve_product(place, spread, 0u, 26u);
  return select(slope, 536870912 - slope, x < 0);
}
fn curve_slope_gelu(x: i32, exponent: i32) -> i32 {
  let slope = curve_read(3072, curve_place(curve_magnitude(x), exponent, 27)) >> 1u;
  return select(slope, 536870912 - slope, x < 0);
}
