// SPDX-License-Identifier: Apache-2.0
#include "train/validation.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "network/state.hpp"
#include "train/predictions.hpp"

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
  constexpr size_t kRowsAtOnce = 256;
  data.verify();
  if (data.size() == 0) return;
  const size_t outputs = network.outputs();
  const bool probabilities = gives_probabilities(network), labelled = !data.labels.empty();
  double sum = 0;
  size_t hits = 0;
  const auto look_at_row = [&](std::span<const float> output, size_t row) {
    if (labelled)
      hits += std::max_element(output.begin(), output.end()) - output.begin() == data.labels[row];
    if (loss == Loss::cross_entropy) {
      sum += cross_entropy(output, static_cast<size_t>(data.labels[row]), probabilities);
      return;
    }
    double squares = 0;
    for (size_t k = 0; k < outputs; ++k) {
      const double target = labelled ? (static_cast<size_t>(data.labels[row]) == k ? 1 : 0)
                                     : double{data.targets[row * outputs + k]};
      squares += (output[k] - target) * (output[k] - target);
    }
    sum += squares / static_cast<double>(outputs);
  };
  for_each_prediction(network, data,
                      {.device = options.device, .batch = kRowsAtOnce, .threads = options.threads},
                      [&](const PredictedRows& part) {
                        for (size_t i = 0; i < part.rows; ++i)
                          look_at_row(part.outputs.subspan(i * outputs, outputs), part.first + i);
                      });
  stats.validation_loss = sum / static_cast<double>(data.size());
  if (labelled)
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
