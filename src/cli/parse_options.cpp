// SPDX-License-Identifier: Apache-2.0
#include "cli/parse_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>

#include <paragon/paragon.hpp>

#include "cli/validators.hpp"

namespace paragon::cli {
namespace {

constexpr size_t kMostThreads = 1024;

constexpr const char* kLayersHelp =
    "the network in a line: the input's shape (WxH or N), then a layer a word: "
    "dense:UNITS:ACTIVATION, local:WxH:ACTIVATION[:field=5]";

constexpr double kLargest = 1e30;  // settings are finite; the library checks their own ranges

}  // namespace

void add_common(CLI::App* app, Common& common, std::string& simd) {
  app->add_option("--json", common.json, "write the figures as JSON ('-' = standard output)")
      ->type_name("FILE");
  app->add_flag("--quiet", common.quiet, "print no table and no progress");
  app->add_option("--simd", simd, "SIMD level of the CPU kernels (see 'info')")->type_name("NAME");
}

void add_threads(CLI::App* app, size_t& threads) {
  app->add_option("--threads", threads, "threads; 0 = all processors")
      ->check(whole_number(0, kMostThreads))
      ->capture_default_str();
}

void add_device(CLI::App* app, std::string& device) {
  app->add_option("--device", device, fmt::format("one of {}", fmt::join(devices(), ", ")))
      ->type_name("NAME")
      ->capture_default_str();
}

void add_webgpu(CLI::App* app, WebgpuSettings& webgpu) {
  app->add_option("--adapter", webgpu.adapter,
                  "of device webgpu: part of an adapter's name (see 'info'); unset: the best")
      ->type_name("NAME");
  app->add_option("--features", webgpu.features,
                  "of device webgpu: all, or none: emulate 64-bit types even if they are native")
      ->type_name("NAME");
  app->add_option("--webgpu-library", webgpu.library, "another library of WebGPU")
      ->type_name("FILE");
  app->add_option("--data-bytes", webgpu.data_bytes,
                  "of device webgpu: largest data set to copy there, larger ones are sent as steps "
                  "need them; unset: what it can bind")
      ->type_name("UINT");
  app->add_option("--binding-bytes", webgpu.binding_bytes,
                  "of device webgpu: most of a program's memory in one binding, larger ones take "
                  "several; unset: what it can bind")
      ->type_name("UINT");
  app->add_flag("--strict-device", webgpu.strict,
                "of device webgpu: refuse software adapters and emulated types");
}

void add_jobs(CLI::App* app, size_t& jobs) {
  app->add_option("--jobs", jobs, "networks trained at the same time; 0 = all processors")
      ->check(whole_number(0, kMostThreads))
      ->capture_default_str();
}

void add_place(CLI::App* app, Place& place) {
  add_device(app, place.device);
  add_threads(app, place.threads);
}

void add_batch(CLI::App* app, size_t& batch) {
  app->add_option("--batch", batch, "samples of one step or call")
      ->check(whole_number(1, kLargestBatch))
      ->capture_default_str();
}

void add_iterations(CLI::App* app, size_t& iterations) {
  app->add_option("--iterations", iterations, "how often to repeat")
      ->check(whole_number(1, kMostIterations))
      ->capture_default_str();
}

void add_type(CLI::App* app, std::string& type, const std::vector<std::string>& names) {
  app->add_option("--type", type, fmt::format("numeric type: {}", fmt::join(names, ", ")))
      ->type_name("TYPE")
      ->capture_default_str();
}

std::vector<std::string> type_names() {
  std::vector<std::string> names;
  for (const DType type : network_types()) names.emplace_back(name(type));
  return names;
}

CLI::Option* add_network(CLI::App* app, Described& network) {
  add_type(app, network.type, type_names());
  app->add_option("--storage", network.storage,
                  fmt::format("of the weights of integer types: {}", fmt::join(storages(), ", ")))
      ->type_name("NAME")
      ->capture_default_str();
  return app->add_option("--layers", network.layers, kLayersHelp)->type_name("SPEC");
}

void add_seed(CLI::App* app, uint64_t& seed) {
  app->add_option("--seed", seed, "of weights, order and rounding")
      ->check(whole_number(0, std::numeric_limits<uint64_t>::max()))
      ->capture_default_str();
}

void add_fraction(CLI::App* app, double& fraction) {
  app->add_option("--train-fraction", fraction, "use the first part of the images")
      ->check(number(0, 1))
      ->capture_default_str();
}

void add_training(CLI::App* app, Training& training) {
  app->add_option("--optimizer", training.optimizer,
                  fmt::format("{}", fmt::join(optimizers(), ", ")))
      ->type_name("NAME")
      ->capture_default_str();
#define PARAGON_SETTING(option, member, low, high, help) \
  app->add_option(option, training.member, help)->check(number(low, high));
#include "cli/settings.def"
  app->add_flag("--nesterov", training.nesterov, "look ahead along the momentum of sgd");
  app->add_option("--schedule", training.schedule,
                  fmt::format("of the rate: {}", fmt::join(schedules(), ", ")))
      ->type_name("NAME")
      ->capture_default_str();
  app->add_option("--every", training.every, "epochs between the changes of schedule step")
      ->check(whole_number(1, kMostIterations));
  app->add_option("--factor", training.factor, "of schedule step at every change")
      ->check(number(0, kLargest));
  app->add_option("--loss", training.loss, fmt::format("{}", fmt::join(losses(), ", ")))
      ->type_name("NAME")
      ->capture_default_str();
  app->add_option(
         "--exponents", training.exponents,
         fmt::format("of the roundings of integer types: {}", fmt::join(exponent_modes(), ", ")))
      ->type_name("NAME")
      ->capture_default_str();
  app->add_option("--clip-lower", training.clip_lower, "smallest element of a gradient")
      ->check(number(-kLargest, kLargest));
  app->add_option("--clip-upper", training.clip_upper, "largest element of a gradient")
      ->check(number(-kLargest, kLargest));
  app->add_option("--clip-norm", training.clip_norm, "largest norm of all gradients together")
      ->check(number(0, kLargest));
  add_batch(app, training.batch);
  add_seed(app, training.seed);
  add_place(app, training.place);
}

void add_epochs(CLI::App* app, size_t& epochs) {
  app->add_option("--epochs", epochs, "passes over the training samples")
      ->check(whole_number(1, kMostIterations))
      ->capture_default_str();
}

/// When a training ends, and with what.
void add_stops(CLI::App* app, TrainCommand& train) {
  app->add_option("--validation-split", train.validation_split,
                  "part of the training samples, the last ones, that is kept for validation")
      ->check(number(0, 1));
  app->add_option("--patience", train.patience,
                  "stop after so many epochs without a lower (validation) loss; 0 = never")
      ->check(whole_number(0, kMostIterations));
  app->add_flag("--keep-best", train.keep_best, "end with the epoch of the lowest loss");
  app->add_flag("--stop-on-negative-loss", train.stop_on_negative_loss,
                "stop after an epoch whose mean loss is below zero");
}

void add_checkpoints(CLI::App* app, TrainCommand& train) {
  app->add_option("--checkpoint", train.checkpoint,
                  "write a model with the state of the training after every epoch")
      ->type_name("FILE");
  app->add_option("--resume", train.resume,
                  "go on from a checkpoint, instead of --layers; give the options that it was made "
                  "with")
      ->type_name("FILE")
      ->excludes(app->get_option("--layers"))
      ->excludes(app->get_option("--type"))
      ->excludes(app->get_option("--storage"));
}

void add_data(CLI::App* app, std::string& data) {
  app->add_option("--data", data, "folder with the four MNIST files")->required()->type_name("DIR");
}

void add_model(CLI::App* app, std::string& model) {
  app->add_option("--model", model,
                  "model file, also one of the Go framework (interpreted: --device, "
                  "--threads and --batch do not matter then)")
      ->required()
      ->type_name("FILE");
}

void add_types(CLI::App* app, std::vector<std::string>& types) {
  app->add_option("--types", types, "numeric types, or all")->delimiter(',')->capture_default_str();
}

void add_expect(CLI::App* app, std::optional<double>& expect) {
  app->add_option("--expect-accuracy", expect, "exit with 1 if the accuracy is below, in percent")
      ->check(number(0, 100));
}

}  // namespace paragon::cli
