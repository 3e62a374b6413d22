// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include <paragon/data.hpp>
#include <paragon/export.hpp>
#include <paragon/legacy.hpp>
#include <paragon/network.hpp>
#include <paragon/report.hpp>

namespace paragon {

struct EvaluateOptions {
  std::string device = "cpu";
  std::size_t batch = 256;
  std::size_t threads = 0;  ///< 0 = all processors
};

/// Runs the network over a data set, batch after batch, and compares its class (first largest
/// output) with the labels. Outputs are not kept: it takes some 16 bytes a sample.
PARAGON_API Report evaluate(const Network& network, const data::Dataset& data,
                            const EvaluateOptions& options = {});

/// The same for a file of the Go framework. It sees bytes as that framework did, byte / 255
/// converted to the network's type: integer networks see 1 where the byte is 255, and 0 elsewhere.
PARAGON_API Report evaluate(LegacyNetwork network, const data::Dataset& data);

}  // namespace paragon
