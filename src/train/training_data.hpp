// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include <paragon/data.hpp>

#include "composites/losses.hpp"
#include "core/tensor.hpp"
#include "network/state.hpp"
#include "runtime/backend.hpp"

namespace paragon::train {

/// A data set in the form that a network's training program reads: as it lies, or encoded once for
/// fixed point. The data set must outlive it.
class TrainingData {
 public:
  /// Checks that the data set fits the network and the loss. Sets the input exponent of a
  /// fixed-point network that was not trained yet.
  TrainingData(detail::NetworkState& network, const data::Dataset& data, Loss loss);

  size_t rows() const { return data_.size(); }
  DType feature_type() const { return feature_type_; }
  bool has_targets() const { return !data_.targets.empty(); }
  int target_exponent() const { return target_exponent_; }

  /// Lets the program's data slots read it.
  void bind(const runtime::Program& program, runtime::Instance& instance) const;

 private:
  void check(const detail::NetworkState& network, Loss loss) const;

  const data::Dataset& data_;
  DType feature_type_;
  int target_exponent_ = 0;
  std::span<const std::byte> features_, targets_;
  Tensor encoded_, encoded_targets_;
};

}  // namespace paragon::train
