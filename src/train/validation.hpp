// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include <paragon/trainer.hpp>

#include "composites/losses.hpp"

namespace paragon::train {

/// The rows that a training learns from and those it is checked with.
class ValidationSplit {
 public:
  /// `fraction` of `all` is split off its end unless a validation set is given.
  ValidationSplit(const data::Dataset& all, const data::Dataset* validation, double fraction);

  const data::Dataset& training() const { return training_ ? *training_ : all_; }
  const data::Dataset* validation() const { return given_ ? given_ : kept_ ? &*kept_ : nullptr; }

 private:
  const data::Dataset& all_;
  const data::Dataset* given_;
  std::optional<data::Dataset> training_, kept_;
};

/// Mean loss and, of class labels, accuracy of a network over a data set.
void validate(const Network& network, const data::Dataset& data, const TrainerOptions& options,
              Loss loss, EpochStats& stats);

/// The epoch of the lowest loss (of the validation set, where there is one).
class BestEpoch {
 public:
  /// Looks at the newest epoch; keeps a copy of the network if it is the best and `keep`.
  void look(const std::vector<EpochStats>& history, const Network& network, bool keep);
  /// Epochs since the best one.
  size_t age(size_t epochs) const { return epochs - epoch_; }
  void restore(Network& network) const;

 private:
  double loss_ = 0;
  size_t epoch_ = 0;  // 1-based; 0: none yet
  std::optional<Network> network_;
};

}  // namespace paragon::train
