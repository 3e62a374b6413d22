// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <initializer_list>

// Counter-based random numbers: every number is a function of a key and an index, so any device and
// any thread computes any element (docs/numerics-primitives.md, "Random numbers").
namespace paragon::random {

/// The finaliser of SplitMix64 (Steele, Lea & Flood 2014).
inline constexpr uint64_t mix64(uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

/// A 32-bit mixer of low bias (constants of C. Wellons' "lowbias32").
inline constexpr uint32_t mix32(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x7FEB352Du;
  x = (x ^ (x >> 15)) * 0x846CA68Bu;
  return x ^ (x >> 16);
}

/// What a random number is for; part of every key.
enum class Role : uint64_t {
  kInitial = 1,
  kShuffle = 2,
  kUpdate = 3,
  kError = 4,
  kSynthetic = 256
};

inline constexpr uint64_t kContractVersion = 1;

/// Key of a stream: hash of the contract's version and the given words in order.
inline constexpr uint64_t make_key(std::initializer_list<uint64_t> words) {
  uint64_t key = mix64(kContractVersion);
  for (uint64_t word : words) key = mix64(key ^ word);
  return key;
}

/// 32 random bits of element `index` of the stream `key`.
inline constexpr uint32_t bits32(uint64_t key, uint64_t index) {
  const auto low = static_cast<uint32_t>(key) ^ mix32(static_cast<uint32_t>(index >> 32));
  const auto high = static_cast<uint32_t>(key >> 32) | 1u;
  return mix32((static_cast<uint32_t>(index) ^ low) * high);
}

/// 64 random bits, for initial weights.
inline constexpr uint64_t bits64(uint64_t key, uint64_t index) {
  return mix64(key ^ mix64(index));
}

/// Element `index` (< count) of a random permutation of 0 .. count - 1: a four-round Feistel
/// network on ceil(log2 count) bits (rounded up to even) with cycle walking (Black & Rogaway 2002).
inline uint32_t permuted_index(uint64_t key, uint32_t index, uint32_t count) {
  if (count < 2) return 0;
  const int half = (32 - std::countl_zero(count - 1) + 1) / 2;
  const uint32_t mask = (1u << half) - 1;
  const auto k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  uint32_t value = index;
  do {
    uint32_t left = value >> half, right = value & mask;
    for (uint32_t round = 0; round < 4; ++round) {
      const uint32_t mixed = mix32((right ^ k0) + (k1 ^ (round * 0x9E3779B9u)));
      const uint32_t next = left ^ (mixed & mask);
      left = right;
      right = next;
    }
    value = (left << half) | right;
  } while (value >= count);
  return value;
}

}  // namespace paragon::random
