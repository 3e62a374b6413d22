// SPDX-License-Identifier: Apache-2.0
#include <paragon/legacy.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

#include <paragon/evaluate.hpp>
#include <paragon/network.hpp>

#include "io/legacy/file.hpp"
#include "io/model.hpp"
#include "raises.hpp"
#include "temporary_folder.hpp"

namespace paragon::io::legacy {
namespace {

using paragon::testing::contains;
using paragon::testing::message_of;
using paragon::testing::TemporaryFolder;

/// A file of layers in a row, one neuron each: `layers` is a list of {settings, neuron}.
std::string chain(const std::string& type, const std::vector<std::array<std::string, 2>>& layers) {
  std::string text;
  for (const auto& [settings, neuron] : layers)
    text += fmt::format("{}{{\"w\":1,\"h\":1,{}\"n\":[[{}]]}}", text.empty() ? "" : ",", settings,
                        neuron);
  return fmt::format(R"({{"type":"{}","layers":[{}]}})", type, text);
}

std::string neuron(const std::string& activation, const std::string& sources = "",
                   const std::string& bias = "0") {
  return fmt::format(R"({{"b":{},"a":"{}","in":[{}]}})", bias, activation, sources);
}

std::string from(int layer, const std::string& weight) {
  return fmt::format(R"({{"layer":{},"x":0,"y":0,"w":{}}})", layer, weight);
}

LegacyNetwork load(const std::string& text) {
  const TemporaryFolder folder;
  return LegacyNetwork::load(folder.write("net.json", text));
}

std::vector<std::string> texts(const std::string& text, const std::vector<double>& samples) {
  return load(text).predict_text(samples);
}

std::string double_input(const std::string& settings, const std::string& type = "float64") {
  return chain(type, {{"", neuron("linear")},
                      {"", neuron("linear", from(0, "2"))},
                      {settings, neuron("linear", from(1, "3") + "," + from(0, "5"))}});
}

TEST(Legacy, ReplaysAsItsSettingsSay) {
  // Input 1: layer 1 is 2, layer 2 is 3 * 2 + 5 = 11; with the gain 2.2 and (6.6 + 5) * 1.1.
  const auto output = [](const std::string& settings) {
    return load(double_input(settings)).predict(std::vector<double>{1})[0];
  };
  const std::string once = R"("re_max":1,)", after = R"("re_phase":"after",)" + once;
  EXPECT_EQ(output(""), 11);
  EXPECT_DOUBLE_EQ(output(R"("re_offset":-1,)" + after), 11.6 * 1.1);
  EXPECT_DOUBLE_EQ(output(R"("re_offset":-9,"re_enabled":false,)" + after), 11.6 * 1.1);
  EXPECT_DOUBLE_EQ(output(R"("re_offset":-9223372036854775808,)" + after), 11.6 * 1.1);
  // The number of repetitions changes nothing.
  EXPECT_DOUBLE_EQ(output(R"("re_offset":-1,"re_phase":"after","re_max":7,)"), 11.6 * 1.1);
  // Before: the layer's own turn comes last, without the gain.
  EXPECT_DOUBLE_EQ(output(R"("re_offset":-1,"re_phase":"before",)" + once), 11.6);
  for (const char* inert :
       {R"("re_offset":1,"re_phase":"after","re_max":1,)", R"("re_offset":-1,"re_phase":"after",)",
        R"("re_offset":-1,"re_phase":"Before","re_max":1,)", R"("re_offset":-1,"re_max":1,)",
        R"("re_enabled":true,"re_budget":3,)",
        R"("re_enabled":null,"re_offset":null,"re_phase":null,"re_max":null,"re_budget":null,)"})
    EXPECT_EQ(output(inert), 11) << inert;
}

TEST(Legacy, WholeNumbersReplayWithTruncation) {
  const std::string settings = R"("re_offset":-1,"re_phase":"after","re_max":1,)";
  // int8: 7 * 2 = 14 -> 15; 15 * 3 + 35 = 80 -> 88.
  EXPECT_EQ(texts(double_input(settings, "int8"), {7.9}), std::vector<std::string>{"88"});
  EXPECT_EQ(texts(double_input("", "int8"), {30}), std::vector<std::string>{"74"});  // 330 wraps
  EXPECT_EQ(texts(double_input("", "uint"), {-1}),
            std::vector<std::string>{"18446744073709551605"});
  EXPECT_EQ(texts(double_input("", "int"), {-1}), std::vector<std::string>{"-11"});
}

TEST(Legacy, LateConnectionsReadTheSampleBefore) {
  // Layer 1 adds up: its own value before, and that of layer 2, which comes later.
  const std::string text = chain(
      "int32", {{"", neuron("linear")},
                {"", neuron("linear", from(0, "1") + "," + from(1, "1") + "," + from(2, "10"))},
                {"", neuron("linear", from(1, "1"))}});
  LegacyNetwork network = load(text);
  EXPECT_EQ(network.info().late_connections, 2u);
  EXPECT_EQ(network.predict(std::vector<double>{1, 2}), (std::vector<double>{1, 13}));
  LegacyNetwork copy = network;
  EXPECT_EQ(network.predict(std::vector<double>{1}), (std::vector<double>{144}));
  EXPECT_EQ(copy.predict(std::vector<double>{0}),
            (std::vector<double>{143}));  // a state of its own
}

TEST(Legacy, SoftmaxOfTheFirstOutputIsForAll) {
  const std::string grid = R"({"type":"TYPE","layers":[
    {"w":1,"h":1,"n":[[{"b":0,"a":"linear"}]]},
    {"w":2,"h":1,"n":[[{"b":0,"a":"FIRST","in":[{"layer":0,"x":0,"y":0,"w":1}]},
                       {"b":0,"a":"SECOND","in":null}]]}]})";
  const auto with = [&](const std::string& type, const std::string& first,
                        const std::string& second) {
    std::string text = grid;
    for (const auto& [word, by] :
         {std::pair<std::string, std::string>{"TYPE", type}, {"FIRST", first}, {"SECOND", second}})
      text.replace(text.find(word), word.size(), by);
    return load(text);
  };
  LegacyNetwork both = with("float64", "softmax", "relu");
  EXPECT_TRUE(both.info().probabilities);
  EXPECT_DOUBLE_EQ(both.predict(std::vector<double>{1})[1], 1 / (1 + std::exp(1.0)));
  EXPECT_EQ(with("float64", "linear", "softmax").predict(std::vector<double>{1}),
            (std::vector<double>{1, 0}));
  EXPECT_EQ(with("int8", "softmax", "softmax").predict(std::vector<double>{0}),
            (std::vector<double>{64, 64}));  // 63.5 each
  EXPECT_EQ(with("uint64", "softmax", "").predict(std::vector<double>{0}),
            (std::vector<double>{2147483648, 2147483648}));
}

