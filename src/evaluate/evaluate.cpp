// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <variant>

#include <paragon/evaluate.hpp>

#include "core/error.hpp"
#include "evaluate/deviation.hpp"

namespace paragon {
namespace {

constexpr size_t kWorst = 5;

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

/// -ln of the probability of the label. Outputs that are no probabilities count as logits.
double cross_entropy(std::span<const float> outputs, size_t label, bool probabilities) {
  // Below half a unit of the coarsest probabilities (15 bits), the logarithm would only show noise.
  constexpr double kSmallest = 0x1p-24;
  double probability = outputs[label];
  if (!probabilities) {
    const double largest = *std::max_element(outputs.begin(), outputs.end());
    double sum = 0;
    for (const float output : outputs) sum += std::exp(output - largest);
    probability = std::exp(outputs[label] - largest) / sum;
  }
  return -std::log(std::max(probability, kSmallest));
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
  Report report;
  report.count = data.size();
  if (report.count == 0) return report;

  const size_t features = data.features(), outputs = network.outputs();
  const size_t batch = std::min(options.batch, report.count);
  Predictor predictor(network,
                      {.device = options.device, .batch = batch, .threads = options.threads});
  const bool probabilities = gives_probabilities(network);
  std::vector<float> converted(data.bytes.empty() ? 0 : batch * features);
  std::vector<float> results(batch * outputs);
  std::vector<double> expected, actual;
  size_t correct = 0;
  double loss = 0, absolute_error = 0;

  for (size_t first = 0; first < report.count; first += batch) {
    const size_t rows = std::min(batch, report.count - first);
    std::span<const float> inputs;
    if (data.bytes.empty()) {
      inputs = std::span(data.values).subspan(first * features, rows * features);
    } else {
      const auto bytes = std::span(data.bytes).subspan(first * features, rows * features);
      std::ranges::transform(bytes, converted.begin(),
                             [](uint8_t byte) { return static_cast<float>(byte) / 255.0f; });
      inputs = std::span(converted).first(rows * features);
    }
    predictor.run(inputs, std::span(results).first(rows * outputs));
    for (size_t row = 0; row < rows; ++row) {
      const auto output = std::span<const float>(results).subspan(row * outputs, outputs);
      const auto label = static_cast<size_t>(data.labels[first + row]);
      const auto answer =
          static_cast<size_t>(std::max_element(output.begin(), output.end()) - output.begin());
      correct += answer == label ? 1 : 0;
      loss += cross_entropy(output, label, probabilities);
      expected.push_back(static_cast<double>(label));
      actual.push_back(static_cast<double>(answer));
      absolute_error += std::abs(actual.back() - expected.back());
    }
  }

  const auto count = static_cast<double>(report.count);
  report.accuracy = 100 * static_cast<double>(correct) / count;
  report.loss = loss / count;
  report.mean_absolute_error = absolute_error / count;
  report.adhd = adhd(expected, actual);
  for (size_t i = 0; i < report.count; ++i)
    if (expected[i] != actual[i])
      report.worst.push_back(
          {i, expected[i], actual[i], deviation_percent(expected[i], actual[i])});
  const size_t kept = std::min(kWorst, report.worst.size());
  std::partial_sort(report.worst.begin(), report.worst.begin() + static_cast<ptrdiff_t>(kept),
                    report.worst.end(), [](const WorstSample& a, const WorstSample& b) {
                      return a.deviation != b.deviation ? a.deviation > b.deviation
                                                        : a.index < b.index;
                    });
  report.worst.resize(kept);
  return report;
}

}  // namespace paragon
