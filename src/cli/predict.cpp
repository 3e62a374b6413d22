// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include <paragon/paragon.hpp>
#include <paragon/support.hpp>

#include "cli/commands.hpp"
#include "cli/model.hpp"
#include "cli/output.hpp"
#include "cli/samples.hpp"

namespace paragon::cli {
namespace {

constexpr size_t kLargestInput = size_t{1} << 29;

template <class T>
std::vector<T> read_samples(const std::string& path, const std::vector<size_t>& shape) {
  const std::string text = read_file(path, kLargestInput);
  try {
    return parse_samples<T>(text, shape);
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", path, error.what()));
  }
}

/// Calls `run` with the first row and the number of rows of every batch.
template <class Run>
void in_batches(size_t count, size_t batch, Run&& run) {
  for (size_t first = 0; first < count; first += batch) run(first, std::min(batch, count - first));
}

OutputRows predict(const Network& network, const PredictCommand& command) {
  const size_t width = network.outputs();
  const auto inputs = read_samples<float>(command.input, network.input_shape());
  size_t features = 1;
  for (const size_t extent : network.input_shape()) features *= extent;
  const size_t count = inputs.size() / features;
  const size_t batch = std::clamp<size_t>(count, 1, command.batch);
  Predictor predictor(
      network, {.device = command.place.device, .batch = batch, .threads = command.place.threads});
  OutputRows rows(width);
  std::vector<float> outputs(batch * width);
  in_batches(count, batch, [&](size_t first, size_t some) {
    const auto results = std::span(outputs).first(some * width);
    predictor.run(std::span(inputs).subspan(first * features, some * features), results);
    for (const float value : results) rows.add(fmt::format("{}", value));
  });
  return rows;
}

OutputRows predict(LegacyNetwork network, const PredictCommand& command) {
  const LegacyInfo& info = network.info();
  const LegacyLayer& input = info.layers.front();
  const auto inputs = read_samples<double>(command.input, {input.height, input.width});
  const size_t features = network.inputs();
  OutputRows rows(network.outputs());
  in_batches(inputs.size() / features, 1, [&](size_t first, size_t some) {
    const auto samples = std::span(inputs).subspan(first * features, some * features);
    for (const std::string& value : network.predict_text(samples))
      info.integer ? rows.add_whole(value) : rows.add(value);
  });
  return rows;
}

}  // namespace

ExitCode run(const PredictCommand& command) {
  Output output(command.common);
  Model model = load_model(command.model);
  const OutputRows rows =
      std::visit([&](auto& network) { return predict(std::move(network), command); }, model);
  if (command.common.json != "-") output.screen() << rows.screen();
  output.finish_text(rows.json());
  return kFine;
}

}  // namespace paragon::cli
