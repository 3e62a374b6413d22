// SPDX-License-Identifier: Apache-2.0
#include "train/predictions.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "layers/layer.hpp"
#include "network/state.hpp"

namespace paragon::train {

void check_features(const Network& network, const data::Dataset& data) {
  const size_t expected = network.state().features();
  if (data.features() != expected)
    raise("[data] samples have {} values, expected the {} of the network's input", data.features(),
          expected);
}

void for_each_prediction(const Network& network, const data::Dataset& data,
                         PredictorOptions options,
                         const std::function<void(const PredictedRows&)>& look) {
  const size_t count = data.size(), features = data.features(), outputs = network.outputs();
  check_features(network, data);
  if (options.batch == 0) raise("[data] batch is 0, expected 1 or more");
  if (count == 0) return;
  options.batch = std::min(options.batch, count);
  Predictor predictor(network, options);
  std::vector<float> converted(data.bytes.empty() ? 0 : options.batch * features);
  std::vector<float> results(options.batch * outputs);
  for (size_t first = 0; first < count; first += options.batch) {
    const size_t rows = std::min(options.batch, count - first);
    std::span<const float> inputs;
    if (data.bytes.empty()) {
      inputs = std::span(data.values).subspan(first * features, rows * features);
    } else {
      data.copy_features(first, rows, converted);
      inputs = std::span(converted).first(rows * features);
    }
    const auto outcome = std::span(results).first(rows * outputs);
    predictor.run(inputs, outcome);
    look({first, rows, outcome, predictor});
  }
}

bool gives_probabilities(const Network& network) {
  return layers::ends_with_softmax(network.state().layers.back().config);
}

}  // namespace paragon::train
