// SPDX-License-Identifier: Apache-2.0
// Files of the Go framework as networks of Paragon.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <random>

#include <paragon/legacy.hpp>
#include <paragon/trainer.hpp>

#include "raises.hpp"
#include "temporary_folder.hpp"

namespace paragon {
namespace {

using paragon::testing::contains;
using paragon::testing::message_of;
using paragon::testing::TemporaryFolder;

std::vector<std::string> models() {
  std::vector<std::string> names;
  const std::string folder = std::string(PARAGON_SOURCE_DIR) + "/tests/data/original";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() == ".json" && !name.ends_with(".expect")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

LegacyNetwork original(const std::string& name) {
  return LegacyNetwork::load(std::string(PARAGON_SOURCE_DIR) + "/tests/data/original/" + name +
                             ".json");
}

LegacyNetwork load(const std::string& text) {
  const TemporaryFolder folder;
  return LegacyNetwork::load(folder.write("net.json", text));
}

/// Values that float32 has exactly, so that both sides see the same inputs.
std::vector<float> samples_for(const LegacyNetwork& network, size_t count) {
  std::mt19937 random(7);
  std::vector<float> samples(count * network.inputs());
  for (float& value : samples) value = static_cast<float>(random() % 1025) / 1024;
  return samples;
}

/// On the device that defines the results.
std::vector<float> outputs_of(const Network& network, const std::vector<float>& samples,
                              size_t count) {
  std::vector<float> outputs(count * network.outputs());
  Predictor(network, {.device = "ref", .batch = count}).run(samples, outputs);
  return outputs;
}

/// Expects the same outputs before and after, but for `tolerance`.
void expect_equal(LegacyNetwork old, const Network& fresh, double tolerance) {
  const std::vector<float> samples = samples_for(old, 5);
  const std::vector<double> before =
      old.predict(std::vector<double>(samples.begin(), samples.end()));
  const std::vector<float> after = outputs_of(fresh, samples, 5);
  ASSERT_EQ(before.size(), after.size());
  for (size_t i = 0; i < before.size(); ++i)
    EXPECT_NEAR(after[i], before[i], tolerance * (1 + std::abs(before[i]))) << "output " << i;
}

size_t tanh_neurons(const LegacyInfo& info) {
  size_t count = 0;
  for (const LegacyLayer& layer : info.layers)
    if (const auto found = layer.activations.find("tanh"); found != layer.activations.end())
      count += found->second;
  return count;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

class ConvertOriginal : public ::testing::TestWithParam<std::string> {};

TEST_P(ConvertOriginal, ComputesTheSame) {
  const LegacyNetwork old = original(GetParam());
  const LegacyInfo& info = old.info();
  const Conversion own = convert(old), wide = convert(old, float64);
  EXPECT_EQ(own.network.type(), parse_dtype(info.type));
  EXPECT_EQ(wide.network.type(), float64);
  EXPECT_EQ(own.network.outputs(), old.outputs());
  ASSERT_EQ(own.network.layers().size() + 1, info.layers.size());
  EXPECT_TRUE(contains(joined(own.remarks), joined(info.inert)));
  EXPECT_EQ(contains(joined(own.remarks), "tanh"), tanh_neurons(info) > 0);
  EXPECT_EQ(contains(joined(own.remarks), "whole numbers were divided"), info.integer);
  if (info.integer || tanh_neurons(info) > 0) return;
  expect_equal(old, wide.network, 1e-5);
  expect_equal(old, own.network, 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Files, ConvertOriginal, ::testing::ValuesIn(models()),
                         [](const auto& test) { return test.param; });

TEST(Convert, KeepsIrregularWirings) {
  const auto kinds = [](const std::string& name) {
    std::vector<std::string> texts;
    for (const LayerInfo& layer : convert(original(name)).network.layers()) {
      texts.push_back(fmt::format("{} {}", layer.name, keyword(layer.config)));
      for (const std::string& input : layer.inputs) texts.back() += " " + input;
    }
    return texts;
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(kinds("a_dense_f32"), (Texts{"layer_1 dense input", "layer_2 dense layer_1"}));
  EXPECT_EQ(kinds("b_local_f32"), (Texts{"layer_1 wired input", "layer_2 dense layer_1"}));
  EXPECT_EQ(kinds("g_add_layer_middle_f32"),
            (Texts{"layer_1 wired input", "layer_2 wired layer_1", "layer_3 wired layer_1",
                   "layer_4 dense layer_2"}));
  EXPECT_EQ(kinds("g_add_neurons_f32"), (Texts{"layer_1 dense input", "layer_2 wired layer_1"}));
}

TEST(Convert, WholeNumbersAreDividedByTheirUnit) {
  const auto values = [](const std::string& type, const std::string& weight, DType target) {
    const LegacyNetwork old = load(fmt::format(
        R"({{"type":"{}","layers":[{{"w":1,"h":1,"n":[[{{"b":0,"a":""}}]]}},{{"w":1,"h":1,"n":
           [[{{"b":-3,"a":"linear","in":[{{"layer":0,"x":0,"y":0,"w":{}}}]}}]]}}]}})",
        type, weight));
    const Network network = convert(old, target).network;
    return std::array{network.values("layer_1.weights")[0], network.values("layer_1.bias")[0]};
  };
  using Pair = std::array<double, 2>;
  EXPECT_EQ(values("int8", "127", float64), (Pair{1, -3 / 127.0}));
  EXPECT_EQ(values("int8", "300.7", float64), (Pair{44 / 127.0, -3 / 127.0}));  // as Go converts
  EXPECT_EQ(values("uint8", "51", float64), (Pair{0.2, 253 / 255.0}));
  EXPECT_EQ(values("int64", "4294967294", float64), (Pair{2, -3 / 2147483647.0}));
  EXPECT_EQ(values("float32", "0.1", float64), (Pair{double{0.1f}, -3}));
  const Pair fixed = values("int16", "8192", int16);
  EXPECT_NEAR(fixed[0], 8192 / 32767.0 * 256 / 255, 0x1p-25);  // a feature of 1 is 255/256
  EXPECT_NEAR(fixed[1], -3 / 32767.0, 0x1p-24);
}

