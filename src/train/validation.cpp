// SPDX-License-Identifier: Apache-2.0
#include "train/validation.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "layers/layer.hpp"
#include "network/state.hpp"

namespace paragon::train {
namespace {

/// Cross-entropy of one row; `outputs` are probabilities or logits.
double cross_entropy(std::span<const float> outputs, size_t label, bool probabilities) {
  constexpr double kSmallest = 0x1p-30;
  if (probabilities) return -std::log(std::max<double>(outputs[label], kSmallest));
  const double largest = *std::max_element(outputs.begin(), outputs.end());
  double sum = 0;
  for (float output : outputs) sum += std::exp(output - largest);
  return std::log(sum) - (outputs[label] - largest);
}

}  // namespace

ValidationSplit::ValidationSplit(const data::Dataset& all, const data::Dataset* validation,
                                 double fraction)
    : all_(all), given_(validation) {
  if (given_ != nullptr || fraction == 0) return;
  const auto kept = static_cast<size_t>(std::llround(fraction * static_cast<double>(all.size())));
  if (kept == 0 || kept >= all.size())
    raise("[trainer] validation_split {} of {} rows leaves nothing to {}", fraction, all.size(),
          kept == 0 ? "validate" : "learn from");
  training_ = all.slice(0, all.size() - kept);
  kept_ = all.slice(all.size() - kept, kept);
}

void validate(const Network& network, const data::Dataset& data, const TrainerOptions& options,
              Loss loss, EpochStats& stats) {
  data.verify();
  const size_t features = data.features(), outputs = network.outputs();
  const size_t rows_at_once = std::min<size_t>(data.size(), 256);
  if (data.size() == 0) return;
  Predictor predictor(network, {.device = options.device,
                                .batch = rows_at_once,
                                .threads = options.threads});
  const bool probabilities =
      layers::ends_with_softmax(network.state().layers.back().config);
  std::vector<float> x(rows_at_once * features), y(rows_at_once * outputs);
  double sum = 0;
  size_t hits = 0;
  for (size_t first = 0; first < data.size(); first += rows_at_once) {
    const size_t rows = std::min(rows_at_once, data.size() - first);
    data.copy_features(first, rows, x);
    predictor.run(std::span(x).first(rows * features), std::span(y).first(rows * outputs));
    for (size_t row = 0; row < rows; ++row) {
      const auto output = std::span<const float>(y).subspan(row * outputs, outputs);
      if (loss == Loss::mean_squared_error) {
        for (size_t k = 0; k < outputs; ++k) {
          const double target = data.targets.empty()
                                    ? static_cast<double>(data.labels[first + row] == static_cast<int32_t>(k))
                                    : data.targets[(first + row) * outputs + k];
          sum += (output[k] - target) * (output[k] - target) / static_cast<double>(outputs);
        }
      } else {
        sum += cross_entropy(output, static_cast<size_t>(data.labels[first + row]), probabilities);
      }
      if (!data.labels.empty())
        hits += std::max_element(output.begin(), output.end()) - output.begin() ==
                data.labels[first + row];
    }
  }
  stats.validation_loss = sum / static_cast<double>(data.size());
  if (!data.labels.empty())
    stats.validation_accuracy =
        100.0 * static_cast<double>(hits) / static_cast<double>(data.size());
}

void BestEpoch::look(const std::vector<EpochStats>& history, const Network& network, bool keep) {
  const EpochStats& last = history.back();
  const double loss = last.validation_loss.value_or(last.loss);
  if (epoch_ != 0 && !(loss < loss_)) return;
  loss_ = loss;
  epoch_ = history.size();
  if (keep) network_ = network;
}

void BestEpoch::restore(Network& network) const {
  if (network_) network.state() = network_->state();
}

}  // namespace paragon::train
