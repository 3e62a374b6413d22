// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// What the command line says, as plain data: the commands know nothing of the parser.
namespace paragon::cli {

struct Common {
  std::string json;  ///< file for the figures, "-" = standard output, "" = none
  bool quiet = false;
};

/// Where a command computes.
struct Place {
  std::string device = "cpu";
  size_t threads = 0;
};

/// Settings of a training, shared by every command that builds one. Unset = the library's default.
struct Training {
  std::string optimizer = "adam";
#define PARAGON_SETTING(option, member, low, high, help) std::optional<double> member = {};
#include "cli/settings.def"
  bool nesterov = false;
  std::string loss = "cross_entropy", exponents = "delayed";
  std::optional<double> clip_lower = {}, clip_upper = {}, clip_norm = {};
  std::string schedule = "constant";
  std::optional<size_t> every = {};
  std::optional<double> factor = {};
  size_t epochs = 5, batch = 64;
  uint64_t seed = 1;
  Place place = {};
};

/// A network described by a line.
struct Described {
  std::string layers, type = "float32", storage = "master";
};

struct TrainCommand {
  Common common;
  Described network;
  Training training;
  std::string data, out;
  std::string checkpoint, resume;  ///< files, "" = none
  double train_fraction = 1, validation_split = 0;
  size_t patience = 0;
  bool keep_best = false, stop_on_negative_loss = false;
  std::optional<double> expect_accuracy;
};

struct EvalCommand {
  Common common;
  Place place;
  std::string model, data;
  std::string svg;  ///< how the names of the pictures begin, "" = none
  size_t batch = 256;
  std::optional<double> expect_accuracy;
};

struct PredictCommand {
  Common common;
  Place place;
  std::string model, input;
  size_t batch = 256;
};

struct ConvertCommand {
  Common common;
  std::string from, to;
  std::string type;  ///< "" = the file's own
  std::string data;  ///< "" = compare on random samples
};

struct InfoCommand {
  Common common;
  std::string model;  ///< "" = about the program
};

struct DumpCommand {
  Common common;
  Described network;
  Training training;
  std::string model, stage;
};

struct BenchGemmCommand {
  Common common;
  std::string type = "float32";
  std::vector<size_t> sizes = {256, 1024, 2048};
  std::string device = "cpu";
  size_t threads = 0;
};

struct BenchForwardCommand {
  Common common;
  Described network;
  Place place{.threads = 1};
  size_t batch = 1, iterations = 1000;
};

struct BenchStepCommand {
  Common common;
  Described network;
  Training training{.place = {.threads = 1}};
  size_t iterations = 1000;
  bool kernels = false;
};

struct BenchMnistCommand {
  Common common;
  std::string data, device = "cpu";
  std::vector<std::string> types = {"all"}, models;
  size_t jobs = 0, threads = 0, epochs = 5;
  double train_fraction = 0.8;
  uint64_t seed = 1;
};

struct VerifyCommand {
  Common common;
  Place place;
  std::vector<std::string> types = {"all"}, nets = {"all"};
  std::string golden, record;  ///< files, "" = none
  bool interrupted = false;
};

/// Without tasks: all of them.
struct BenchAccuracyCommand {
  Common common;
  std::string data = "data/mnist", fashion = "data/fashion-mnist", device = "cpu";
  std::vector<std::string> tasks, types = {"float32", "int8", "int16", "int32", "int64"};
  std::vector<uint64_t> seeds = {1, 2, 3, 4, 5};
  size_t jobs = 0;
  std::optional<size_t> epochs;  ///< instead of the task's
  double train_fraction = 1;     ///< of the task's images
  std::string markdown;          ///< page whose tables are renewed, "" = none
  bool resume = false, strict = false;
};

struct BenchGpuCommand {
  Common common;
  std::string device = "webgpu";
  std::vector<std::string> types = {"all"}, activations = {"all"};
  std::vector<size_t> batches = {1, 1024};
  size_t iterations = 1000, threads = 2;
  double seconds = 1;  ///< of one measurement, at most
};

using Command =
    std::variant<TrainCommand, EvalCommand, PredictCommand, ConvertCommand, InfoCommand,
                 DumpCommand, VerifyCommand, BenchGemmCommand, BenchForwardCommand,
                 BenchStepCommand, BenchMnistCommand, BenchAccuracyCommand, BenchGpuCommand>;

}  // namespace paragon::cli
