// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include <paragon/dtype.hpp>

#include "core/random.hpp"
#include "ir/op.hpp"

// What writer and reader of an image agree on.
namespace paragon::embedded {

inline constexpr uint32_t kMagic = 0x494D4750;  ///< "PGMI"
inline constexpr uint32_t kImageVersion = 1;
/// Magic, version, bytes of the whole image, 4 bytes of zero, tables, checksum of what follows.
inline constexpr size_t kHeaderBytes = 32;

/// Operations and types are stored as their places in ops.def and dtypes.def: a hash of the names.
inline uint64_t table_hash() {
  uint64_t hash = 0;
  const auto add = [&](std::string_view text) {
    for (const char c : text) hash = random::mix64(hash ^ static_cast<unsigned char>(c));
    hash = random::mix64(hash);
  };
#define PARAGON_OP(name, cls, operands, family, gradient) add(#name);
#include "ir/ops.def"
#define PARAGON_DTYPE(id, name, bits, kind, c_type, arithmetic) add(name);
#include <paragon/dtypes.def>
  return hash;
}

inline uint64_t checksum(const std::byte* bytes, size_t count) {
  uint64_t hash = count, word = 0;
  for (size_t i = 0; i < count; ++i) {
    word = word << 8 | static_cast<uint64_t>(bytes[i]);
    if (i % 8 == 7) hash = random::mix64(hash ^ word);
  }
  return random::mix64(hash ^ word);
}

}  // namespace paragon::embedded
