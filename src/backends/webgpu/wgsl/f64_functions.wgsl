// SPDX-License-Identifier: Apache-2.0
// Functions in double precision, as those of f32.wgsl. The polynomials are loops: their steps are
// long where the arithmetic is made of integers.

// (e^x - 1 - x) / x^2 on |x| <= 0.5, highest power first.
fn f64_expm1_series(x: F64) -> F64 {
  var numbers = array<vec2<u32>, 12>(
      vec2<u32>(0xf434f12cu, 0x3de6267cu), vec2<u32>(0x8001288bu, 0x3e2201cdu),
      vec2<u32>(0x07779c78u, 0x3e5ae63au), vec2<u32>(0x0c2e35f7u, 0x3e927e45u),
      vec2<u32>(0xa84a10c3u, 0x3ec71de3u), vec2<u32>(0x1f8a44eau, 0x3efa01a0u),
      vec2<u32>(0x1a00ef0fu, 0x3f2a01a0u), vec2<u32>(0x16c02003u, 0x3f56c16cu),
      vec2<u32>(0x11111120u, 0x3f811111u), vec2<u32>(0x5555558eu, 0x3fa55555u),
      vec2<u32>(0x55555555u, 0x3fc55555u), vec2<u32>(0x00000000u, 0x3fe00000u));
  var p = f64_make(numbers[0].x, numbers[0].y);
  for (var i = 1; i < 12; i++) {
    p = f64_add(f64_mul(p, x), f64_make(numbers[i].x, numbers[i].y));
  }
  return p;
}
// (log((1 + s) / (1 - s)) - 2 s) / s^3 of x = s^2, highest power first.
fn f64_log_series(x: F64) -> F64 {
  var numbers = array<vec2<u32>, 8>(
      vec2<u32>(0xf05e9e49u, 0x3fc0c0afu), vec2<u32>(0x0f47f38eu, 0x3fc0fbdeu),
      vec2<u32>(0xc1c83cfcu, 0x3fc3b1c3u), vec2<u32>(0x8e4bb960u, 0x3fc745cfu),
      vec2<u32>(0x201a55d9u, 0x3fcc71c7u), vec2<u32>(0x92476a1au, 0x3fd24924u),
      vec2<u32>(0x99999a39u, 0x3fd99999u), vec2<u32>(0x55555555u, 0x3fe55555u));
  var p = f64_make(numbers[0].x, numbers[0].y);
  for (var i = 1; i < 8; i++) {
    p = f64_add(f64_mul(p, x), f64_make(numbers[i].x, numbers[i].y));
  }
  return p;
}
// (1 + 2 a) e^(a^2) erfc(a) of x = (a - 4) / (a + 4), a <= 27.3, highest power first.
fn f64_erfc_series(x: F64) -> F64 {
  var numbers = array<vec2<u32>, 23>(
      vec2<u32>(0x56b70a63u, 0xbe206264u), vec2<u32>(0xbbd3284eu, 0xbe4df6a3u),
      vec2<u32>(0x255238bau, 0xbe40be03u), vec2<u32>(0x32821bedu, 0x3e7f21c9u),
      vec2<u32>(0xe14bdddau, 0x3e70fb74u), vec2<u32>(0xad87a1dcu, 0xbeac0a82u),
      vec2<u32>(0x198c77c3u, 0x3e942c5cu), vec2<u32>(0x4a402205u, 0x3ed7fbbau),
      vec2<u32>(0x2a44fd81u, 0xbee789ffu), vec2<u32>(0x6b89d1b4u, 0xbef996acu),
      vec2<u32>(0x93db7d2eu, 0x3f23be09u), vec2<u32>(0x02bc1fefu, 0xbf2a1de8u),
      vec2<u32>(0xc34a6822u, 0xbf48d4a9u), vec2<u32>(0x1934a7d6u, 0x3f749c67u),
      vec2<u32>(0x88529349u, 0xbf909623u), vec2<u32>(0xdf9ddac4u, 0x3fa3079eu),
      vec2<u32>(0xdfe3d76bu, 0xbfb0fb06u), vec2<u32>(0x04df81b2u, 0x3fb7fee0u),
      vec2<u32>(0x3c3e9eb3u, 0xbfb9ddb2u), vec2<u32>(0xfcfa5f6bu, 0x3fb16eceu),
      vec2<u32>(0xf66fda1bu, 0x3f8f7f5du), vec2<u32>(0xd154a29bu, 0xbfc1df1au),
      vec2<u32>(0x16e9fd7fu, 0x3ff3ba59u));
  var p = f64_make(numbers[0].x, numbers[0].y);
  for (var i = 1; i < 23; i++) {
    p = f64_add(f64_mul(p, x), f64_make(numbers[i].x, numbers[i].y));
  }
  return p;
}

