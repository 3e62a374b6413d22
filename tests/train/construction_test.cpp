// SPDX-License-Identifier: Apache-2.0
// Networks as they are built, and what networks, trainers and predictors refuse.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "problems.hpp"
#include "raises.hpp"
#include "train/model_graph.hpp"

namespace paragon {
namespace {

using testing::blobs;
using testing::contains;
using testing::message_of;

TEST(LocallyConnected, WindowsStartWhereTheRuleSays) {
  struct Grid {
    size_t in_width, in_height, field, width, height;
  };
  for (const Grid& g : {Grid{28, 28, 5, 16, 16},
                        {28, 28, 5, 24, 24},
                        {10, 7, 3, 4, 3},
                        {9, 9, 2, 9, 5},
                        {5, 5, 5, 1, 1},
                        {6, 4, 4, 3, 1},
                        {7, 7, 1, 7, 7},
                        {4, 4, 3, 9, 2}}) {
    SCOPED_TRACE(std::to_string(g.in_width) + "x" + std::to_string(g.in_height) + " -> " +
                 std::to_string(g.width) + "x" + std::to_string(g.height) + " field " +
                 std::to_string(g.field));
    Network network({.input = {g.in_height, g.in_width}});
    network.add(LocallyConnected{.grid = {g.width, g.height}, .field = g.field});
    EXPECT_EQ(network.layers()[0].shape, (std::vector<size_t>{g.height, g.width}));
    EXPECT_EQ(network.parameters(), g.width * g.height * (g.field * g.field + 1));
    const auto model = train::build_model(network.state(), 2, float32);
    std::shared_ptr<const ir::IndexTable> table;
    for (ir::NodeId id = 0; id < model.graph.size(); ++id)
      if (model.graph[id].op == ir::Op::gather_dot) table = model.graph[id].attrs.table;
    ASSERT_NE(table, nullptr);
    ASSERT_EQ(table->units, g.width * g.height);
    ASSERT_EQ(table->taps, g.field * g.field);
    const auto start = [](size_t i, size_t in, size_t field, size_t out) {
      if (out == 1) return size_t{0};
      return static_cast<size_t>(
          std::floor(static_cast<double>(i * (in - field)) / static_cast<double>(out - 1) + 0.5));
    };
    for (size_t unit = 0; unit < table->units; ++unit)
      for (size_t tap = 0; tap < table->taps; ++tap) {
        const size_t row = start(unit / g.width, g.in_height, g.field, g.height) + tap / g.field;
        const size_t column = start(unit % g.width, g.in_width, g.field, g.width) + tap % g.field;
        ASSERT_EQ(table->index[unit * table->taps + tap],
                  static_cast<int32_t>(row * g.in_width + column))
            << "unit " << unit << " tap " << tap;
      }
  }
}

TEST(Network, InitialWeightsFillTheirRange) {
  for (const DType type : network_types()) {
    Network network({.input = {300}, .type = type, .seed = 2});
    network.add(Dense{.units = 50, .activation = "relu", .name = "r"})
        .add(Dense{.units = 50, .activation = "softmax", .name = "s"});
    for (const auto& [layer, bound] :
         {std::pair{"r", std::sqrt(6.0 / 300)}, std::pair{"s", std::sqrt(1.0 / 50)}}) {
      double largest = 0, mean = 0, square = 0;
      const auto values = network.values(std::string(layer) + ".weights");
      for (const double v : values) {
        largest = std::max(largest, std::abs(v));
        mean += v / static_cast<double>(values.size());
        square += v * v / static_cast<double>(values.size());
      }
      EXPECT_LE(largest, bound * 1.00001) << name(type);
      EXPECT_GT(largest, bound * 0.98);
      EXPECT_NEAR(mean, 0, bound * 0.06);
      EXPECT_NEAR(std::sqrt(square), bound / std::sqrt(3.0), bound * 0.03);
      for (const double v : network.values(std::string(layer) + ".bias")) EXPECT_EQ(v, 0);
    }
  }
  // Seeds and layers draw apart; the same seed draws the same.
  const auto weights = [](uint64_t seed) {
    Network network({.input = {20}, .seed = seed});
    network.add(Dense{.units = 20, .name = "a"}).add(Dense{.units = 20, .name = "b"});
    return std::pair(network.values("a.weights"), network.values("b.weights"));
  };
  EXPECT_EQ(weights(1), weights(1));
  EXPECT_NE(weights(1), weights(2));
  EXPECT_NE(weights(1).first, weights(1).second);
}

TEST(Network, LayersReadTheirInputs) {
  Network network({.input = {8}});
  network.add(Dense{.units = 4, .name = "first"})
      .add(Dense{.units = 3, .name = "side"}, "input")
      .add(Dense{.units = 2, .activation = "softmax"}, "first");
  const auto layers = network.layers();
  EXPECT_EQ(layers[1].inputs, std::vector<std::string>{"input"});
  EXPECT_EQ(layers[2].inputs, std::vector<std::string>{"first"});
  EXPECT_EQ(layers[1].parameters, 27u);
  EXPECT_EQ(layers[2].parameters, 10u);
  EXPECT_NE(layers[0].id, layers[1].id);
  EXPECT_EQ(network.outputs(), 2u);
  Network copy = network;
  copy.add(Dense{.units = 1}, "first");
  EXPECT_EQ(network.layers().size(), 3u);
}

/// A mistake of the caller, and what its message must name.
struct Mistake {
  const char* name;
  std::function<void()> make;
  std::vector<std::string> parts;
};

Network small() {
  Network network({.input = {6, 6}});
  network.add(Dense{.units = 4, .name = "hidden"})
      .add(Dense{.units = 3, .activation = "softmax", .name = "out"});
  return network;
}

void expect_messages(const std::vector<Mistake>& mistakes) {
  for (const Mistake& mistake : mistakes) {
    SCOPED_TRACE(mistake.name);
    const std::string message = message_of(mistake.make);
    for (const std::string& part : mistake.parts) EXPECT_TRUE(contains(message, part));
  }
}

TEST(Network, RefusesWhatCannotBe) {
  const auto local = [](size_t in, size_t field, size_t width, size_t height) {
    Network network({.input = {in, in}});
    network.add(LocallyConnected{.grid = {width, height}, .field = field, .name = "here"});
  };
  const auto add = [](const LayerConfig& config, const char* input = "") {
    Network network({.input = {6, 6}});
    network.add(Dense{.units = 4, .name = "hidden"}).add(config, input);
  };
  expect_messages({
      {"skipped inputs",
       [&] { local(28, 3, 8, 16); },
       {"layer here", "width", "field of 3", "skipped"}},
      {"skipped rows", [&] { local(28, 3, 16, 8); }, {"layer here", "height", "skipped"}},
      {"one window", [&] { local(8, 5, 1, 4); }, {"layer here", "width", "expected a field of 8"}},
      {"no grid", [&] { local(8, 3, 0, 4); }, {"layer here", "width", "0"}},
      {"wide field", [&] { local(4, 5, 2, 2); }, {"layer here", "field of 5", "4"}},
      {"no field", [&] { local(4, 0, 2, 2); }, {"layer here", "field of 0"}},
      {"local on a list",
       [&] {
         add(LocallyConnected{.grid = {2, 2}, .field = 2, .name = "here"});
       },
       {"layer here", "[4]", "grid"}},
      {"name in use", [&] { add(Dense{.units = 2, .name = "hidden"}); }, {"hidden", "in use"}},
      {"name of the input", [&] { add(Dense{.units = 2, .name = "input"}); }, {"input", "in use"}},
      {"activation",
       [&] { add(Dense{.units = 2, .activation = "leaky_rel"}); },
       {"leaky_rel", "did you mean 'leaky_relu'"}},
      {"unknown input",
       [&] { add(Dense{.units = 2}, "hiden"); },
       {"hiden", "did you mean 'hidden'"}},
      {"no units", [&] { add(Dense{.units = 0, .name = "none"}); }, {"layer none", "0 units"}},
      {"too many weights",
       [&] { Network({.input = {1 << 14}}).add(Dense{.units = 1 << 18, .name = "big"}); },
       {"layer big", "2^31"}},
      {"no configuration", [&] { add(LayerConfig{}); }, {"empty"}},
      {"no input", [] { Network(NetworkOptions{}); }, {"input", "0 axes"}},
      {"empty axis",
       [] {
         Network({.input = {4, 0}});
       },
       {"axis", "0"}},
      {"no layer", [] { Network({.input = {4}}).outputs(); }, {"no layer"}},
      {"parameter",
       [] { small().values("hidden.weight"); },
       {"hidden.weight", "did you mean 'hidden.weights'"}},
  });
}

TEST(Trainer, RefusesWhatCannotBe) {
  const data::Dataset good = blobs({6, 6}, 20, 3, 1);
  const auto with = [&](TrainerOptions options, data::Dataset set) {
    Network network = small();
    Trainer(network, std::move(options)).begin(set);
  };
  const auto changed = [&](const std::function<void(data::Dataset&)>& change) {
    data::Dataset set = good;
    change(set);
    with({}, set);
  };
  const auto optimizer = [&](Optimizer o) { with({.optimizer = std::move(o)}, good); };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  expect_messages({
      {"features",
       [&] {
         with({}, blobs({6, 5}, 20, 3, 1));
       },
       {"30", "36"}},
      {"classes",
       [&] {
         with({}, blobs({6, 6}, 40, 4, 1));
       },
       {"4 classes", "3 outputs"}},
      {"label", [&] { changed([](auto& d) { d.labels[7] = 3; }); }, {"row 7", "3"}},
      {"negative label", [&] { changed([](auto& d) { d.labels[7] = -1; }); }, {"row 7", "-1"}},
      {"rows", [&] { changed([](auto& d) { d.labels.pop_back(); }); }, {"720", "684"}},
      {"empty",
       [&] {
         with({}, blobs({6, 6}, 0, 3, 1));
       },
       {"empty"}},
      {"both kinds",
       [&] { changed([](auto& d) { d.values.resize(d.bytes.size()); }); },
       {"bytes", "values"}},
      {"batch", [&] { with({.batch = 0}, good); }, {"batch", "0"}},
      {"epochs", [&] { with({.epochs = 0}, good); }, {"epochs", "0"}},
      {"threads", [&] { with({.threads = 100000}, good); }, {"threads", "100000"}},
      {"device", [&] { with({.device = "cpx"}, good); }, {"cpx", "did you mean 'cpu'"}},
      {"optimizer", [] { make_optimizer("adamm"); }, {"adamm", "did you mean 'adam'"}},
      {"schedule", [] { make_schedule("cosin"); }, {"cosin", "did you mean 'cosine'"}},
      {"no optimizer", [&] { optimizer({}); }, {"optimizer"}},
      {"rate", [&] { optimizer(Sgd{.rate = 0}); }, {"rate", "0"}},
      {"rate NaN", [&] { optimizer(Sgd{.rate = std::nan("")}); }, {"rate", "nan"}},
      {"momentum", [&] { optimizer(Sgd{.momentum = 1}); }, {"momentum", "1"}},
      {"decay", [&] { optimizer(Adam{.weight_decay = -1}); }, {"weight_decay", "-1"}},
      {"beta", [&] { optimizer(Adam{.beta2 = 1}); }, {"beta2", "1"}},
      {"step", [&] { with({.schedule = StepRate{.every = 0}}, good); }, {"every", "0"}},
      {"early",
       [] {
         Network network = small();
         Trainer(network).advance();
       },
       {"begin"}},
      {"no layers",
       [] {
         Network network({.input = {4}});
         Trainer trainer(network);
       },
       {"no layer"}},
      {"NaN",
       [&] {
         Network network({.input = {6, 6}, .type = int8});
         network.add(Dense{.units = 3});
         data::Dataset set = testing::with_values(good, 0, 1);
         set.values[5] = nan;
         Trainer(network).begin(set);
       },
       {"feature 5", "nan"}},
  });
}

TEST(Predictor, RefusesWhatCannotBeAndPadsTheRest) {
  const Network network = small();
  Predictor predictor(network, {.batch = 4});
  std::vector<float> features(4 * 36, 0.25f), outputs(4 * 3);
  const auto run = [&](size_t in, size_t out) {
    predictor.run(std::span(features).first(in), std::span(outputs).first(out));
  };
  expect_messages({
      {"part of a sample", [&] { run(40, 3); }, {"40", "36"}},
      {"outputs", [&] { run(72, 3); }, {"3", "6"}},
      {"batch", [&] { Predictor(network, {.batch = 0}); }, {"batch", "0"}},
      {"device", [&] { Predictor(network, {.device = "rev"}); }, {"rev", "did you mean 'ref'"}},
      {"rows",
       [&] {
         features.resize(5 * 36);
         outputs.resize(15);
         run(5 * 36, 15);
       },
       {"180", "up to 4"}},
      {"nothing", [&] { network.predict({}); }, {"0 features", "36"}},
  });
  for (size_t i = 0; i < 144; ++i) features[i] = static_cast<float>(i % 37) / 37;
  run(144, 12);
  const std::vector<float> whole(outputs.begin(), outputs.begin() + 12);
  for (size_t row = 0; row < 4; ++row) {
    float sum = 0;
    predictor.run(std::span(features).subspan(row * 36, 36), std::span(outputs).first(3));
    for (size_t k = 0; k < 3; ++k) {
      EXPECT_EQ(outputs[k], whole[row * 3 + k]) << "a row does not depend on the others";
      sum += outputs[k];
    }
    EXPECT_NEAR(sum, 1, 1e-5);
  }
  EXPECT_EQ(network.predict(std::span(features).first(144)), whole);
}

TEST(FixedPoint, PredictionsAreTheSameOnBothDevicesAndForAnyBatch) {
  const data::Dataset set = blobs({20, 20}, 60, 10, 3);
  for (const DType type : {int8, int16, int32, int64})
    for (Network (*make)(DType) :
         {testing::local_network, testing::mixed_network, testing::replaying_network}) {
      Network network = make(type);
      std::vector<float> features;
      for (const uint8_t byte : set.bytes) features.push_back(static_cast<float>(byte) / 255);
      for (const bool trained : {false, true}) {
        if (trained)
          Trainer(network, {.optimizer = Sgd{.rate = 0.05}, .batch = 16, .epochs = 2}).fit(set);
        std::vector<std::vector<float>> all;
        for (const char* device : {"ref", "cpu"})
          for (const size_t batch : {1, 7, 60}) {
            if (!trained && batch != 60)
              continue;  // exponents come from the batch until they are frozen
            Predictor predictor(network, {.device = device, .batch = batch});
            std::vector<float> outputs(600);
            for (size_t row = 0; row < 60; row += batch) {
              const size_t rows = std::min(batch, 60 - row);
              predictor.run(std::span(features).subspan(row * 400, rows * 400),
                            std::span(outputs).subspan(row * 10, rows * 10));
            }
            all.push_back(outputs);
          }
        for (const auto& outputs : all) EXPECT_EQ(outputs, all[0]);
      }
    }
}

// With frozen exponents a sample's outputs are its own, whatever lies beside it in the batch.
TEST(FixedPoint, NeighboursDoNotChangeAPrediction) {
  const data::Dataset set = blobs({20, 20}, 60, 10, 3);
  const auto dense = [](DType type) { return testing::dense_network(type); };
  const auto local = [](DType type) { return testing::pure(testing::local_network(type)); };
  for (const DType type : {int8, uint16, int32, int64})
    for (Network (*make)(DType) :
         {+dense, +local, &testing::mixed_network, &testing::replaying_network}) {
      Network network = make(type);
      Trainer(network, {.optimizer = Sgd{.rate = 0.05}, .batch = 16, .epochs = 1}).fit(set);
      std::vector<float> features;
      for (size_t i = 0; i < 8 * 400; ++i)
        features.push_back(static_cast<float>(set.bytes[i]) / 255);
      std::vector<std::vector<float>> of_a_sample;
      for (const float beside : {0.0f, -3e8f, 1.0f, 7e20f}) {
        for (size_t i = 400; i < features.size(); ++i) features[i] = beside;
        Predictor predictor(network, {.batch = 8});
        std::vector<float> outputs(80);
        predictor.run(features, outputs);
        of_a_sample.emplace_back(outputs.begin(), outputs.begin() + 10);
      }
      for (const auto& outputs : of_a_sample) EXPECT_EQ(outputs, of_a_sample[0]) << name(type);
    }
}

}  // namespace
}  // namespace paragon
