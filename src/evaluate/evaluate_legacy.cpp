// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <paragon/evaluate.hpp>

#include "core/error.hpp"
#include "evaluate/class_answers.hpp"

namespace paragon {

Report evaluate(LegacyNetwork network, const data::Dataset& data) {
  const size_t count = data.size(), features = data.features(), outputs = network.outputs();
  data.verify();
  if (features != network.inputs())
    raise("[evaluate] samples have {} values, expected the {} of the network's first layer",
          features, network.inputs());
  if (data.classes > outputs)
    raise("[evaluate] the data have {} classes, expected at most the network's {} outputs",
          data.classes, outputs);
  const LegacyInfo& info = network.info();
  // Rows at a time: 8 MiB of values, whatever the sizes.
  const size_t batch = std::clamp<size_t>((size_t{1} << 20) / std::max(features, outputs), 1, 256);
  ClassAnswers answers(outputs,
                       info.probabilities ? OutputKind::kProbabilities : OutputKind::kLogits);
  std::vector<double> inputs;
  for (size_t first = 0; first < count; first += batch) {
    const size_t rows = std::min(batch, count - first);
    inputs.resize(rows * features);
    if (data.bytes.empty())
      std::copy_n(data.values.begin() + static_cast<ptrdiff_t>(first * features), inputs.size(),
                  inputs.begin());
    else
      std::transform(data.bytes.begin() + static_cast<ptrdiff_t>(first * features),
                     data.bytes.begin() + static_cast<ptrdiff_t>((first + rows) * features),
                     inputs.begin(), [](uint8_t byte) { return byte / 255.0; });
    std::vector<double> results = network.predict(inputs);
    for (double& value : results) value /= info.unit;
    answers.add<double>(results, std::span(data.labels).subspan(first, rows));
  }
  return answers.report();
}

}  // namespace paragon
