// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include <paragon/dtype.hpp>

// The number formats of fixed-point networks (docs/numerics.md, "Formats").
namespace paragon::fixed {

/// What differs between the widths of fixed-point networks.
struct Format {
  DType operand;          ///< storage of what products read: activations, errors, views
  int operand_bits;       ///< their magnitude bits
  int64_t operand_limit;  ///< they are clipped to +-this: byte digits of 127 at most
  DType master;           ///< storage of master weights and biases
  int master_bits;        ///< their magnitude bits
  int bias_fraction;      ///< bias masters are multiples of 2^-bias_fraction
  int pure_headroom;      ///< bits of a pure weight above the initial bound

  int64_t master_limit() const { return (int64_t{1} << master_bits) - 1; }
  /// Operands of so many bits may lie beyond the limit.
  bool is_limited() const { return operand_limit != (int64_t{1} << operand_bits) - 1; }
  /// Inputs of 0 .. 1 are 0 .. 2^operand_bits times 2^input_exponent.
  int input_exponent() const { return -operand_bits; }
};

/// By the bits of the network's type; an unsigned type has its signed twin's format.
inline const Format& format_of(DType network_type) {
  static constexpr std::array<Format, 4> kFormats = {{
      {DType::int8, 7, 127, DType::int32, 30, 24, 2},
      {DType::int16, 15, 32639, DType::int32, 30, 24, 4},
      {DType::int32, 23, 8355711, DType::int32, 30, 24, 6},
      {DType::int32, 23, 8355711, DType::int64, 54, 48, 6},
  }};
  return kFormats[static_cast<size_t>(std::countr_zero(info(network_type).bits / 8))];
}

/// Accumulators and everything computed element by element are int32 within +-this.
inline constexpr int kValueBits = 30;
inline constexpr int64_t kValueLimit = (int64_t{1} << kValueBits) - 1;
inline constexpr int64_t kInt32Limit = (int64_t{1} << 31) - 1;
inline constexpr int kMasterHeadroom = 6;     ///< bits above the initial bound
inline constexpr int kGradientFraction = 28;  ///< gradients and momentum are multiples of 2^-28
inline constexpr int64_t kGradientLimit = (int64_t{1} << 30) - 1;
inline constexpr int kProbabilityFraction = 30;  ///< softmax outputs are multiples of 2^-30
inline constexpr int kLossFraction = 16;         ///< losses are multiples of 2^-16
inline constexpr int kScoreFraction = 16;        ///< scores of gates too
/// A pure weight is a value of kValueBits bits for the moment of its update: this many below its
/// unit.
constexpr int pure_guard_bits(const Format& format) {
  return kValueBits - format.operand_bits;
}

/// How a network keeps its weights.
enum class Storage : uint8_t {
#define PARAGON_STORAGE(name) name,
#include "passes/storages.def"
};

/// The form of the weights that a network keeps.
struct WeightFormat {
  DType type;
  int bits;       ///< magnitude bits
  int64_t limit;  ///< they are clipped to +-this
  int headroom;   ///< bits above the initial bound
};
inline WeightFormat weight_format(const Format& format, Storage storage) {
  if (storage == Storage::pure)
    return {format.operand, format.operand_bits, format.operand_limit, format.pure_headroom};
  return {format.master, format.master_bits, format.master_limit(), kMasterHeadroom};
}

/// Longest sum of products.
inline constexpr int64_t kMaxReduction = int64_t{1} << 16;

/// Bits by which a sum of `count` numbers of `bits` magnitude bits is shifted to stay a value.
constexpr int sum_shift(int bits, uint64_t count) {
  const int growth = count <= 1 ? 0 : 64 - std::countl_zero(count - 1);
  return bits + growth > kValueBits ? bits + growth - kValueBits : 0;
}

}  // namespace paragon::fixed
