// SPDX-License-Identifier: Apache-2.0
// Single precision.
fn f32_leaky_relu(x: f32, slope: f32) -> f32 {
  // Drivers may take a product with a slope of 0 for 0, whatever x is.
  return select(x * slope, x, x > 0.0 || f32_is_nan(x));
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
// A NaN that comes first stays: some compilers take max(NaN, x) for x.
fn f32_max(a: f32, b: f32) -> f32 {
  return select(select(a, b, a < b), a, f32_is_nan(a));
}
fn f32_min(a: f32, b: f32) -> f32 {
  return select(select(a, b, b < a), a, f32_is_nan(a));
}
fn f32_is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}
fn f32_square(x: f32) -> f32 {
  return x * x;
}

// The built-in functions are too far off in places, so these are computed here: polynomials
// interpolate at Chebyshev nodes. No step needs an exact result of another, since compilers may
// reorder them.

// e^x - 1 for |x| <= 0.5.
fn f32_expm1_near(x: f32) -> f32 {
  var p = 2.49224364e-5;
  p = 0.000199621762 + p * x;
  p = 0.00138887377 + p * x;
  p = 0.00833318207 + p * x;
  p = 0.0416666671 + p * x;
  p = 0.166666671 + p * x;
  p = 0.5 + p * x;
  return x + (x * x) * p;
}
// x 2^k for x in [0.5, 2), by the exponent's bits.
fn f32_scale(x: f32, k: i32) -> f32 {
  let bits = bitcast<u32>(x);
  if (k < -125) {
    return bitcast<f32>(bits + (bitcast<u32>(k + 64) << 23u)) * f32_make(0x1f800000u);
  }
  return bitcast<f32>(bits + (bitcast<u32>(k) << 23u));
}
fn f32_exp(x: f32) -> f32 {
  if (f32_is_nan(x)) {
    return x;
  }
  if (x > 88.7228394) {
    return f32_make(0x7f800000u);
  }
  if (x < -104.0) {
    return 0.0;
  }
  // x - k log 2 in two steps. The lower part is multiplied by 2 k, so that nobody takes out k.
  let k = i32(x * 1.44269504 + select(-0.5, 0.5, x > 0.0));
  let r = (x - f32(k) * 0.693145751953) - f32(k * 2) * 7.1430341e-7;
  return f32_scale(1.0 + f32_expm1_near(r), k);
}
fn f32_expm1(x: f32) -> f32 {
  if (abs(x) < 0.5) {
    return f32_expm1_near(x);
  }
  return f32_exp(x) - 1.0;
}
fn f32_log(x: f32) -> f32 {
  var bits = bitcast<u32>(x);
  if (bits >= 0x7f800000u) {
    if (bits == 0x80000000u) {
      return f32_make(0xff800000u);
    }
    return f32_make(select(0x7fc00000u, 0x7f800000u, bits == 0x7f800000u));
  }
  if (bits == 0u) {
    return f32_make(0xff800000u);
  }
  var k = 0;
  if (bits < 0x800000u) {  // a subnormal number, in units of 2^-149
    bits = bitcast<u32>(f32(bits));
    k = -149;
  }
  // x = 2^k (1 + f) with 1 + f in [sqrt 1/2, sqrt 2); log(1 + f) = f - s (f - s^2 q(s^2)) with
  // s = f / (2 + f).
  let above = bits - 0x3f3504f3u;
  k += bitcast<i32>(above) >> 23u;
  let f = bitcast<f32>((above & 0x7fffffu) + 0x3f3504f3u) - 1.0;
  let s = f / (2.0 + f);
  let z = s * s;
  var p = 0.19363885;
  p = 0.221913374 + p * z;
  p = 0.285717555 + p * z;
  p = 0.399999988 + p * z;
  p = 0.666666667 + p * z;
  return f32(k) * 0.693147181 + (f - s * (f - z * p));
}
fn f32_tanh(x: f32) -> f32 {
  if (f32_is_nan(x)) {
    return x;
  }
  let e = f32_expm1(2.0 * min(abs(x), 10.0));
  return bitcast<f32>(bitcast<u32>(e / (e + 2.0)) | (bitcast<u32>(x) & 0x80000000u));
}
// (1 + 2 a) e^(a^2) erfc(a) is a polynomial of (a - 4) / (a + 4): Shepherd & Laframboise 1981.
fn f32_erfc(x: f32) -> f32 {
  if (f32_is_nan(x)) {
    return x;
  }
  let a = abs(x);
  if (a > 10.5) {
    return select(0.0, 2.0, x < 0.0);
  }
  let u = (a - 4.0) / (a + 4.0);
  var p = 8.53691245e-5;
  p = -0.000355250778 + p * u;
  p = -0.000826505538 + p * u;
  p = 0.00508852603 + p * u;
  p = -0.0161501816 + p * u;
  p = 0.037163449 + p * u;
  p = -0.066340153 + p * u;
  p = 0.0937323184 + p * u;
  p = -0.101038234 + p * u;
  p = 0.0680971149 + p * u;
  p = 0.015379626 + p * u;
  p = -0.139621118 + p * u;
  p = 1.23299512 + p * u;
  // The square of the upper half of a's bits is exact.
  let upper = bitcast<f32>(bitcast<u32>(a) & 0xfffff000u);
  let rest = 1.0 + f32_expm1_near((upper - a) * (a + upper));
  let tail = ((p / (1.0 + 2.0 * a)) * rest) * f32_exp(-(upper * upper));
  return select(tail, 2.0 - tail, x < 0.0);
}

// The activation functions (core/real_curve.hpp).
fn f32_sigmoid(x: f32) -> f32 {
  return 1.0 / (1.0 + f32_exp(-x));
}
fn f32_curve_elu(x: f32) -> f32 {
  if (x >= 0.0) {
    return x;
  }
  return f32_expm1(x);
}
fn f32_curve_sigmoid(x: f32) -> f32 {
  return f32_sigmoid(x);
}
fn f32_curve_tanh(x: f32) -> f32 {
  return f32_tanh(x);
}
fn f32_curve_swish(x: f32) -> f32 {
  return x / (1.0 + f32_exp(-x));
}
fn f32_curve_gelu(x: f32) -> f32 {
  return 0.5 * x * f32_erfc(-x * 0.707106781);
}
fn f32_curve_slope_elu(x: f32) -> f32 {
  if (x >= 0.0) {
    return 1.0;
  }
  return f32_exp(x);
}
fn f32_curve_slope_sigmoid(x: f32) -> f32 {
  let s = f32_sigmoid(x);
  return s * (1.0 - s);
}
fn f32_curve_slope_tanh(x: f32) -> f32 {
  return 1.0 - f32_square(f32_tanh(x));
}
fn f32_curve_slope_swish(x: f32) -> f32 {
  let s = f32_sigmoid(x);
  return s + x * s * (1.0 - s);
}
fn f32_curve_slope_gelu(x: f32) -> f32 {
  let density = 0.398942280 * f32_exp(-0.5 * x * x);
  return 0.5 * f32_erfc(-x * 0.707106781) + x * density;
}
