// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include <paragon/webgpu.hpp>

#include "cli/options.hpp"

// Options that several commands have.
namespace paragon::cli {

inline constexpr size_t kMostIterations = 1'000'000'000;
inline constexpr size_t kLargestMatrix = 16384;
inline constexpr size_t kLargestBatch = 1 << 20;

void add_common(CLI::App* app, Common& common, std::string& simd);
void add_threads(CLI::App* app, size_t& threads);
void add_device(CLI::App* app, std::string& device);
void add_webgpu(CLI::App* app, WebgpuSettings& webgpu);
void add_jobs(CLI::App* app, size_t& jobs);
void add_place(CLI::App* app, Place& place);
void add_batch(CLI::App* app, size_t& batch);
void add_iterations(CLI::App* app, size_t& iterations);
void add_type(CLI::App* app, std::string& type, const std::vector<std::string>& names);
std::vector<std::string> type_names();
CLI::Option* add_network(CLI::App* app, Described& network);
void add_seed(CLI::App* app, uint64_t& seed);
void add_fraction(CLI::App* app, double& fraction);
void add_training(CLI::App* app, Training& training);
void add_epochs(CLI::App* app, size_t& epochs);
void add_stops(CLI::App* app, TrainCommand& train);
void add_checkpoints(CLI::App* app, TrainCommand& train);
void add_data(CLI::App* app, std::string& data);
void add_model(CLI::App* app, std::string& model);
void add_types(CLI::App* app, std::vector<std::string>& types);
void add_expect(CLI::App* app, std::optional<double>& expect);

}  // namespace paragon::cli
