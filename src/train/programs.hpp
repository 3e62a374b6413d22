// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <paragon/trainer.hpp>

#include "ir/graph.hpp"
#include "network/state.hpp"
#include "train/model_graph.hpp"

namespace paragon::train {

/// What a training program is built from.
struct TrainingSetup {
  const detail::NetworkState& network;
  const Optimizer& optimizer;
  size_t batch;
  size_t samples;      ///< rows of the data set
  DType feature_type;  ///< uint8 (value = byte / 255), float32, or the operand type, encoded
  GradientClip clip = {};
  ModelLoss loss = {};
  int target_exponent = 0;                                  ///< fixed point: of the encoded targets
  ir::ExponentMode exponents = ir::ExponentMode::kDelayed;  ///< kDelayed or kDynamic
};

/// A credit rule: how error becomes weight change. It makes the graph of a training with its
/// phases, by name; the executor knows nothing of it.
using CreditRule = ir::Graph (*)(const TrainingSetup& setup);

/// A name of exponent_modes(); raises on others.
ir::ExponentMode parse_exponent_mode(std::string_view name);

ir::Graph back_propagation(const TrainingSetup& setup);

/// Phase "forward": input slot features [batch, features] (float or encoded) -> output slot and the
/// repetitions of dynamic replays. Fixed point: frozen exponents if every rounding has one, else
/// from the values.
inline constexpr const char* kForward = "forward";
ir::Graph inference(const detail::NetworkState& network, size_t batch);

/// Was the fixed-point network trained, so that its exponents can be frozen?
bool has_frozen_exponents(const detail::NetworkState& network);

}  // namespace paragon::train
