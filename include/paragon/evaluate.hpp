// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include <paragon/data.hpp>
#include <paragon/export.hpp>
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

}  // namespace paragon
