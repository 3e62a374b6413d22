// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace paragon::train {

// Names of the slots that belong to no layer (id 0) and of those of a layer or parameter.
inline constexpr const char* kFeatures = "features";
inline constexpr const char* kLabels = "labels";
inline constexpr const char* kTargets = "targets";
inline constexpr const char* kCount = "count";
inline constexpr const char* kStart = "start";
inline constexpr const char* kOutput = "output";
inline constexpr const char* kOutputExponent = "output_exponent";
inline constexpr const char* kRepetitions = "repetitions";
inline constexpr const char* kValue = "value";
inline constexpr const char* kView = "view";
inline constexpr const char* kViewExponent = "view_exponent";
inline constexpr const char* kViewNext = "view_next";
inline constexpr const char* kPeakExponent = "peak_exponent";
inline constexpr const char* kBeta1Power = "beta1_power";
inline constexpr const char* kBeta2Power = "beta2_power";
/// Square codes of fixed-point networks (core/mean_square.hpp).
inline constexpr const char* kMeanSquare = "mean_square";
inline constexpr const char* kLossSum = "loss_sum";
inline constexpr const char* kData = "data";
inline constexpr const char* kDataLabels = "data_labels";
inline constexpr const char* kDataTargets = "data_targets";
// Scalars that the host writes before a step, beside kCount and kStart.
inline constexpr const char* kSeed = "seed";
inline constexpr const char* kStepNumber = "step";
inline constexpr const char* kShuffleKey = "shuffle_key";
inline constexpr const char* kRate = "rate";
inline constexpr const char* kRateShift = "rate_shift";
inline constexpr const char* kInverseCount = "inverse_count";
inline constexpr const char* kInverseShift = "inverse_shift";

// Phases of back-propagation.
/// Delayed exponents: those of the first step come from the values.
inline constexpr const char* kFirstStep = "first_step";
inline constexpr const char* kStep = "step";

}  // namespace paragon::train
