// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <paragon/data.hpp>
#include <paragon/network.hpp>
#include <paragon/trainer.hpp>

namespace paragon::cli {

/// A training of `verify`: together they reach every layer, replay, activation, optimizer,
/// schedule and loss of the contract.
struct VerifyNet {
  std::string name;    ///< of its golden hashes
  std::string layers;  ///< as in --layers
  TrainerOptions training;
  /// Shape and classes come from the network; seed 3 in all.
  data::SyntheticOptions data = {};
  /// Adds the layers that a spec cannot describe.
  std::function<void(Network&)> more = {};
  std::uint64_t seed = 1;          ///< of the network
  std::string storage = "master";  ///< of integer types, as in --storage
};

/// The one table of them.
const std::vector<VerifyNet>& verify_nets();

/// The network with its initial weights, and its data set.
Network make_network(const VerifyNet& net, DType type);
data::Dataset make_data(const VerifyNet& net, const Network& network);

}  // namespace paragon::cli
