// SPDX-License-Identifier: Apache-2.0
#include <fmt/ostream.h>

#include <algorithm>
#include <chrono>

#include <paragon/paragon.hpp>

#include "cli/build.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"

namespace paragon::cli {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Calls before the clock starts: code, caches and threads are warm then.
size_t warm_up(size_t iterations) {
  return std::clamp<size_t>(iterations / 10, 1, 100);
}

struct StepTime {
  double microseconds;
  const char* kind;
};

StepTime median_step(Trainer& trainer, size_t iterations) {
  std::vector<double> microseconds;
  microseconds.reserve(iterations);
  for (size_t i = 0; i < iterations; ++i) {
    const Clock::time_point start = Clock::now();
    trainer.advance(1);
    microseconds.push_back(1e6 * seconds_since(start));
  }
  const auto middle = microseconds.begin() + static_cast<ptrdiff_t>(microseconds.size() / 2);
  std::nth_element(microseconds.begin(), middle, microseconds.end());
  return {*middle, "median"};
}

/// Of a device that works behind the caller: only all steps together have a time.
StepTime mean_step(Trainer& trainer, size_t iterations) {
  trainer.sync();
  const Clock::time_point start = Clock::now();
  for (size_t i = 0; i < iterations; ++i) trainer.advance(1);
  trainer.sync();
  return {1e6 * seconds_since(start) / static_cast<double>(iterations), "mean"};
}

}  // namespace

ExitCode run(const BenchGemmCommand& command) {
  Output output(command.common);
  const DType type = parse_dtype(command.type);
  std::ostream& screen = output.screen();
  Json rows = Json::array();
  for (const size_t size : command.sizes) {
    const GemmTiming timing = time_gemm(type, size, size, size, command.threads, command.device);
    if (rows.empty())
      fmt::print(screen, "{:<8} {:>6} {:>6} {:>6} {:>10}\n", "type", "m", "n", "k", "GOP/s");
    fmt::print(screen, "{:<8} {:>6} {:>6} {:>6} {:>10.1f}\n", name(type), timing.m, timing.n,
               timing.k, timing.gops);
    screen.flush();
    rows.push_back({{"type", name(type)},
                    {"m", timing.m},
                    {"n", timing.n},
                    {"k", timing.k},
                    {"gops", timing.gops}});
  }
  output.finish({{"rows", rows}});
  return kFine;
}

ExitCode run(const BenchForwardCommand& command) {
  Output output(command.common);
  const Network network = build_network(command.network, 1);
  Predictor predictor(
      network,
      {.device = command.place.device, .batch = command.batch, .threads = command.place.threads});
  const data::Dataset data = random_data(network, command.batch);
  std::vector<float> outputs(command.batch * network.outputs());
  for (size_t i = warm_up(command.iterations); i > 0; --i) predictor.run(data.values, outputs);
  const Clock::time_point start = Clock::now();
  for (size_t i = 0; i < command.iterations; ++i) predictor.run(data.values, outputs);
  const double seconds = seconds_since(start);
  const double each = 1e6 * seconds / static_cast<double>(command.iterations);
  fmt::print(output.screen(), "{:.4f} s for {} calls, {:.3f} us each\n", seconds,
             command.iterations, each);
  output.finish({{"seconds", seconds}, {"microseconds_per_call", each}});
  return kFine;
}

ExitCode run(const BenchStepCommand& command) {
  Output output(command.common);
  TrainerOptions options = build_options(command.training);
  Network network = build_network(command.network, command.training.seed);
  constexpr size_t kStepsPerEpoch = 64;  // few ends of epochs, and data that stay in the caches
  const size_t warm = warm_up(command.iterations);
  options.epochs = (warm + command.iterations) / kStepsPerEpoch + 1;
  const data::Dataset data = random_data(network, options.batch * kStepsPerEpoch);
  Trainer trainer(network, options);
  trainer.begin(data);
  for (size_t i = 0; i < warm; ++i) trainer.advance(1);
  const StepTime time = options.device == "webgpu" ? mean_step(trainer, command.iterations)
                                                   : median_step(trainer, command.iterations);
  fmt::print(output.screen(), "{:.3f} us a step ({} of {})\n", time.microseconds, time.kind,
             command.iterations);
  Json report = {{"microseconds_per_step", time.microseconds}};
  if (command.kernels) {
    Json kernels = Json::array();
    for (const KernelTime& kernel : time_kernels(network, options)) {
      const double microseconds = std::chrono::duration<double, std::micro>(kernel.time).count();
      fmt::print(output.screen(), "{:10.2f} us  {}\n", microseconds, kernel.name);
      kernels.push_back({{"name", kernel.name}, {"microseconds", microseconds}});
    }
    report["kernels"] = kernels;
  }
  output.finish(report);
  return kFine;
}

}  // namespace paragon::cli
