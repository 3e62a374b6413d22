// SPDX-License-Identifier: Apache-2.0
#include "train/training_data.hpp"

#include <limits>

#include "core/error.hpp"
#include "passes/fixed_format.hpp"
#include "train/bindings.hpp"
#include "train/model_graph.hpp"
#include "train/place.hpp"
#include "train/programs.hpp"

namespace paragon::train {

TrainingData::TrainingData(detail::NetworkState& network, const data::Dataset& data, Loss loss)
    : data_(data), feature_type_(data.bytes.empty() ? DType::float32 : DType::uint8) {
  check(network, loss);
  const bool fixed_point = info(network.type).arithmetic == Arithmetic::kFixed;
  features_ = data.bytes.empty() ? std::as_bytes(std::span(data.values))
                                 : std::as_bytes(std::span(data.bytes));
  targets_ = std::as_bytes(std::span(data.targets));
  if (!fixed_point) return;
  const fixed::Format& format = fixed::format_of(network.type);
  if (feature_type_ == DType::float32) {
    if (!has_frozen_exponents(network))
      network.input_exponent = exponent_of(data.values, "feature");
    feature_type_ = format.operand;
    encoded_ = Tensor(format.operand, {rows(), data.features()});
    encode_features(data.values, format, network.input_exponent, encoded_);
    features_ = {encoded_.data(), encoded_.bytes()};
  }
  if (has_targets()) {
    target_exponent_ = exponent_of(data.targets, "target") - fixed::kValueBits;
    encoded_targets_ = Tensor(DType::int32, {rows(), data.target_width});
    encode_targets(data.targets, target_exponent_, encoded_targets_.as<int32_t>());
    targets_ = {encoded_targets_.data(), encoded_targets_.bytes()};
  }
}

void TrainingData::check(const detail::NetworkState& network, Loss loss) const {
  data_.verify();
  const size_t features = network.features();
  const size_t outputs = network.layers.back().shape.elements();
  if (rows() == 0) raise("[trainer] the data set is empty");
  if (rows() > static_cast<size_t>(std::numeric_limits<int32_t>::max()) - kLargestBatch)
    raise("[trainer] the data set has {} rows, expected below 2^31", rows());
  if (data_.features() != features)
    raise("[trainer] a sample has {} features, the network's input {}", data_.features(), features);
  if (!has_targets()) {
    if (data_.classes > outputs)
      raise("[trainer] the data set has {} classes, the network {} outputs", data_.classes,
            outputs);
    return;
  }
  if (loss == Loss::cross_entropy)
    raise("[trainer] the data set has targets; the loss cross_entropy needs class labels");
  if (data_.target_width != outputs)
    raise("[trainer] a sample has {} targets, the network {} outputs", data_.target_width, outputs);
}

void TrainingData::bind(const runtime::Program& program, runtime::Instance& instance) const {
  instance.bind(program.find_slot(0, kData), features_);
  if (has_targets())
    instance.bind(program.find_slot(0, kDataTargets), targets_);
  else
    instance.bind(program.find_slot(0, kDataLabels), std::as_bytes(std::span(data_.labels)));
}

}  // namespace paragon::train
