// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <variant>

#include <paragon/evaluate.hpp>

#include "core/error.hpp"
#include "evaluate/class_answers.hpp"

namespace paragon {
namespace {

/// Whether the network's outputs are probabilities already.
bool gives_probabilities(const Network& network) {
  const std::vector<LayerInfo> layers = network.layers();
  return std::visit(
      [](const auto& config) {
        if constexpr (requires { config.activation; }) return config.activation == "softmax";
        return false;
      },
      layers.back().config);
}

void check_fit(const Network& network, const data::Dataset& data) {
  data.verify();
  size_t features = 1;
  for (const size_t extent : network.input_shape()) features *= extent;
  if (data.features() != features)
    raise("[evaluate] samples have {} values, expected the {} of the network's input",
          data.features(), features);
  if (data.classes > network.outputs())
    raise("[evaluate] the data have {} classes, expected at most the network's {} outputs",
          data.classes, network.outputs());
}

}  // namespace

Report evaluate(const Network& network, const data::Dataset& data, const EvaluateOptions& options) {
  check_fit(network, data);
  if (options.batch == 0) raise("[evaluate] batch is 0, expected 1 or more");
  const size_t count = data.size(), features = data.features(), outputs = network.outputs();
  ClassAnswers answers(
      outputs, gives_probabilities(network) ? OutputKind::kProbabilities : OutputKind::kLogits);
  if (count == 0) return answers.report();

  const size_t batch = std::min(options.batch, count);
  Predictor predictor(network,
                      {.device = options.device, .batch = batch, .threads = options.threads});
  std::vector<float> converted(data.bytes.empty() ? 0 : batch * features);
  std::vector<float> results(batch * outputs);
  for (size_t first = 0; first < count; first += batch) {
    const size_t rows = std::min(batch, count - first);
    std::span<const float> inputs;
    if (data.bytes.empty()) {
      inputs = std::span(data.values).subspan(first * features, rows * features);
    } else {
      const auto bytes = std::span(data.bytes).subspan(first * features, rows * features);
      std::ranges::transform(bytes, converted.begin(),
                             [](uint8_t byte) { return static_cast<float>(byte) / 255.0f; });
      inputs = std::span(converted).first(rows * features);
    }
    const auto outcome = std::span(results).first(rows * outputs);
    predictor.run(inputs, outcome);
    answers.add<float>(outcome, std::span(data.labels).subspan(first, rows));
  }
  return answers.report();
}

}  // namespace paragon