TEST(Legacy, KeysInAnyCaseAndUnknownOnes) {
  const std::string text = R"({"extra":{"deep":[[1,"x",{"w":[]}]]},"TYPE":"int16","Layers":[
    {"W":1,"H":1,"N":[[{"B":0,"A":"linear","IN":[]}]],"note":[null,true,-1.5]},
    {"n":[[{"a":"linear","b":-0,"in":[{"W":2,"Layer":0,"Y":0,"X":0,"old":1e9}]}]],"w":1,"h":1}]})";
  EXPECT_EQ(texts(text, {21}), std::vector<std::string>{"42"});
}

TEST(Legacy, NumbersAreDoublesOfTheFile) {
  // 2^53 + 1 and 18446744073709551616 lose their low bits; -0 keeps its sign.
  const auto bias = [](const std::string& type, const std::string& value) {
    return texts(chain(type, {{"", neuron("linear")}, {"", neuron("linear", "", value)}}), {0})[0];
  };
  EXPECT_EQ(bias("int64", "9007199254740993"), "9007199254740992");
  EXPECT_EQ(bias("uint64", "9223372036854777857"), "9223372036854777856");
  EXPECT_EQ(bias("uint64", "18446744073709551616"), "9223372036854775808");
  EXPECT_EQ(bias("int8", "300.7"), "44");
  EXPECT_EQ(bias("uint8", "-1"), "255");
  EXPECT_EQ(bias("float64", "-0"), "-0");
  EXPECT_EQ(bias("float32", "1e40"), "inf");
  EXPECT_EQ(bias("float32", "0.1"), "0.1");
}

TEST(Legacy, OtherNumbersThanFinite) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::string zero =
      chain("float64", {{"", neuron("linear")}, {"", neuron("linear", from(0, "0"))}});
  EXPECT_EQ(texts(zero, {kInfinity, -std::numeric_limits<double>::quiet_NaN()}),
            (std::vector<std::string>{"nan", "nan"}));
  EXPECT_TRUE(load(zero).predict({}).empty());
}

