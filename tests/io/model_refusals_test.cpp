// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "io/state_of.hpp"
#include "raises.hpp"

namespace paragon::io {
namespace {

using paragon::testing::contains;
using paragon::testing::message_of;

/// What loading says after the first `from` of a good model's text became `to`.
std::string error_after(const Network& network, std::string_view from, std::string_view to) {
  std::string text = model_text(network);
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return message_of([&] { parse_model(text); });
}
std::string error_after(std::string_view from, std::string_view to, DType type = float32) {
  return error_after(parse_network("2 dense:2:relu dense:2:softmax", type), from, to);
}

TEST(Refusals, ErrorsNameThePlace) {
  EXPECT_TRUE(contains(error_after("paragon-model", "other"), "format is 'other'"));
  EXPECT_TRUE(contains(error_after("\"version\": 1", "\"version\": 2"), "version is 2"));
  EXPECT_TRUE(contains(error_after("\"numerics\": 1", "\"numerics\": 9"), "numerics is 9"));
  EXPECT_TRUE(contains(error_after("float32", "float31"), "did you mean 'float32'?"));
  EXPECT_TRUE(contains(error_after("float32", "uint8"), "exponent is missing"));
  EXPECT_TRUE(contains(error_after("\"kind\": \"dense\"", "\"kind\": \"dens\""), "layers[0].kind"));
  EXPECT_TRUE(contains(error_after("\"units\": 2", "\"units\": 0"), "layers[0].units is 0"));
  EXPECT_TRUE(contains(error_after("\"units\": 2", "\"units\": 3"), "layers[0]"));
  EXPECT_TRUE(contains(error_after("\"units\": 2", "\"unit\": 2"), "layers[0].units is missing"));
  EXPECT_TRUE(contains(error_after("\"relu\"", "\"rellu\""), "did you mean 'relu'?"));
  EXPECT_TRUE(contains(error_after("\"relu\"", "\"rellu\""), "layers[0]"));
  EXPECT_TRUE(contains(error_after("[\"input\"]", "[]"), "layers[0].inputs"));
  EXPECT_TRUE(contains(error_after("[\"input\"]", "[\"\"]"), "layers[0].inputs"));
  EXPECT_TRUE(contains(error_after("[\"input\"]", "[3]"), "layers[0].inputs"));
  EXPECT_TRUE(contains(error_after("[\"input\"]", "[\"nobody\"]"), "nobody"));
  EXPECT_TRUE(contains(error_after("[\"input\"]", "[\"input\",\"input\"]"), "reads 2 layers"));
  EXPECT_TRUE(contains(error_after("[\"dense_1\"]", "[\"dense_4\"]"), "dense_4"));
  EXPECT_TRUE(contains(error_after("\"dense_1\"", "\"input\""), "the name is in use"));
  EXPECT_TRUE(contains(error_after("\"dense_4\"", "\"dense_1\""), "layers[1]"));
  EXPECT_TRUE(contains(error_after("\"dense_1\"", "\"\""), "layers[0].name is empty"));
  EXPECT_TRUE(
      contains(error_after("\"dense_1\"", "\"" + std::string(257, 'x') + "\""), "257 bytes"));
  EXPECT_TRUE(
      contains(error_after("\"weights\"", "\"bias\""), "layers[0].parameters[0].role is 'bias'"));
  EXPECT_TRUE(contains(error_after("\"shape\": [2,2]", "\"shape\": [4,1]"),
                       "layers[0].parameters[0].shape"));
  EXPECT_TRUE(contains(error_after("\"values\": [", "\"values\": [1,"),
                       "layers[0].parameters[0].values is an array of 5"));
  EXPECT_TRUE(contains(error_after("\"values\": [", "\"values\": [null,"), "mixes"));
  EXPECT_TRUE(contains(error_after("\"values\": [", "\"values\": [\"1\","), "mixes"));
  EXPECT_TRUE(contains(error_after("\"id\": 1", "\"id\": 0"), "layers[0].id"));
  EXPECT_TRUE(contains(error_after("\"id\": 2", "\"id\": 1"), "layers[0].parameters[0].id is 1"));
  EXPECT_TRUE(contains(error_after("\"next_id\": ", "\"next_id\": 1, \"x\": "), "next_id is 1"));
  EXPECT_TRUE(contains(error_after("dense_1", "dense_\xff"), "byte"));
}

TEST(Refusals, UnknownFieldsNameTheirPath) {
  const auto unknown = [](const Network& network, const std::string& before) {
    return error_after(network, before, "\"extra\": 1, " + before);
  };
  Network network = testing::network_of_all_layers(int8, testing::replays()[4]);
  Tensor momentum(DType::int32, {2});
  network.state().training = detail::TrainingState{3, 2, 1, {{1, "momentum", momentum}}};
  EXPECT_TRUE(contains(unknown(network, "\"seed\""), "key of model:"));
  EXPECT_TRUE(contains(unknown(network, "\"kind\""), "key of layers[0]:"));
  EXPECT_TRUE(contains(unknown(network, "\"role\""), "key of layers[0].parameters[0]:"));
  EXPECT_TRUE(contains(unknown(network, "\"names\""), "key of layers[1].activations:"));
  EXPECT_TRUE(contains(unknown(network, "\"counts\""), "key of layers[1].sources:"));
  EXPECT_TRUE(contains(unknown(network, "\"gain\""), "key of layers[1].replay:"));
  EXPECT_TRUE(contains(unknown(network, "\"epoch\""), "key of model.training:"));
  EXPECT_TRUE(
      contains(unknown(network, "\"name\": \"momentum\""), "key of model.training.slots[0]:"));
  // Fields of fixed-point networks do not belong to the others.
  EXPECT_TRUE(contains(error_after("\"next_id\"", "\"input_exponent\": 1, \"next_id\""),
                       "'input_exponent'"));
  EXPECT_TRUE(contains(error_after("\"inputs\"", "\"output_exponents\": [0,1], \"inputs\""),
                       "'output_exponents'"));
  EXPECT_TRUE(contains(error_after("\"role\"", "\"exponent\": 1, \"role\""), "'exponent'"));
  EXPECT_TRUE(contains(error_after("\"units\": 2", "\"units\": 2, \"units\": 2"), "twice"));
}

TEST(Refusals, NumbersBeyondTheFormat) {
  const auto error = [](DType type, std::string_view from, std::string_view to) {
    return error_after(parse_network("2 dense:2:relu", type), from, to);
  };
  const std::string weights = "layers[0].parameters[0].", bias = "layers[0].parameters[1].";
  EXPECT_TRUE(contains(error(float32, "\"values\": [", "\"values\": [1e39,"), "values"));
  EXPECT_TRUE(contains(error(float32, "\"values\": [0,0]", "\"values\": [0,1e39]"),
                       bias + "values[1] is 1e+39"));
  EXPECT_TRUE(contains(error(float64, "\"values\": [0,0]", "\"values\": [0,1e309]"), "byte"));
  EXPECT_TRUE(contains(error(float64, "\"values\": [0,0]", "\"values\": [0,NaN]"), "byte"));
  for (const DType type : {int8, uint8, int16, uint16, int32, uint32, int64, uint64}) {
    const fixed::Format& format = fixed::format_of(type);
    const auto expect_limits = [&](const std::string& path, const std::string& key, int64_t offset,
                                   int64_t limit, size_t count) {
      const std::string from = "\"" + key + "\": [";
      std::string rest;
      for (size_t i = 1; i < count; ++i) rest += fmt::format(",{}", offset);
      for (const int64_t value : {offset - limit - 1, offset + limit + 1}) {
        std::string number;
        append_number(number, value, "");
        // The old numbers move to a key that is unknown, which is seen later.
        EXPECT_TRUE(contains(error(type, from, from + number + rest + "], \"old\": ["),
                             fmt::format("{}{}[0] is {}", path, key, value)));
      }
    };
    const int64_t offset = info(type).kind == DTypeKind::kUnsigned
                               ? int64_t{1} << (8 * size_of(format.operand) - 1)
                               : 0;
    expect_limits(weights, "view", offset, format.operand_limit, 4);
    expect_limits(bias, "values", 0, format.master_limit(), 2);
    EXPECT_TRUE(contains(error(type, "\"residual\": [", "\"residual\": [\"9223372036854775807\","),
                         "residual is an array of 5"));
  }
  EXPECT_TRUE(contains(error(int8, "\"exponent\": ", "\"exponent\": 9999, \"x\": "),
                       weights + "exponent is 9999"));
  EXPECT_TRUE(contains(error(int8, "\"view_exponent\": ", "\"view_exponent\": 20, \"x\": "),
                       weights + "view_exponent is 20"));
  EXPECT_TRUE(contains(error(int8, "\"residual\": [", "\"residual\": [1.5,"), "residual"));
  EXPECT_TRUE(contains(error(int8, "\"view\": [", "\"view\": [1,"), "view is an array of 5"));
}

TEST(Refusals, PureWeights) {
  for (const DType type : {int8, uint8, int16, uint32}) {
    const Network network = parse_network("1 dense:1:relu", type, 1, "pure");
    const fixed::Format& format = fixed::format_of(type);
    const int64_t offset = info(type).kind == DTypeKind::kUnsigned
                               ? int64_t{1} << (8 * size_of(format.operand) - 1)
                               : 0;
    for (const int64_t value :
         {offset - format.operand_limit - 1, offset + format.operand_limit + 1})
      EXPECT_TRUE(contains(
          error_after(network, "\"values\": [", fmt::format("\"values\": [{}], \"old\": [", value)),
          fmt::format("parameters[0].values[0] is {}", value)));
  }
  const Network network = parse_network("1 dense:1:relu", int8, 1, "pure");
  EXPECT_TRUE(contains(error_after(network, "\"pure\"", "\"pur\""), "did you mean 'pure'?"));
  EXPECT_TRUE(contains(error_after(network, "\"values\"", "\"view\""), "values is missing"));
  EXPECT_TRUE(contains(error_after(network, "\"pure\"", "\"master\""), "view_exponent is missing"));
  EXPECT_TRUE(contains(error_after("\"seed\"", "\"storage\": \"master\", \"seed\""), "'storage'"));
}

TEST(Refusals, ResidualsThatLeaveTheMastersRange) {
  Network network = parse_network("1 dense:1:relu", int16);
  detail::Parameter& weight = network.state().layers[0].parameters[0];
  const int64_t limit = fixed::format_of(int16).master_limit();
  weight.value.as<int32_t>()[0] = static_cast<int32_t>(limit);
  const std::string good = fmt::format(
      "\"residual\": [{}]",
      limit - (int64_t{weight.view.as<int16_t>()[0]} << (weight.view_exponent - weight.exponent)));
  EXPECT_TRUE(contains(error_after(network, good, "\"residual\": [1073741824]"), "residual[0]"));
  EXPECT_TRUE(contains(error_after(network, good, "\"residual\": [\"-9223372036854775808\"]"),
                       "residual[0] is -9223372036854775808"));
}

TEST(Refusals, OutputExponents) {
  Network network = parse_network("1 dense:1:relu", int8);
  network.state().layers[0].output_exponents = {{1, -4}};
  const auto error = [&](std::string_view to) { return error_after(network, "[1,-4]", to); };
  const std::string path = "layers[0].output_exponents";
  EXPECT_TRUE(contains(error("[]"), path));
  EXPECT_TRUE(contains(error("[1]"), path));
  EXPECT_TRUE(contains(error("[1,-4,1,2]"), path + "[2] is 1"));
  EXPECT_TRUE(contains(error("[-1,2]"), path + "[0] is -1"));
  EXPECT_TRUE(contains(error("[4294967296,2]"), path + "[0]"));
  EXPECT_TRUE(contains(error("[0,257]"), path + "[1] is 257"));
  EXPECT_TRUE(contains(error("{}"), path));
  EXPECT_TRUE(contains(error_after("\"next_id\"", "\"input_exponent\": 21, \"next_id\"", int8),
                       "input_exponent is 21"));
}

TEST(Refusals, ListsOfNeurons) {
  Network network({.input = {2}});
  network.add(Wired{.grid = {2, 1}, .sources = {{{0, 1}}, {}}, .activations = {"relu", "tanh"}});
  const auto error = [&](std::string_view from, std::string_view to) {
    return error_after(network, from, to);
  };
  EXPECT_TRUE(contains(error("\"counts\": [1,0]", "\"counts\": [1]"), "sources of 1 neurons"));
  EXPECT_TRUE(contains(error("\"counts\": [1,0]", "\"counts\": [1,1]"), "layers[0].sources.pairs"));
  EXPECT_TRUE(contains(error("\"counts\": [1,0]", "\"counts\": [2,-1]"), "sources.counts[0] is 2"));
  EXPECT_TRUE(contains(error("\"pairs\": [0,1]", "\"pairs\": [0,1,0]"), "layers[0].sources.pairs"));
  EXPECT_TRUE(contains(error("\"pairs\": [0,1]", "\"pairs\": [0,-1]"), "pairs[1] is -1"));
  EXPECT_TRUE(contains(error("\"pairs\": [0,1]", "\"pairs\": [4294967296,1]"), "pairs[0]"));
  EXPECT_TRUE(contains(error("\"pairs\": [0,1]", "\"pairs\": [1,1]"), "neuron 0 reads input 1"));
  EXPECT_TRUE(contains(error("\"pairs\": [0,1]", "\"pairs\": [0,2]"), "reads neuron 2 of input 0"));
  EXPECT_TRUE(contains(error("\"grid\": [2,1]", "\"grid\": [2]"), "layers[0].grid"));
  EXPECT_TRUE(contains(error("\"of_neurons\": [0,1]", "\"of_neurons\": [0]"), "got 1 activations"));
  EXPECT_TRUE(
      contains(error("\"of_neurons\": [0,1]", "\"of_neurons\": []"), "of_neurons is empty"));
  EXPECT_TRUE(
      contains(error("\"of_neurons\": [0,1]", "\"of_neurons\": [0,2]"), "of_neurons[1] is 2"));
  EXPECT_TRUE(contains(error("\"of_neurons\": [0,1]", "\"of_neurons\": [0,-1]"), "of_neurons[1]"));
  EXPECT_TRUE(contains(error("[\"relu\", \"tanh\"]", "[]"), "activations.names is empty"));
  EXPECT_TRUE(contains(error("[\"relu\", \"tanh\"]", "[\"relu\", 3]"), "mixes"));
  EXPECT_TRUE(contains(error("\"tanh\"", "\"tan\""), "did you mean 'tanh'?"));
  EXPECT_TRUE(contains(error("\"tanh\"", "\"softmax\""), "neuron 1 has softmax"));
}

TEST(Refusals, Replays) {
  const Network network = testing::network_of_all_layers(float32, testing::replays().back());
  const auto error = [&](std::string_view from, std::string_view to) {
    return error_after(network, from, to);
  };
  const std::string path = "layers[1]";
  EXPECT_TRUE(contains(error("\"span\": 0", "\"span\": 9"), path));
  EXPECT_TRUE(contains(error("\"span\": 0", "\"span\": -1"), path + ".replay.span is -1"));
  EXPECT_TRUE(contains(error("\"span\": 0", "\"span\": 4294967296"), path + ".replay.span"));
  EXPECT_TRUE(contains(error("\"phase\": \"after\"", "\"phase\": \"later\""), "phase is 'later'"));
  EXPECT_TRUE(contains(error("\"times\": 0", "\"times\": 1"), path));
  EXPECT_TRUE(contains(error("\"budget\": 4", "\"budget\": 65"), "budget is 65"));
  EXPECT_TRUE(
      contains(error("\"budget\": 4", "\"budget\": 0"), path + ".replay is a replay of no"));
  EXPECT_TRUE(contains(error("\"gain\": 1.1", "\"gain\": 1e300"), "gain is 1e+300"));
  EXPECT_TRUE(
      contains(error("\"gain\": 1.1", "\"gain\": \"1.1\""), path + ".replay.gain is a string"));
  EXPECT_TRUE(contains(error("\"gate\": \"expression\"", "\"gate\": \"function\""), path));
  EXPECT_TRUE(contains(error("\"gate\": \"expression\"", "\"gate\": \"mean\""), path));
  EXPECT_TRUE(contains(error("\"map\": [0.5,4,", "\"map\": [0.5,"), path + ".replay.map"));
  EXPECT_TRUE(contains(error("\"map\": [0.5,4,", "\"map\": [0.5,4.5,"), "whole number"));
  EXPECT_TRUE(contains(error("\"map\": [0.5,4,", "\"map\": [0.1,4,"), "falling"));
  EXPECT_TRUE(contains(error("(mean", "(meen"), path + ".replay.expression: "));
  EXPECT_TRUE(contains(error("(mean", "(meen"), "did you mean 'mean'?"));
}

/// A network that was trained, as far as a file can say.
Network checkpoint() {
  Network network = parse_network("1 dense:1:relu", int8);
  Tensor wide(DType::int64, {2, 2}), scalar(DType::float64, {});
  wide.as<int64_t>()[1] = 77;
  network.state().training =
      detail::TrainingState{5, 1, 2, {{2, "variance", wide}, {0, "power", scalar}}};
  return network;
}

TEST(Refusals, TrainingStates) {
  const auto error = [&](std::string_view from, std::string_view to) {
    return error_after(checkpoint(), from, to);
  };
  const std::string slot = "model.training.slots[0].";
  EXPECT_TRUE(contains(error("\"step\": 5", "\"step\": -5"), "model.training.step is -5"));
  EXPECT_TRUE(contains(error("\"step\": 5,", ""), "training.step is missing"));
  EXPECT_TRUE(contains(error("\"type\": \"int64\"", "\"type\": \"uint64\""), slot + "type"));
  EXPECT_TRUE(contains(error("\"type\": \"int64\"", "\"type\": \"int\""), slot + "type"));
  EXPECT_TRUE(
      contains(error("\"type\": \"int64\"", "\"type\": \"int63\""), "did you mean 'int64'?"));
  EXPECT_TRUE(contains(error("\"shape\": [2,2]", "\"shape\": [2,3]"), slot + "values"));
  EXPECT_TRUE(contains(error("\"shape\": [2,2]", "\"shape\": [2,0]"), slot + "shape"));
  EXPECT_TRUE(contains(error("\"shape\": [2,2]", "\"shape\": [2,2,1,1,1]"), slot + "shape"));
  EXPECT_TRUE(contains(error("\"shape\": [2,2]", "\"shape\": [2147483647,2147483647,2147483647,4]"),
                       slot + "values"));
  EXPECT_TRUE(contains(error("[0,77,0,0]", "[0,77,0,0.5]"), slot + "values"));
  EXPECT_TRUE(contains(error("[0,77,0,0]", "7"), slot + "values"));
  EXPECT_TRUE(contains(error("[0,77,0,0]", "[0,\"9223372036854775808\",0,0]"), "mixes"));
  EXPECT_TRUE(contains(
      error("\"id\": 0,\n    \"name\": \"power\"", "\"id\": 2,\n    \"name\": \"variance\""),
      "each slot once"));
}

TEST(Refusals, HugeClaimsCostNoMemory) {
  // A short file that claims a large network must fail, not allocate it.
  for (const char* claim : {"\"units\": 2000000000", "\"units\": 2147483647", "\"units\": 40000"})
    EXPECT_NE(error_after("\"units\": 2", claim), "");
  EXPECT_NE(error_after("\"input\": [2]", "\"input\": [2000000000]"), "");
  EXPECT_NE(error_after("\"input\": [2]", "\"input\": [2000000000,2000000000]"), "");
  EXPECT_NE(error_after("\"input\": [2]", "\"input\": [2,2,2,2,2]"), "");
  EXPECT_NE(error_after("\"input\": [2]", "\"input\": []"), "");
  // One neuron with many sources makes room for as many weights of each neuron.
  Network network({.input = {2}});
  network.add(Wired{.grid = {2, 1}, .sources = {{{0, 1}}, {}}});
  std::string pairs = "0,0", counts = "1000";
  for (int i = 1; i < 1000; ++i) pairs += ",0,0";
  for (int i = 1; i < 1000; ++i) counts += ",0";
  std::string text = model_text(network);
  const auto replace = [&](const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
  };
  replace("[2,1]", "[1000,1]");
  replace("[1,0]", "[" + counts + "]");
  replace("[0,1]", "[" + pairs + "]");
  EXPECT_TRUE(contains(message_of([&] { parse_model(text); }), "expected 1001000 after"));
}

TEST(Refusals, TooManyPassesOfReplays) {
  Network network({.input = {2}});
  const Replay replay{.span = 0, .mode = "loop", .times = 64};
  for (int i = 0; i < 16; ++i) network.add(Dense{.units = 2, .replay = replay});
  EXPECT_TRUE(contains(message_of([&] { network.add(Dense{.units = 2, .replay = replay}); }),
                       "1088 times, expected at most 1024"));
  EXPECT_EQ(network.layers().size(), 16u);
}

TEST(Refusals, WiredLayersOfTooManyInputs) {
  Network network({.input = {4096, 4096}});
  const Wired wired{.grid = {1, 1}, .sources = {{{0, 0}}}};
  network.add(wired);
  EXPECT_TRUE(contains(message_of([&] {
                         network.add_reading(wired, std::vector<std::string>{"input", "wired_1"});
                       }),
                       "16777217 neurons"));
}

}  // namespace
}  // namespace paragon::io
