// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <paragon/evaluate.hpp>

#include "core/error.hpp"
#include "evaluate/class_answers.hpp"
#include "train/predictions.hpp"

namespace paragon {
namespace {

/// Counts how often layers are replayed.
class ReplayCounter {
 public:
  void look(Predictor& predictor) {
    const std::vector<std::string> layers = predictor.replayed_layers();
    stats_.resize(layers.size());
    for (size_t i = 0; i < layers.size(); ++i) {
      stats_[i].layer = layers[i];
      auto& histogram = stats_[i].histogram;
      for (const size_t count : predictor.repetitions(i)) {
        if (histogram.size() <= count) histogram.resize(count + 1);
        ++histogram[count];
      }
    }
  }

  std::vector<ReplayStats> stats() {
    for (ReplayStats& row : stats_) {
      size_t samples = 0, repetitions = 0;
      for (size_t count = 0; count < row.histogram.size(); ++count) {
        samples += row.histogram[count];
        repetitions += count * row.histogram[count];
      }
      row.mean = static_cast<double>(repetitions) / static_cast<double>(samples);
    }
    return std::move(stats_);
  }

 private:
  std::vector<ReplayStats> stats_;
};

/// A classifier's answers.
Report evaluate_classes(const Network& network, const data::Dataset& data,
                        const PredictorOptions& options) {
  if (data.classes > network.outputs())
    raise("[evaluate] the data have {} classes, expected at most the network's {} outputs",
          data.classes, network.outputs());
  ClassAnswers answers(network.outputs(), train::gives_probabilities(network)
                                              ? OutputKind::kProbabilities
                                              : OutputKind::kLogits);
  ReplayCounter replays;
  train::for_each_prediction(network, data, options, [&](const train::PredictedRows& part) {
    answers.add<float>(part.outputs, std::span(data.labels).subspan(part.first, part.rows));
    replays.look(part.predictor);
  });
  Report report = answers.report();
  report.replays = replays.stats();
  return report;
}

/// Numbers that a network was to approach, all outputs of all samples in one list.
Report evaluate_numbers(const Network& network, const data::Dataset& data,
                        const PredictorOptions& options) {
  if (data.target_width != network.outputs())
    raise("[evaluate] a sample has {} targets, expected the network's {} outputs",
          data.target_width, network.outputs());
  std::vector<double> actual;
  actual.reserve(data.targets.size());
  ReplayCounter replays;
  train::for_each_prediction(network, data, options, [&](const train::PredictedRows& part) {
    actual.insert(actual.end(), part.outputs.begin(), part.outputs.end());
    replays.look(part.predictor);
  });
  Report report = compare(std::vector<double>(data.targets.begin(), data.targets.end()), actual);
  report.replays = replays.stats();
  return report;
}

}  // namespace

Report evaluate(const Network& network, const data::Dataset& data, const EvaluateOptions& options) {
  data.verify();
  train::check_features(network, data);
  const PredictorOptions place{
      .device = options.device, .batch = options.batch, .threads = options.threads};
  return data.targets.empty() ? evaluate_classes(network, data, place)
                              : evaluate_numbers(network, data, place);
}

}  // namespace paragon