TEST(Legacy, InfoSaysWhatIsInert) {
  const LegacyNetwork network = load(
      chain("float32",
            {{R"("re_max":2,)", neuron("relu", from(0, "1"))},
             {R"("re_offset":-1,"re_phase":"before","re_max":2,)", neuron("swish", from(0, "1"))},
             {R"("re_enabled":true,"re_budget":3,)", neuron("softmax", from(1, "1"))},
             {R"("re_offset":-1,"re_phase":"now","re_max":1,)", neuron("softmax", from(2, "1"))}}));
  const LegacyInfo& info = network.info();
  EXPECT_EQ(info.parameters, 6u);
  EXPECT_EQ(info.layers[1].connections, 1u);
  EXPECT_EQ(info.layers[1].activations, (std::map<std::string, size_t>{{"swish", 1}}));
  EXPECT_TRUE(info.layers[1].replays);
  EXPECT_FALSE(info.layers[0].replays);
  std::string all;
  for (const std::string& what : info.inert) all += what + "\n";
  for (const char* part : {"layer 0: 1 connections", "layer 0: replay of offset 0",
                           "layer 1: re_max 2: the replay", "layer 1: replay before: it starts",
                           "layer 1: swish passes", "layer 2: re_enabled and re_budget (3)",
                           "layer 2: softmax passes", "phase 'now', max 1: the phase is neither"})
    EXPECT_TRUE(contains(all, part));
  EXPECT_EQ(info.inert.size(), 8u);
}

TEST(Legacy, TellsTheFormatsApart) {
  const TemporaryFolder folder;
  const auto legacy = [&](const std::string& text) {
    return LegacyNetwork::is_legacy(folder.write("net.json", text));
  };
  EXPECT_TRUE(legacy(double_input("")));
  EXPECT_TRUE(legacy(double_input("").substr(0, 60)));
  EXPECT_TRUE(legacy(R"({"LAYERS":[{"n":)"));
  EXPECT_TRUE(legacy(R"({"layers":[]})"));
  EXPECT_FALSE(legacy(io::model_text(parse_network("4 dense:2:relu", float32))));
  EXPECT_TRUE(legacy(R"({"format":"of mine","layers":[{"name":"a","kind":"b","n":[]}]})"));
  EXPECT_FALSE(legacy(R"({"layers":[{"name":"a","kind":"b"}],"format":"paragon-model"})"));
  EXPECT_FALSE(legacy(R"({"layers":[],"format":"paragon-model"})"));
  for (const char* other : {"", "[1,2,3]", "{}", "{\"inputs\":[]}", "7", "\xff\xfe", "{\"layers\""})
    EXPECT_FALSE(legacy(other)) << other;
  EXPECT_FALSE(legacy(std::string(200'000, '[')));
  EXPECT_FALSE(legacy("{\"a\":" + std::string(200'000, '{')));
  EXPECT_TRUE(
      contains(message_of([&] { LegacyNetwork::is_legacy(folder.path("none")); }), "no such file"));
  // The other loader says what it is.
  const std::string path = folder.write("net.json", double_input(""));
  EXPECT_TRUE(contains(message_of([&] { Network::load(path); }), "file of the Go framework"));
}

TEST(Legacy, EvaluateSeesBytesAsTheOriginalDid) {
  // Two outputs: 0 has the bias 0.5, 1 has the pixel. Bytes are divided by 255.
  const std::string text = R"({"type":"TYPE","layers":[
    {"w":1,"h":1,"n":[[{"b":0,"a":"linear","in":[]}]]},
    {"w":2,"h":1,"n":[[{"b":0.5,"a":"linear","in":[]},
      {"b":0,"a":"linear","in":[{"layer":0,"x":0,"y":0,"w":1}]}]]}]})";
  data::Dataset data = {
      .sample_shape = {1, 1}, .bytes = {0, 127, 128, 255}, .labels = {0, 0, 1, 1}, .classes = 2};
  const auto accuracy = [&](const std::string& type) {
    std::string typed = text;
    typed.replace(typed.find("TYPE"), 4, type);
    return evaluate(load(typed), data).accuracy;
  };
  EXPECT_EQ(accuracy("float32"), 100);
  EXPECT_EQ(accuracy("int8"), 75);  // 128 / 255 becomes 0, as the bias: the first one wins
  data.values = {0, 0.25f, 0.75f, 1};
  data.bytes.clear();
  EXPECT_EQ(accuracy("float64"), 100);
  data.sample_shape = {2};
  data.values.resize(8);
  EXPECT_TRUE(contains(message_of([&] { accuracy("int8"); }), "2 values, expected the 1"));
  data.sample_shape = {1};
  data.values.resize(4);
  data.classes = 3;
  EXPECT_TRUE(contains(message_of([&] { accuracy("int8"); }), "3 classes"));
}

}  // namespace
}  // namespace paragon::io::legacy
