// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <paragon/paragon.hpp>

#include "cli/options.hpp"

namespace paragon::cli {

/// The network of --layers and --type.
Network build_network(const Described& described, uint64_t seed);

/// Options of the library from those of the command line. Raises on unknown names, and on settings
/// that the chosen optimizer or schedule does not have.
TrainerOptions build_options(const Training& training);

/// Types by their names; the word "all" stands for every type. Raises on unknown ones.
std::vector<DType> parse_types(const std::vector<std::string>& words);

/// The first part of the training samples, at least one of them.
data::Dataset first_part(const data::Dataset& train, double fraction);

/// Random samples that fit the network, with random labels: for measuring speed.
data::Dataset random_data(const Network& network, size_t count);

}  // namespace paragon::cli