TEST(Convert, IntegersBecomeFixedPointNearTheRealNetwork) {
  for (const char* name : {"c_int8", "d_uint16", "h_int16_softmax"}) {
    const LegacyNetwork old = original(name);
    const std::vector<float> samples = samples_for(old, 5);
    const std::vector<float> real = outputs_of(convert(old, float64).network, samples, 5);
    const std::vector<float> fixed = outputs_of(convert(old).network, samples, 5);
    double largest = 0;
    for (const float value : real) largest = std::max(largest, std::abs(double{value}));
    ASSERT_GT(largest, 0);
    for (size_t i = 0; i < real.size(); ++i) EXPECT_NEAR(fixed[i], real[i], 0.05 * largest) << name;
  }
}

/// Layers in a row, one neuron each: {settings, activation and sources}.
std::string chain(const std::vector<std::array<std::string, 2>>& layers) {
  std::string text;
  for (const auto& [settings, rest] : layers)
    text += fmt::format("{}{{\"w\":1,\"h\":1,{}\"n\":[[{{\"b\":0.5,{}}}]]}}",
                        text.empty() ? "" : ",", settings, rest);
  return fmt::format(R"({{"type":"float64","layers":[{}]}})", text);
}

std::string neuron(const std::string& activation, const std::vector<int>& layers) {
  std::string sources;
  double weight = 0.75;
  for (const int layer : layers)
    sources += fmt::format(R"({}{{"layer":{},"x":0,"y":0,"w":{}}})", sources.empty() ? "" : ",",
                           layer, weight -= 0.5);
  return fmt::format(R"("a":"{}","in":[{}])", activation, sources);
}

std::string replay(int64_t offset, const char* phase) {
  return fmt::format(R"("re_offset":{},"re_phase":"{}","re_max":3,)", offset, phase);
}

TEST(Convert, FixedPointSeesTheSameInputs) {
  // Features are worth a little less there, which the first weights make up for.
  std::string text = chain({{"", neuron("", {})}, {"", neuron("linear", {0})}});
  text.replace(text.find("0.25"), 4, "3");
  LegacyNetwork old = load(text);
  const std::vector<float> samples = {0.75f, -0.5f, 0.125f};
  const std::vector<double> before = old.predict(std::vector<double>{0.75, -0.5, 0.125});
  EXPECT_EQ(before[0], 2.75);
  for (const DType type : {int16, int32, uint64}) {
    const std::vector<float> after = outputs_of(convert(old, type).network, samples, 3);
    for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(after[i], before[i], 2e-4) << name(type);
  }
}

