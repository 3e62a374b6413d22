// SPDX-License-Identifier: Apache-2.0
#include "io/model.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include <paragon/support.hpp>

#include "io/state_of.hpp"
#include "raises.hpp"
#include "temporary_folder.hpp"

namespace paragon::io {
namespace {

using nlohmann::json;
using paragon::testing::contains;
using paragon::testing::message_of;
using paragon::testing::TemporaryFolder;
using testing::expect_equal;

TEST(Model, RoundTripIsExactForEveryTypeLayerAndReplay) {
  for (const DType type : network_types())
    for (const Replay& replay : testing::replays()) {
      SCOPED_TRACE(fmt::format("{} {} {}", name(type), replay.mode, replay.gate));
      Network network = testing::network_of_all_layers(type, replay);
      expect_equal(network, parse_model(model_text(network)));
      testing::make_unusual(network);
      expect_equal(network, parse_model(model_text(network)));
    }
}

TEST(Model, PureWeightsAreTheirOwnRecord) {
  for (const auto& [type, twin] : {std::pair{int8, uint8}, {int16, uint16}, {int32, uint64}}) {
    Network network = testing::network_of_all_layers(type, {}, "pure");
    expect_equal(network, parse_model(model_text(network)));
    testing::make_unusual(network);
    expect_equal(network, parse_model(model_text(network)));
    const json a = json::parse(model_text(testing::network_of_all_layers(type, {}, "pure"))),
               b = json::parse(model_text(testing::network_of_all_layers(twin, {}, "pure")));
    const int64_t offset = int64_t{1} << (8 * size_of(fixed::format_of(type).operand) - 1);
    EXPECT_EQ(a["storage"], "pure");
    for (size_t layer = 0; layer < a["layers"].size(); ++layer) {
      const json &x = a["layers"][layer]["parameters"][0], &y = b["layers"][layer]["parameters"][0];
      EXPECT_EQ(x["exponent"], y["exponent"]);
      EXPECT_FALSE(x.contains("view"));
      ASSERT_EQ(x["values"].size(), y["values"].size());
      for (size_t i = 0; i < x["values"].size(); ++i)
        EXPECT_EQ(x["values"][i].get<int64_t>() + offset, y["values"][i].get<int64_t>());
    }
  }
  const json usual = json::parse(model_text(testing::network_of_all_layers(int8)));
  EXPECT_FALSE(usual.contains("storage"));
}

TEST(Model, SavedFilesLoad) {
  const TemporaryFolder folder;
  for (const DType type : network_types()) {
    Network network = testing::network_of_all_layers(type);
    testing::make_unusual(network);
    network.save(folder.path("net.json"));
    expect_equal(network, Network::load(folder.path("net.json")));
  }
  EXPECT_EQ(folder.names(), std::vector<std::string>{"net.json"});
}

TEST(Model, ReplayIsSavedOnlyWhereThereIsOne) {
  Replay off{.gain = 3, .otherwise = 7};
  const Network network = testing::network_of_all_layers(float32, off);
  EXPECT_FALSE(contains(model_text(network), "replay"));
}

TEST(Model, NamesOfTypesAreThoseOfTheTable) {
  for (const char* type : {"int", "uint", "uint8", "float64"}) {
    const Network network = testing::network_of_all_layers(parse_dtype(type));
    const json file = json::parse(model_text(network));
    EXPECT_EQ(file["type"], type);
    EXPECT_EQ(parse_model(model_text(network)).type(), parse_dtype(type));
  }
}

TEST(Model, UnsignedViewsAreTheOffsetTwinsOfTheSignedOnes) {
  const std::pair<DType, DType> twins[] = {
      {int8, uint8}, {int16, uint16}, {int32, uint32}, {int64, uint64}, {int_, uint_}};
  for (const auto& [one, other] : twins) {
    json a = json::parse(model_text(testing::network_of_all_layers(one)));
    json b = json::parse(model_text(testing::network_of_all_layers(other)));
    const size_t bits = 8 * size_of(fixed::format_of(one).operand);
    const int64_t offset = int64_t{1} << (bits - 1);
    EXPECT_EQ(b["type"], name(other));
    b["type"] = a["type"];
    size_t views = 0;
    for (size_t layer = 0; layer < a["layers"].size(); ++layer) {
      json& weights = a["layers"][layer]["parameters"][0]["view"];
      for (json& view : weights) view = view.get<int64_t>() + offset;
      for (const json& view : b["layers"][layer]["parameters"][0]["view"]) {
        EXPECT_GT(view, 0);
        EXPECT_LT(view.get<int64_t>(), 2 * offset);
        ++views;
      }
    }
    EXPECT_GT(views, 20u);
    EXPECT_EQ(a, b) << name(one);
  }
}

TEST(Model, ResidualIsShorterThanTheMaster) {
  for (const DType type : {int8, int16, int32, int64}) {
    const Network network = parse_network("9 dense:9:relu", type, 3);
    const json file = json::parse(model_text(network));
    const json& weights = file["layers"][0]["parameters"][0];
    const fixed::Format& format = fixed::format_of(type);
    EXPECT_FALSE(weights.contains("values"));
    for (const json& residual : weights["residual"])
      EXPECT_LE(std::abs(residual.get<int64_t>()),
                int64_t{1} << (format.master_bits - format.operand_bits));
  }
}

TEST(Model, WholeNumbersBeyondTheDoublesAreStrings) {
  constexpr int64_t kEdge = int64_t{1} << 53;
  Network network = parse_network("2 dense:2:relu", int64);
  network.state().seed = static_cast<uint64_t>(kEdge) + 1;
  auto bias = network.state().layers[0].parameters[1].value.as<int64_t>();
  bias[0] = kEdge;
  bias[1] = -kEdge - 1;
  const std::string text = model_text(network);
  EXPECT_TRUE(contains(text, "\"seed\": \"9007199254740993\""));
  EXPECT_TRUE(contains(text, "[9007199254740992,\"-9007199254740993\"]"));
  expect_equal(network, parse_model(text));

  detail::TrainingState training;
  training.step = std::numeric_limits<uint64_t>::max();
  Tensor wide(DType::int64, {4});
  const int64_t values[] = {std::numeric_limits<int64_t>::min(), kEdge + 1,
                            std::numeric_limits<int64_t>::max(), -kEdge};
  std::copy(std::begin(values), std::end(values), wide.as<int64_t>().begin());
  training.slots.push_back({0, "9007199254740993", wide});
  network.state().training = training;
  expect_equal(network, parse_model(model_text(network)));
}

TEST(Model, FloatsHaveTheFewestDigitsThatReadAsTheSameBits) {
  const auto text_of = [](auto value) {
    std::string text;
    append_number(text, value, "here");
    return text;
  };
  EXPECT_EQ(text_of(0.1f), "0.1");
  EXPECT_EQ(text_of(0.1), "0.1");
  EXPECT_EQ(text_of(-0.0f), "-0.0");
  EXPECT_EQ(text_of(5e-324), "5e-324");
  EXPECT_EQ(text_of(std::numeric_limits<float>::denorm_min()), "1e-45");
  EXPECT_EQ(text_of(1.0f / 3), "0.33333334");
  EXPECT_EQ(text_of(16777216.0f), "16777216");

  // Of every exponent, read as a reader of doubles does.
  for (uint32_t i = 0; i < 200'000; ++i) {
    float value;
    const uint32_t bits = i * 21475u + random::bits32(1, i) % 21475u;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    const auto read = static_cast<float>(std::strtod(text_of(value).c_str(), nullptr));
    ASSERT_EQ(std::memcmp(&read, &value, sizeof value), 0) << text_of(value);
  }
}

TEST(Model, NamesAndWiringSurvive) {
  Network network({.input = {5}, .type = float32});
  network.add(Dense{.units = 3, .activation = "relu", .name = "first \"\u00e9\""});
  network.add(Dense{.units = 2, .activation = "softmax", .name = "second"}, "input");
  const Network loaded = parse_model(model_text(network));
  expect_equal(network, loaded);
  EXPECT_EQ(loaded.layers()[1].inputs, std::vector<std::string>{"input"});
}

TEST(Model, SaveRefusesWhatAFileCannotHold) {
  const TemporaryFolder folder;
  const auto refused = [&](const Network& network) {
    return message_of([&] { network.save(folder.path("net.json")); });
  };
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Network network = parse_network("2 dense:2:relu", float32);
    network.state().layers[0].parameters[0].value.as<float>()[1] = bad;
    EXPECT_TRUE(contains(refused(network), "dense_1.weights holds"));
  }
  Network function({.input = {3}});
  Replay replay{.budget = 2, .gate = "function"};
  replay.function = [](std::span<const float>) { return 1.0; };
  function.add(Dense{.units = 2, .activation = "relu", .replay = replay, .name = "gated"});
  EXPECT_TRUE(contains(refused(function), "layer gated"));
  EXPECT_TRUE(contains(refused(function), "'function'"));
  Network latin({.input = {3}});
  latin.add(Dense{.units = 2, .name = "caf\xe9"});
  EXPECT_TRUE(contains(refused(latin), "UTF-8"));
  Network wordy({.input = {3}});
  wordy.add(Dense{.units = 2, .name = std::string(257, 'n')});
  EXPECT_TRUE(contains(refused(wordy), "257 bytes"));
  EXPECT_TRUE(folder.names().empty());
  Network longest({.input = {3}});
  longest.add(Dense{.units = 2, .name = std::string(256, 'n')});
  expect_equal(longest, parse_model(model_text(longest)));
}

TEST(Model, CorpusIsWhatTheWriterWrites) {
  // The fuzz target starts from these files; they also keep the format from changing unseen.
  std::set<DType> types;
  for (const auto& entry :
       std::filesystem::directory_iterator(PARAGON_SOURCE_DIR "/fuzz/corpus/model")) {
    const std::string text = read_file(entry.path().string(), 1 << 20);
    const Network network = parse_model(text);
    EXPECT_EQ(model_text(network), text) << entry.path();
    types.insert(network.type());
  }
  EXPECT_EQ(types.size(), network_types().size());
}

TEST(Model, PageShowsWhatTheWriterWrites) {
  const std::string page = read_file(PARAGON_SOURCE_DIR "/docs/model-format.md", 1 << 20);
  EXPECT_TRUE(
      contains(page, "```json\n" + model_text(parse_network("2 dense:1:relu", uint8)) + "```"));
}

TEST(Model, LoadNamesTheFile) {
  const TemporaryFolder folder;
  const std::string path = folder.write("bad.json", "{\"format\":\"paragon-model\"}");
  EXPECT_TRUE(contains(message_of([&] { Network::load(path); }), path));
  EXPECT_TRUE(contains(message_of([&] { Network::load(folder.path("none")); }), "none"));
}

}  // namespace
}  // namespace paragon::io
