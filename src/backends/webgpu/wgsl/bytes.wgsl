// SPDX-License-Identifier: Apache-2.0
// Words of four bytes, the first one lowest.

// Byte i of result j is byte j of word i: four rows of four become four columns.
fn u32_turn_bytes(words: vec4<u32>) -> vec4<u32> {
  let even = vec4<u32>(0x00ff00ffu);
  let first = (words & even) | ((words.yxwz & even) << vec4<u32>(8u));    // .x, .z: bytes 0 and 2
  let second = ((words >> vec4<u32>(8u)) & even) | (words.yxwz & ~even);  // .x, .z: bytes 1 and 3
  return vec4<u32>((first.x & 0xffffu) | (first.z << 16u),
                   (second.x & 0xffffu) | (second.z << 16u),
                   (first.x >> 16u) | (first.z & 0xffff0000u),
                   (second.x >> 16u) | (second.z & 0xffff0000u));
}
// The first `count` bytes of each word, zeros after them.
fn u32_first_bytes(words: vec4<u32>, count: i32) -> vec4<u32> {
  return extractBits(words, 0u, u32(clamp(count, 0, 4)) * 8u);
}

// Balanced digits of four numbers, -128 to 127: word i has the digits of 2^(8 i). Adding 128 to
// each digit makes all of them positive, with which the bytes are digits; the highest bit of a
// digit then is what 128 was.
fn u32_digits_of_int16(low: u32, high: u32) -> vec4<u32> {
  let numbers = vec2<u32>(low, high);
  let top = vec2<u32>(0x80008000u);
  let digits = (((numbers & ~top) + vec2<u32>(0x00800080u)) ^ (numbers & top)) ^ vec2<u32>(0x00800080u);
  let even = digits & vec2<u32>(0x00ff00ffu);
  let odd = (digits >> vec2<u32>(8u)) & vec2<u32>(0x00ff00ffu);
  let zeroth = even | (even >> vec2<u32>(8u));
  let first = odd | (odd >> vec2<u32>(8u));
  return vec4<u32>((zeroth.x & 0xffffu) | (zeroth.y << 16u), (first.x & 0xffffu) | (first.y << 16u),
                   0u, 0u);
}
fn u32_digits_of_int32(numbers: vec4<u32>) -> vec4<u32> {
  let half = vec4<u32>(0x00808080u);
  return u32_turn_bytes((numbers + half) ^ half);
}
