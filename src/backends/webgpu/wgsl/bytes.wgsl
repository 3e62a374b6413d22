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
// The first `count` bytes, zeros after them.
fn u32_first_bytes(word: u32, count: i32) -> u32 {
  return extractBits(word, 0u, u32(clamp(count, 0, 4)) * 8u);
}
