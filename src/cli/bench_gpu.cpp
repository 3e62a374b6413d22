// SPDX-License-Identifier: Apache-2.0
#include <fmt/ostream.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include <paragon/paragon.hpp>

#include "cli/build.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"

// The benchmark of the Go framework's GPU path: the same network on the CPU and on a device.
namespace paragon::cli {
namespace {

using Clock = std::chrono::steady_clock;

/// Mean seconds of a call of `work`: `iterations` calls, fewer if they take longer than `seconds`.
template <class Work>
double seconds_each(size_t iterations, double seconds, Work&& work) {
  work();  // kernels are compiled, caches warm
  const Clock::time_point start = Clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  size_t done = 0;
  while (done < iterations && (done == 0 || passed() < seconds)) {
    work();
    ++done;
  }
  return passed() / static_cast<double>(done);
}

Network network_of(const std::string& activation, DType type) {
  return build_network({.layers = fmt::format("28x28 dense:1024:{0} dense:1024:{0} "
                                              "dense:10:softmax",
                                              activation),
                        .type = std::string(name(type))},
                       1);
}

struct Outputs {
  double seconds;
  std::vector<double> values;
};

Outputs forward(const Network& network, const data::Dataset& data, const std::string& device,
                size_t batch, const BenchGpuCommand& command) {
  Predictor predictor(network, {.device = device, .batch = batch, .threads = command.threads});
  Outputs outputs;
  outputs.values.resize(batch * network.outputs());
  const auto features = std::span(data.values).first(batch * data.features());
  outputs.seconds = seconds_each(command.iterations, command.seconds,
                                 [&] { predictor.run(features, std::span(outputs.values)); });
  return outputs;
}

/// Mean seconds of a training step: epochs of a few steps, so that a device works ahead.
double training(Network network, const data::Dataset& data, const std::string& device, size_t batch,
                const BenchGpuCommand& command) {
  constexpr size_t kMostEpochs = 1000000;
  Trainer trainer(network, {.device = device,
                            .optimizer = Sgd{.rate = 0.01, .momentum = 0.9},
                            .batch = batch,
                            .epochs = kMostEpochs,
                            .threads = command.threads});
  trainer.begin(data);
  const size_t steps = trainer.steps_per_epoch();
  const size_t epochs = std::max<size_t>(command.iterations / steps, 1);
  return seconds_each(epochs, command.seconds, [&] { trainer.advance(steps); }) /
         static_cast<double>(steps);
}

/// Do the outputs agree as they must: integers to the bit, floats to a bound?
bool matches(DType type, double difference) {
  if (!is_float(type)) return difference == 0;
  return difference <= (type == DType::float32 ? 1e-5 : 1e-12);
}

std::vector<std::string> activations_of(const BenchGpuCommand& command) {
  const std::vector<std::string> all = {"linear", "relu", "leaky_relu", "elu",
                                        "swish",  "gelu", "tanh",       "softmax"};
  if (command.activations == std::vector<std::string>{"all"}) return all;
  return command.activations;
}

}  // namespace

ExitCode run(const BenchGpuCommand& command) {
  Output output(command.common);
  std::ostream& screen = output.screen();
  const std::vector<DType> types = parse_types(command.types);
  const std::vector<std::string> functions = activations_of(command);
  const std::string adapter = command.device == "webgpu" ? webgpu_device_name() : command.device;
  fmt::print(screen, "28x28 - 32x32 - 32x32 - 10 softmax, dense; {} beside cpu with {} threads\n",
             adapter, command.threads == 0 ? processors() : command.threads);
  fmt::print(screen, "{:<8} {:<11} {:>6} {:>11} {:>11} {:>8} {:>11} {:>10} {:>10}  {}\n", "type",
             "activation", "batch", "CPU us", "GPU us", "speed-up", "difference", "CPU step/s",
             "GPU step/s", "match");
  Json rows = Json::array();
  size_t unequal = 0;
  for (const DType type : types)
    for (const std::string& function : functions) {
      const Network network = network_of(function, type);
      for (const size_t batch : command.batches) {
        const size_t steps = std::clamp<size_t>(command.iterations, 1, 16);  // of an epoch
        const data::Dataset data = random_data(network, batch * steps);
        const Outputs cpu = forward(network, data, "cpu", batch, command),
                      gpu = forward(network, data, command.device, batch, command);
        double difference = 0;
        for (size_t i = 0; i < cpu.values.size(); ++i) {
          const double apart = std::abs(cpu.values[i] - gpu.values[i]);
          difference = apart <= difference ? difference : apart;  // a NaN stays
        }
        const double cpu_step = training(network, data, "cpu", batch, command),
                     gpu_step = training(network, data, command.device, batch, command);
        const bool match = matches(type, difference);
        unequal += match ? 0 : 1;
        fmt::print(screen,
                   "{:<8} {:<11} {:>6} {:>11.1f} {:>11.1f} {:>8.2f} {:>11.2g} {:>10.1f} {:>10.1f}  "
                   "{}\n",
                   name(type), function, batch, cpu.seconds * 1e6, gpu.seconds * 1e6,
                   cpu.seconds / gpu.seconds, difference, 1 / cpu_step, 1 / gpu_step,
                   match ? "yes" : "NO");
        screen.flush();
        rows.push_back({{"type", name(type)},
                        {"activation", function},
                        {"batch", batch},
                        {"cpu_seconds", cpu.seconds},
                        {"gpu_seconds", gpu.seconds},
                        {"speedup", cpu.seconds / gpu.seconds},
                        {"difference", difference},
                        {"cpu_steps_per_second", 1 / cpu_step},
                        {"gpu_steps_per_second", 1 / gpu_step},
                        {"match", match}});
      }
    }
  fmt::print(screen, "{} of {} rows do not match\n", unequal, rows.size());
  output.finish({{"adapter", adapter}, {"rows", rows}});
  return unequal == 0 ? kFine : kCheckFailed;
}

}  // namespace paragon::cli
