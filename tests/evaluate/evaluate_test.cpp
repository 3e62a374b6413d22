// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include <paragon/paragon.hpp>

#include "network/state.hpp"
#include "raises.hpp"

namespace paragon {
namespace {

using testing::contains;
using testing::message_of;

/// A network of one dense layer that copies its inputs to its outputs.
Network identity(size_t size, const std::string& activation) {
  Network network({.input = {size}, .type = float32});
  network.add(Dense{.units = size, .activation = activation});
  for (detail::Parameter& parameter : network.state().layers[0].parameters) {
    const auto values = parameter.value.as<float>();
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = parameter.role == "weights" && i % (size + 1) == 0 ? 1.0f : 0.0f;
  }
  return network;
}

/// Samples that point at class answers[i], labelled labels[i].
data::Dataset pointing(size_t classes, const std::vector<int32_t>& answers,
                       const std::vector<int32_t>& labels) {
  data::Dataset data;
  data.sample_shape = {classes};
  data.classes = classes;
  data.labels = labels;
  data.values.assign(answers.size() * classes, 0.0f);
  for (size_t i = 0; i < answers.size(); ++i)
    data.values[i * classes + static_cast<size_t>(answers[i])] = 2.0f;
  return data;
}

TEST(Evaluate, CountsMeasuresAndNamesTheWorst) {
  const data::Dataset data = pointing(5, {0, 1, 2, 3, 4, 4, 0}, {0, 1, 2, 3, 4, 1, 2});
  for (const char* device : {"cpu", "ref"}) {
    for (const size_t batch : {1, 3, 100}) {
      const Report report =
          evaluate(identity(5, "softmax"), data, {.device = device, .batch = batch, .threads = 1});
      EXPECT_EQ(report.count, 7u);
      EXPECT_DOUBLE_EQ(report.accuracy, 100.0 * 5 / 7);
      EXPECT_DOUBLE_EQ(*report.mean_absolute_error, (3.0 + 2.0) / 7);
      const double sum = std::exp(2.0) + 4;
      EXPECT_NEAR(*report.loss, (5 * std::log(sum / std::exp(2.0)) + 2 * std::log(sum)) / 7, 1e-5);
      ASSERT_EQ(report.worst.size(), 2u);
      EXPECT_EQ(report.worst[0].index, 5u);  // 1 taken for 4: 300 percent
      EXPECT_DOUBLE_EQ(report.worst[0].deviation, 300);
      EXPECT_EQ(report.worst[1].index, 6u);  // 2 taken for 0: 100 percent
      EXPECT_EQ(report.adhd.buckets, (std::array<size_t, 7>{5, 0, 0, 0, 0, 1, 1}));
      EXPECT_EQ(report.confusion, (std::vector<size_t>{1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 1,
                                                       0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1}));
    }
  }
}

TEST(Evaluate, LinearOutputsCountAsLogits) {
  const data::Dataset data = pointing(3, {0, 1, 2}, {0, 1, 0});
  const EvaluateOptions options = {.device = "ref"};
  EXPECT_NEAR(*evaluate(identity(3, "linear"), data, options).loss,
              *evaluate(identity(3, "softmax"), data, options).loss, 1e-6);
}

TEST(Evaluate, BytesAreDividedBy255) {
  data::Dataset bytes = pointing(3, {0, 1, 2}, {0, 1, 0});
  data::Dataset values = bytes;
  bytes.values.clear();
  bytes.bytes = {255, 0, 51, 0, 102, 0, 0, 17, 255};
  values.values = {1, 0, 0.2f, 0, 0.4f, 0, 0, 17.0f / 255, 1};
  const EvaluateOptions options = {.device = "ref"};
  EXPECT_DOUBLE_EQ(*evaluate(identity(3, "softmax"), bytes, options).loss,
                   *evaluate(identity(3, "softmax"), values, options).loss);
}

TEST(Evaluate, RefusesDataThatDoNotFit) {
  const Network network = identity(3, "softmax");
  EXPECT_TRUE(contains(message_of([&] { evaluate(network, pointing(4, {0}, {0})); }),
                       "4 values, expected the 3"));
  data::Dataset many = pointing(3, {0}, {0});
  many.classes = 5;
  EXPECT_TRUE(contains(message_of([&] { evaluate(network, many); }), "5 classes"));
  EXPECT_TRUE(
      contains(message_of([&] { evaluate(network, pointing(3, {0}, {0}), {.device = "cpus"}); }),
               "did you mean 'cpu'?"));
  EXPECT_EQ(evaluate(network, pointing(3, {}, {})).count, 0u);
  EXPECT_EQ(evaluate(network, pointing(3, {}, {})).loss, std::nullopt);
}

}  // namespace
}  // namespace paragon