TEST(Convert, ReplaysAsTheOriginal) {
  // A chain with connections that skip layers; every pair of replays on its last layers.
  const auto network = [](const std::string& second, const std::string& third) {
    return load(chain({{"", neuron("", {})},
                       {"", neuron("leaky_relu", {0})},
                       {second, neuron("linear", {1, 0})},
                       {third, neuron("linear", {2, 1, 0})},
                       {"", neuron("linear", {3, 1})}}));
  };
  const double plain = network("", "").predict(std::vector<double>{1})[0];
  std::vector<std::string> settings = {""};
  for (const char* phase : {"after", "before"})
    for (const int64_t offset : {-1, -2, -9}) settings.push_back(replay(offset, phase));
  for (const std::string& second : settings)
    for (const std::string& third : settings) {
      const LegacyNetwork old = network(second, third);
      expect_equal(old, convert(old).network, 1e-6);
      EXPECT_EQ(LegacyNetwork(old).predict(std::vector<double>{1})[0] == plain,
                second.empty() && third.empty());
    }
  // What the settings have become.
  const auto layers = convert(network(replay(-9, "after"), replay(-1, "before"))).network.layers();
  const Replay after = std::get<Wired>(layers[1].config).replay,
               before = std::get<Wired>(layers[2].config).replay;
  EXPECT_EQ(after.span, 1u);
  EXPECT_EQ(after.phase, "after");
  EXPECT_EQ(after.mode, "repeat");
  EXPECT_EQ(after.times, 1u);
  EXPECT_EQ(after.gain, 1.1);
  EXPECT_EQ(before.span, 1u);
  EXPECT_EQ(before.phase, "before");
  // A replay before the first layer starts with it: its own turn undoes it.
  const LegacyNetwork inert =
      load(chain({{"", neuron("", {})}, {replay(-1, "before"), neuron("elu", {0})}}));
  const Conversion first = convert(inert);
  EXPECT_FALSE(std::get<Dense>(first.network.layers()[0].config).replay.enabled());
  EXPECT_TRUE(contains(joined(first.remarks), "layer 1: replay before"));
  expect_equal(inert, first.network, 1e-6);
}

TEST(Convert, WiringsOfAllKinds) {
  // Layer 1: a neuron with two sources, one with a source named twice, one of a bias only; layer 2
  // is read by nothing; layer 3 reads the input and layer 1.
  const LegacyNetwork old = load(R"({"type":"float64","layers":[
    {"w":2,"h":1,"n":[[{"b":0,"a":"linear"},{"b":0,"a":"linear"}]]},
    {"w":1,"h":3,"n":[[{"b":0.5,"a":"relu","in":[{"layer":0,"x":1,"y":0,"w":2},
                                                 {"layer":0,"x":0,"y":0,"w":-1}]}],
                      [{"b":0,"a":"sigmoid","in":[{"layer":0,"x":1,"y":0,"w":1},
                                                  {"layer":0,"x":1,"y":0,"w":3}]}],
                      [{"b":-7,"a":"leaky_relu"}]]},
    {"w":1,"h":1,"n":[[{"b":9,"a":"linear","in":[]}]]},
    {"w":2,"h":1,"n":[[{"b":0,"a":"elu","in":[{"layer":1,"x":0,"y":2,"w":1},
                                              {"layer":0,"x":0,"y":0,"w":1}]},
                       {"b":1,"a":"elu","in":[{"layer":1,"x":0,"y":1,"w":-2}]}]]}]})");
  const Conversion conversion = convert(old);
  expect_equal(old, conversion.network, 1e-6);
  const auto layers = conversion.network.layers();
  const auto& first = std::get<Wired>(layers[0].config);
  EXPECT_EQ(first.activations, (std::vector<std::string>{"relu", "sigmoid", "leaky_relu"}));
  EXPECT_EQ(first.grid, (std::array<size_t, 2>{1, 3}));
  EXPECT_EQ(first.sources[1].size(), 2u);
  EXPECT_EQ(layers[1].inputs, std::vector<std::string>{"layer_1"});
  EXPECT_EQ(layers[2].inputs, (std::vector<std::string>{"input", "layer_1"}));
  EXPECT_EQ(std::get<Wired>(layers[2].config).activation, "elu");
}

