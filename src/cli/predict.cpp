// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include <paragon/paragon.hpp>
#include <paragon/support.hpp>

#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/samples.hpp"

namespace paragon::cli {
namespace {

constexpr size_t kLargestInput = size_t{2} << 30;

std::vector<float> read_samples(const std::string& path, const std::vector<size_t>& shape) {
  const std::string text = read_file(path, kLargestInput);
  try {
    return parse_samples(text, shape);
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", path, error.what()));
  }
}

}  // namespace

ExitCode run(const PredictCommand& command) {
  Output output(command.common);
  const Network network = Network::load(command.model);
  const size_t width = network.outputs();
  const std::vector<float> inputs = read_samples(command.input, network.input_shape());
  size_t features = 1;
  for (const size_t extent : network.input_shape()) features *= extent;
  const size_t count = inputs.size() / features;
  const size_t batch = std::clamp<size_t>(count, 1, command.batch);
  Predictor predictor(
      network, {.device = command.place.device, .batch = batch, .threads = command.place.threads});
  std::vector<float> outputs(count * width);
  for (size_t first = 0; first < count; first += batch) {
    const size_t rows = std::min(batch, count - first);
    predictor.run(std::span(inputs).subspan(first * features, rows * features),
                  std::span(outputs).subspan(first * width, rows * width));
  }
  const std::string text = samples_text(outputs, width);
  if (command.common.json != "-") output.screen() << text;
  output.finish_text(text);
  return kFine;
}

}  // namespace paragon::cli
