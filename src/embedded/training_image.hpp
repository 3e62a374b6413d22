// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include <paragon/data.hpp>
#include <paragon/trainer.hpp>

namespace paragon::embedded {

/// The image of what Trainer(network, options).fit(data) does to an integer network, with the
/// samples in it: read_image and train::IntegerSteps::run_all end with the same weights.
/// Validation, early stopping and the like are left out. Raises if the network is none of integers.
std::vector<std::byte> training_image(const Network& network, const TrainerOptions& options,
                                      const data::Dataset& data);

}  // namespace paragon::embedded