TEST(Convert, SoftmaxOfTheFirstOutputIsForAll) {
  const auto network = [](const std::string& first, const std::string& second) {
    const auto output = [](const std::string& name, const char* weight) {
      return fmt::format(R"({{"b":0,"a":"{}","in":[{{"layer":0,"x":0,"y":0,"w":{}}}]}})", name,
                         weight);
    };
    return load(
        fmt::format(R"({{"type":"float32","layers":[{{"w":1,"h":1,"n":[[{{"b":0,"a":""}}]]}},
      {{"w":2,"h":1,"n":[[{},{}]]}}]}})",
                    output(first, "1.5"), output(second, "-0.5")));
  };
  for (const char* second : {"softmax", "linear", "swish", ""}) {
    const LegacyNetwork old = network("softmax", second);
    const Conversion conversion = convert(old);
    EXPECT_EQ(std::get<Dense>(conversion.network.layers()[0].config).activation, "softmax");
    expect_equal(old, conversion.network, 1e-5);
  }
  // Of another neuron alone it is nothing.
  const LegacyNetwork second = network("linear", "softmax");
  expect_equal(second, convert(second).network, 1e-5);
  EXPECT_TRUE(contains(message_of([&] { convert(network("softmax", "relu")); }),
                       "layers[1].n[0][1].a is relu, expected softmax or linear"));
}

TEST(Convert, RefusesWhatHasNoNativeForm) {
  const auto refusal = [](const std::string& text, std::optional<DType> type = {}) {
    const LegacyNetwork old = load(text);
    return message_of([&] { convert(old, type); });
  };
  const std::string late =
      chain({{"", neuron("", {})}, {"", neuron("relu", {0, 2})}, {"", neuron("relu", {1})}});
  EXPECT_TRUE(contains(refusal(late), "layers[1].n[0][0].in[1].layer is 2, expected 0 .. 0"));
  const std::string own = chain({{"", neuron("", {})}, {"", neuron("relu", {0, 1})}});
  EXPECT_TRUE(contains(refusal(own), "layers[1].n[0][0].in[1].layer is 1, expected 0 .. 0"));
  EXPECT_TRUE(contains(refusal(chain({{"", neuron("", {})}})), "the input layer only"));
  std::string large = chain({{"", neuron("", {})}, {"", neuron("relu", {0})}});
  large.replace(large.find("0.25"), 4, "1e39");
  EXPECT_TRUE(contains(refusal(large, float32), "layer_1.weights[0] is 1e+39"));
  EXPECT_TRUE(contains(refusal(large, int8), "which is what int8 holds"));
  EXPECT_EQ(convert(load(large)).network.values("layer_1.weights")[0], 1e39);
  // 4096 neurons of which one has 4096 sources: 2^24 weights, and the neurons.
  std::string neurons, sources;
  for (int i = 0; i < 4096; ++i)
    sources += fmt::format(R"({}{{"layer":0,"x":0,"y":0,"w":1}})", i > 0 ? "," : "");
  for (int i = 1; i < 4096; ++i) neurons += R"(,{"b":0,"a":""})";
  EXPECT_TRUE(contains(refusal(fmt::format(
                           R"({{"type":"int8","layers":[{{"w":1,"h":1,"n":[[{{"b":0,"a":""}}]]}},
      {{"w":4096,"h":1,"n":[[{{"b":0,"a":"","in":[{}]}}{}]]}}]}})",
                           sources, neurons)),
                       "16781312 neurons and weights"));
}

TEST(Convert, TheResultTrains) {
  for (const DType type : {float32, int8}) {
    Network network = convert(original("b_local_f32"), type).network;
    data::Dataset data = {.sample_shape = {6, 6}, .classes = 3};
    for (int32_t i = 0; i < 96; ++i) {
      const int32_t label = i % 3;
      for (int p = 0; p < 36; ++p)
        data.values.push_back(p / 12 == label ? 0.5f + static_cast<float>(i) / 256 : 0.1f);
      data.labels.push_back(label);
    }
    Trainer trainer(network, {.optimizer = Adam{.rate = 0.01}, .batch = 16, .epochs = 30});
    const auto epochs = trainer.fit(data);
    EXPECT_LT(epochs.back().loss, 0.2 * epochs.front().loss) << name(type);
  }
}

}  // namespace
}  // namespace paragon