fn f64_one() -> F64 {
  return f64_make(0u, 0x3ff00000u);
}
// e^x - 1 for |x| <= 0.5.
fn f64_expm1_near(x: F64) -> F64 {
  return f64_add(x, f64_mul(f64_mul(x, x), f64_expm1_series(x)));
}
// x 2^k for x in [0.5, 2), by the exponent's bits.
fn f64_scale(x: F64, k: i32) -> F64 {
  let small = k < -1021;
  let exponent = bitcast<u32>(select(k, k + 64, small)) << 20u;
  let scaled = f64_make(f64_lo(x), f64_hi(x) + exponent);
  return f64_mul(scaled, f64_make(0u, select(0x3ff00000u, 0x3bf00000u, small)));
}
fn f64_exp(x: F64) -> F64 {
  if (f64_is_nan(x)) {
    return x;
  }
  if (f64_lt(f64_make(0xfefa39efu, 0x40862e42u), x)) {
    return f64_make(0u, 0x7ff00000u);
  }
  if (f64_lt(x, f64_make(0x9999999au, 0xc0874999u))) {
    return f64_make(0u, 0u);
  }
  let near = f64_to_f32(x);
  let k = i32(near * 1.44269504 + select(-0.5, 0.5, near > 0.0));
  let upper = f64_mul(f64_from_i32(k), f64_make(0xfefa3800u, 0x3fe62e42u));
  let lower = f64_mul(f64_from_i32(k * 2), f64_make(0x93c76730u, 0x3d1ef357u));
  // Compilers may add upper and lower first, which would lose bits; through the words they do not.
  let rest = f64_sub(x, upper);
  let kept = f64_make(f64_lo(rest) | select(0u, 1u, k > 2000), f64_hi(rest));
  let r = f64_sub(kept, lower);
  return f64_scale(f64_add(f64_one(), f64_expm1_near(r)), k);
}
fn f64_expm1(x: F64) -> F64 {
  if (f64_lt(f64_abs(x), f64_make(0x00000000u, 0x3fe00000u))) {
    return f64_expm1_near(x);
  }
  return f64_sub(f64_exp(x), f64_one());
}
fn f64_log(x: F64) -> F64 {
  let whole = f64_hi(x);
  if ((f64_lo(x) | (whole & 0x7fffffffu)) == 0u) {
    return f64_make(0u, 0xfff00000u);
  }
  if (whole >= 0x7ff00000u) {
    let infinite = whole == 0x7ff00000u && f64_lo(x) == 0u;
    return f64_make(0u, select(0x7ff80000u, 0x7ff00000u, infinite));
  }
  // Subnormal numbers are made normal.
  let small = whole < 0x100000u;
  let y = f64_mul(x, f64_make(0u, select(0x3ff00000u, 0x43500000u, small)));
  let above = f64_hi(y) - 0x3fe6a09eu;
  let k = (bitcast<i32>(above) >> 20u) - select(0, 54, small);
  let f = f64_sub(f64_make(f64_lo(y), (above & 0xfffffu) + 0x3fe6a09eu), f64_one());
  let s = f64_div(f, f64_add(f, f64_make(0x00000000u, 0x40000000u)));
  let z = f64_mul(s, s);
  let inner = f64_sub(f, f64_mul(z, f64_log_series(z)));
  return f64_add(f64_mul(f64_from_i32(k), f64_make(0xfefa39efu, 0x3fe62e42u)), f64_sub(f, f64_mul(s, inner)));
}
fn f64_tanh(x: F64) -> F64 {
  if (f64_is_nan(x)) {
    return x;
  }
  let size = f64_abs(x);
  let most = f64_make(0u, 0x40360000u);  // 22
  let a = f64_select(size, most, f64_lt(most, size));
  let e = f64_expm1(f64_add(a, a));
  let t = f64_div(e, f64_add(e, f64_make(0x00000000u, 0x40000000u)));
  return f64_make(f64_lo(t), f64_hi(t) | (f64_hi(x) & 0x80000000u));
}
fn f64_erfc(x: F64) -> F64 {
  if (f64_is_nan(x)) {
    return x;
  }
  let negative = f64_hi(x) >= 0x80000000u;
  let a = f64_abs(x);
  var tail = f64_make(0u, 0u);
  if (f64_lt(a, f64_make(0xcccccccdu, 0x403b4cccu))) {
    let u = f64_div(f64_sub(a, f64_make(0x00000000u, 0x40100000u)), f64_add(a, f64_make(0x00000000u, 0x40100000u)));
    let upper = f64_make(0u, f64_hi(a));
    let rest = f64_expm1_near(f64_mul(f64_sub(upper, a), f64_add(a, upper)));
    let scaled = f64_div(f64_erfc_series(u), f64_add(f64_one(), f64_add(a, a)));
    tail = f64_mul(f64_mul(scaled, f64_add(f64_one(), rest)),
                   f64_exp(f64_neg(f64_mul(upper, upper))));
  }
  return f64_select(tail, f64_sub(f64_make(0x00000000u, 0x40000000u), tail), negative);
}

