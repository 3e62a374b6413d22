// SPDX-License-Identifier: Apache-2.0
// Mean squares as codes (core/mean_square.hpp).
fn mean_square(code: i32, g: i32, bits: i32) -> i32 {
  let size = u32_magnitude(g);
  let zeros = bitcast<i32>(countLeadingZeros(size)) - 1;
  let high = (size << (bitcast<u32>(zeros) & 31u)) >> 15u;
  let added = bitcast<i32>((high * high) >> 7u);
  let exponent = 61 - 2 * zeros - bits;

  let before = code >> 25u;
  let mantissa = code & 0x1ffffff;
  let by = bitcast<u32>(bits);
  let kept = mantissa - ((mantissa + (1 << (by - 1u))) >> by);
  let e = max(exponent, before);
  let kept_shift = bitcast<u32>(min(e - before, 31));
  let added_shift = bitcast<u32>(min(e - exponent, 30));
  var sum = (kept >> kept_shift) + ((added + ((1 << added_shift) >> 1u)) >> added_shift);
  let over = sum >> 25u;
  sum = sum >> (bitcast<u32>(over) & 31u);
  let under = select(0, 1, sum < 0x1000000 && e > 0);
  sum = sum << bitcast<u32>(under);
  return ((e + over - under) << 25u) + sum;
}
fn ratio_to_root(x: i32, code: i32, epsilon: i32) -> i32 {
  let e1 = code >> 25u;
  let e2 = epsilon >> 25u;
  var e = max(e1, e2);
  var sum = ((code & 0x1ffffff) >> bitcast<u32>(min(e - e1, 31))) +
            ((epsilon & 0x1ffffff) >> bitcast<u32>(min(e - e2, 31)));
  let over = sum >> 25u;
  sum = sum >> (bitcast<u32>(over) & 31u);
  e += over;

  let odd = (e & 1) != 0;
  let mantissa = sum >> 9u;
  let t = mantissa - 32768;
  let inner = select(28517, 20165, odd) - ((select(9679, 6844, odd) * t) >> 15u);
  let guess = select(65327, 46193, odd) - ((inner * t) >> 15u);
  let square = (bitcast<u32>(guess) * bitcast<u32>(guess)) >> 16u;
  let one = (square * bitcast<u32>(mantissa)) << (bitcast<u32>(e) & 1u);
  let error = bitcast<i32>(0x80000000u - one);
  let y = guess + ((guess * (error >> 9u)) >> 23u);

  let shift = (e >> 1u) - 22;
  let left = bitcast<u32>(max(0 - shift, 0)) & 31u;
  let right = bitcast<u32>(max(shift, 0)) & 31u;
  let rounded = (bitcast<i32>(u32_magnitude(x)) + ((1 << right) >> 1u)) >> right;
  let scaled = min(rounded, 268435456 >> left) << left;
  let products = bitcast<u32>((scaled >> 14u) * y) + (bitcast<u32>((scaled & 0x3fff) * y) >> 14u);
  let ratio = min(bitcast<i32>(products + 2u) >> 2u, 134217728);
  return select(ratio, 0 - ratio, x < 0);
}
