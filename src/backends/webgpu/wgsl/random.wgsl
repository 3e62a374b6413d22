// SPDX-License-Identifier: Apache-2.0
// Random numbers and permutations by key and index (core/random.hpp).
fn mix32(bits: u32) -> u32 {
  var x = (bits ^ (bits >> 16u)) * 0x7feb352du;
  x = (x ^ (x >> 15u)) * 0x846ca68bu;
  return x ^ (x >> 16u);
}
fn mix64(bits: I64) -> I64 {
  var x = i64_add(bits, i64_make(0x7f4a7c15u, 0x9e3779b9u));
  x = i64_mul(i64_xor(x, i64_shru(x, 30u)), i64_make(0x1ce4e5b9u, 0xbf58476du));
  x = i64_mul(i64_xor(x, i64_shru(x, 27u)), i64_make(0x133111ebu, 0x94d049bbu));
  return i64_xor(x, i64_shru(x, 31u));
}
// random::make_key of the words after the first two, which made `key`.
fn hash_word(key: I64, word: I64) -> I64 {
  return mix64(i64_xor(key, word));
}
// random::bits32 of the index lo + 2^32 hi.
fn random_bits(key: I64, lo: u32, hi: u32) -> i32 {
  let low = i64_lo(key) ^ mix32(hi);
  return bitcast<i32>(mix32((lo ^ low) * (i64_hi(key) | 1u)));
}
fn random_bits_of(key: I64, index: I64) -> i32 {
  return random_bits(key, i64_lo(index), i64_hi(index));
}
// Each walk ends early with a probability of a quarter or more, so the bound is never met.
fn permuted_index(index: i32, key: I64, count: i32) -> i32 {
  let end = bitcast<u32>(count);
  if (end < 2u) {
    return 0;
  }
  let half = (u32_bit_length(end - 1u) + 1u) / 2u;
  let mask = (1u << half) - 1u;
  let k0 = i64_lo(key);
  let k1 = i64_hi(key);
  var value = bitcast<u32>(index);
  for (var walk = 0; walk < 4096; walk++) {
    var left = value >> half;
    var right = value & mask;
    for (var round = 0u; round < 4u; round++) {
      let mixed = mix32((right ^ k0) + (k1 ^ (round * 0x9e3779b9u)));
      let next = left ^ (mixed & mask);
      left = right;
      right = next;
    }
    value = (left << half) | right;
    if (value < end) {
      break;
    }
  }
  return bitcast<i32>(value);
}
