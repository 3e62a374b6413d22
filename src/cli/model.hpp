// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>

#include <paragon/legacy.hpp>
#include <paragon/network.hpp>

namespace paragon::cli {

/// What a model file may hold.
using Model = std::variant<Network, LegacyNetwork>;

inline Model load_model(const std::string& path) {
  if (LegacyNetwork::is_legacy(path)) return LegacyNetwork::load(path);
  return Network::load(path);
}

}  // namespace paragon::cli
