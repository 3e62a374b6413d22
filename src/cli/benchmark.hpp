// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <paragon/paragon.hpp>

#include "cli/options.hpp"

// The benchmark of the Go framework that Paragon rebuilds (docs/original.md): its models and how
// they are trained.
namespace paragon::cli::benchmark {

struct Model {
  const char* name;
  Replay first, second;  ///< of the local layers
  bool has_second;
};

const std::vector<Model>& models();
std::vector<std::string> names();
const Model& find_model(std::string_view name);  ///< raises with the nearest name

Network build(const Model& model, const std::vector<size_t>& input, DType type, uint64_t seed);

/// Adam 0.01 on a cosine, batch 64; how long and on which images: BenchMnistCommand.
Training training();

}  // namespace paragon::cli::benchmark
