// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// The number formats of 8-bit fixed-point networks (docs/numerics.md).
namespace paragon::fixed {

inline constexpr int kOperandBits = 7;  ///< magnitude bits of what products read
inline constexpr int64_t kOperandLimit = 127;
inline constexpr int64_t kAccumulatorLimit = (int64_t{1} << 30) - 1;
inline constexpr int kMasterBits = 30;  ///< magnitude bits of a master weight
inline constexpr int64_t kMasterLimit = (int64_t{1} << 30) - 1;
inline constexpr int64_t kInt32Limit = (int64_t{1} << 31) - 1;
inline constexpr int kMasterHeadroom = 6;     ///< bits above the initial bound
inline constexpr int kBiasFraction = 24;      ///< biases are multiples of 2^-24
inline constexpr int kGradientFraction = 28;  ///< gradients and momentum are multiples of 2^-28
inline constexpr int64_t kGradientLimit = (int64_t{1} << 30) - 1;
inline constexpr int kProbabilityFraction = 15;  ///< softmax outputs are multiples of 2^-15
inline constexpr int kLossFraction = 16;         ///< losses are multiples of 2^-16 nats
inline constexpr int kInputExponent = -7;        ///< inputs of 0 .. 1 become 0 .. 127
/// Longest sum of products of two 7-bit numbers that stays within kAccumulatorLimit.
inline constexpr int64_t kMaxReduction = int64_t{1} << 16;

}  // namespace paragon::fixed