// The activation functions (core/real_curve.hpp).
fn f64_curve_elu(x: F64) -> F64 {
  if (f64_lt(x, f64_make(0u, 0u)) || f64_is_nan(x)) {
    return f64_expm1(x);
  }
  return x;
}
fn f64_curve_sigmoid(x: F64) -> F64 {
  return f64_div(f64_one(), f64_add(f64_one(), f64_exp(f64_neg(x))));
}
fn f64_curve_tanh(x: F64) -> F64 {
  return f64_tanh(x);
}
fn f64_curve_swish(x: F64) -> F64 {
  return f64_div(x, f64_add(f64_one(), f64_exp(f64_neg(x))));
}
// The normal distribution function.
fn f64_normal(x: F64) -> F64 {
  return f64_mul(f64_make(0x00000000u, 0x3fe00000u), f64_erfc(f64_neg(f64_mul(x, f64_make(0x667f3bcdu, 0x3fe6a09eu)))));
}
fn f64_curve_gelu(x: F64) -> F64 {
  return f64_mul(x, f64_normal(x));
}
fn f64_curve_slope_elu(x: F64) -> F64 {
  if (f64_lt(x, f64_make(0u, 0u)) || f64_is_nan(x)) {
    return f64_exp(x);
  }
  return f64_one();
}
fn f64_curve_slope_sigmoid(x: F64) -> F64 {
  let s = f64_curve_sigmoid(x);
  return f64_mul(s, f64_sub(f64_one(), s));
}
fn f64_curve_slope_tanh(x: F64) -> F64 {
  let t = f64_tanh(x);
  return f64_sub(f64_one(), f64_mul(t, t));
}
fn f64_curve_slope_swish(x: F64) -> F64 {
  let s = f64_curve_sigmoid(x);
  return f64_add(s, f64_mul(f64_mul(x, s), f64_sub(f64_one(), s)));
}
fn f64_curve_slope_gelu(x: F64) -> F64 {
  let half_square = f64_mul(f64_mul(x, x), f64_make(0u, 0xbfe00000u));
  let density = f64_mul(f64_make(0x33d43651u, 0x3fd98845u), f64_exp(half_square));
  return f64_add(f64_normal(x), f64_mul(x, density));
}
