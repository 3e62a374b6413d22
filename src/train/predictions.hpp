// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include <paragon/data.hpp>
#include <paragon/network.hpp>

namespace paragon::train {

/// Outputs of rows first .. first + rows - 1, row-major; the predictor that made them.
struct PredictedRows {
  size_t first, rows;
  std::span<const float> outputs;
  Predictor& predictor;
};

/// Raises unless samples have as many features as the network's input.
void check_features(const Network& network, const data::Dataset& data);

/// Runs a network over a data set, batch by batch. Raises if its samples do not fit the network.
void for_each_prediction(const Network& network, const data::Dataset& data,
                         PredictorOptions options,
                         const std::function<void(const PredictedRows&)>& look);

/// Does the last layer give probabilities?
bool gives_probabilities(const Network& network);

}  // namespace paragon::train
