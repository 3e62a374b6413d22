// SPDX-License-Identifier: Apache-2.0
#include "train/validation.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/fixed_point.hpp"
#include "network/state.hpp"
#include "passes/fixed_format.hpp"
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

constexpr int64_t kLn2 = 45426, kLossLimit = fixed::kInt32Limit;  // Q16

/// The same of an integer network, Q16 and in integers, so that the best epoch is the same
/// everywhere. Outputs are integers times powers of two, which conversions keep or round alike.
int64_t fixed_cross_entropy(std::span<const float> outputs, size_t label, bool probabilities) {
  constexpr int kOne = 30;
  const auto nats = [](int64_t log2) { return fixed::mul_shift(log2, kLn2, 16, kLossLimit); };
  if (probabilities) {
    const auto p = static_cast<int64_t>(std::ldexp(double{outputs[label]}, kOne));
    return nats((int64_t{kOne} << 16) -
                fixed::log2_q16(static_cast<uint64_t>(std::max<int64_t>(p, 1))));
  }
  constexpr double kFarthest = 28;  // e^-28 is nothing in Q30
  const double largest = *std::max_element(outputs.begin(), outputs.end());
  const auto power = [&](float output) {
    const double below = std::min(largest - double{output}, kFarthest);
    const auto distance = static_cast<int64_t>(std::ldexp(below, fixed::kPowerFraction));
    return fixed::exp2_negative(
        fixed::round_shift(distance * fixed::kLog2E, fixed::kPowerFraction));
  };
  uint64_t sum = 0;
  for (const float output : outputs) sum += static_cast<uint64_t>(power(output));
  const auto own = static_cast<uint64_t>(std::max(power(outputs[label]), 1));
  return nats(fixed::log2_q16(sum) - fixed::log2_q16(own));
}

/// Squared error of one row, Q16 and in integers.
int64_t fixed_squared_error(std::span<const float> outputs, const auto& target_of) {
  int64_t sum = 0;
  for (size_t k = 0; k < outputs.size(); ++k) {
    const double limit = std::ldexp(1.0, 14);
    const double difference = std::clamp(double{outputs[k]} - target_of(k), -limit, limit);
    const auto d = static_cast<int64_t>(std::ldexp(difference, fixed::kLossFraction));
    sum += fixed::clip(fixed::round_shift(d * d, fixed::kLossFraction), fixed::kValueLimit);
  }
  return fixed::div_round(sum, static_cast<int64_t>(outputs.size()));
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
  const bool integers = info(network.type()).arithmetic == Arithmetic::kFixed;
  double sum = 0;
  int64_t fixed_sum = 0;  // Q16
  size_t hits = 0;
  const auto look_at_row = [&](std::span<const float> output, size_t row) {
    if (labelled)
      hits += std::max_element(output.begin(), output.end()) - output.begin() == data.labels[row];
    if (loss == Loss::cross_entropy) {
      const auto label = static_cast<size_t>(data.labels[row]);
      if (integers)
        fixed_sum += fixed_cross_entropy(output, label, probabilities);
      else
        sum += cross_entropy(output, label, probabilities);
      return;
    }
    const auto target_of = [&](size_t k) -> double {
      return labelled ? (static_cast<size_t>(data.labels[row]) == k ? 1 : 0)
                      : data.targets[row * outputs + k];
    };
    if (integers) {
      fixed_sum += fixed_squared_error(output, target_of);
      return;
    }
    double squares = 0;
    for (size_t k = 0; k < outputs; ++k)
      squares += (output[k] - target_of(k)) * (output[k] - target_of(k));
    sum += squares / static_cast<double>(outputs);
  };
  for_each_prediction(network, data,
                      {.device = options.device, .batch = kRowsAtOnce, .threads = options.threads},
                      [&](const PredictedRows& part) {
                        for (size_t i = 0; i < part.rows; ++i)
                          look_at_row(part.outputs.subspan(i * outputs, outputs), part.first + i);
                      });
  if (integers) sum = std::ldexp(static_cast<double>(fixed_sum), -fixed::kLossFraction);
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
