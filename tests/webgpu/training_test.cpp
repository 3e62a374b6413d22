// SPDX-License-Identifier: Apache-2.0
// Training on `webgpu` beside `cpu`, and what happens when a device is lost or has no room.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <set>

#include <paragon/support.hpp>
#include <paragon/webgpu.hpp>

#include "backends/webgpu/device.hpp"
#include "backends/webgpu/instance.hpp"
#include "graph_runner.hpp"
#include "raises.hpp"
#include "train/problems.hpp"
#include "train/programs.hpp"

namespace paragon {
namespace {

using testing::blobs;

class Webgpu : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string problem = webgpu_problem();
    if (!problem.empty()) GTEST_SKIP() << problem;
  }
  void TearDown() override { set_webgpu({}); }
};

struct Trained {
  Network network;
  std::vector<double> losses;
};

Trained train(Network network, const std::string& device, const Optimizer& optimizer,
              const data::Dataset& set) {
  Trained result{std::move(network), {}};
  Trainer trainer(result.network, {.device = device,
                                   .optimizer = optimizer,
                                   .schedule = CosineRate{},
                                   .batch = 32,
                                   .epochs = 2,
                                   .seed = 9});
  for (const EpochStats& epoch : trainer.fit(set)) result.losses.push_back(epoch.loss);
  return result;
}

// 70 rows in batches of 32: the last batch of each epoch is padded.
TEST_F(Webgpu, IntegersTrainToTheBitsOfTheCpu) {
  const data::Dataset set = blobs({20, 20}, 70, 10, 1);
  for (const auto& [features, type] : {std::pair{"all", int8}, {"all", int64}, {"none", int8}}) {
    SCOPED_TRACE(std::string(name(type)) + ", native features: " + features);
    set_webgpu({.features = features});
    const Optimizer optimizer = Adam{.rate = 0.01};
    const Trained expected = train(testing::dense_network(type), "cpu", optimizer, set),
                  got = train(testing::dense_network(type), "webgpu", optimizer, set);
    EXPECT_TRUE(testing::same_parameters(got.network, expected.network));
    EXPECT_EQ(got.losses, expected.losses);
  }
}

// Two epochs are more runs than one submission holds, and the last batch is padded.
TEST_F(Webgpu, DataSetsThatStreamGiveTheSameBits) {
  data::Dataset set = blobs({20, 20}, 32 * 21 + 5, 10, 1);
  data::Dataset numbers = set;  // 32 bits, with targets
  numbers.values.assign(set.bytes.begin(), set.bytes.end());
  numbers.bytes.clear();
  numbers.labels.clear();
  numbers.target_width = 10;
  for (size_t i = 0; i < set.labels.size() * 10; ++i)
    numbers.targets.push_back(static_cast<float>(i % 7) / 7);
  const Optimizer optimizer = Adam{.rate = 0.01};
  for (const auto& [type, each] : {std::pair{int8, &set}, {float32, &numbers}}) {
    SCOPED_TRACE(name(type));
    set_webgpu({});
    const auto trained = [&] {
      Trained result{testing::dense_network(type), {}};
      Trainer trainer(result.network,
                      {.device = "webgpu",
                       .optimizer = optimizer,
                       .loss = each->targets.empty() ? "cross_entropy" : "mean_squared_error",
                       .batch = 32,
                       .epochs = 2,
                       .seed = 9});
      for (const EpochStats& epoch : trainer.fit(*each)) result.losses.push_back(epoch.loss);
      return result;
    };
    const Trained whole = trained();
    set_webgpu({.data_bytes = 1000});  // less than the labels need
    const Trained streamed = trained();
    EXPECT_TRUE(testing::same_parameters(streamed.network, whole.network));
    EXPECT_EQ(streamed.losses, whole.losses);
  }
}

std::unique_ptr<runtime::Instance> instance_of(testing::GraphMaker maker) {
  maker.finish();
  const runtime::Backend& backend = runtime::find_backend("webgpu");
  return backend.instantiate(runtime::compile(maker.graph, backend.compile_options()), 1);
}

// Tensors in different chunks of memory, and some that span chunks.
TEST_F(Webgpu, ProgramsLargerThanABindingGiveTheSameBits) {
  const data::Dataset set = blobs({20, 20}, 70, 10, 1);
  constexpr size_t kMostBytes = 1200000;  // of these programs
  const size_t bytes = std::bit_ceil(kMostBytes / webgpu::Device::open()->most_chunks());
  for (const DType type : {int8, float32}) {
    SCOPED_TRACE(name(type));
    const Network network = testing::dense_network(type);  // 25,600 weights in the first layer
    const Optimizer optimizer = Sgd{.rate = 0.01, .momentum = 0.9};
    set_webgpu({});
    const Trained whole = train(network, "webgpu", optimizer, set);
    set_webgpu({.binding_bytes = bytes});
    const Trained parts = train(network, "webgpu", optimizer, set);
    EXPECT_TRUE(testing::same_parameters(parts.network, whole.network));
    EXPECT_EQ(parts.losses, whole.losses);
  }
}

TEST_F(Webgpu, AProgramBeyondAllBindingsIsATypedError) {
  set_webgpu({.binding_bytes = 4096});
  const size_t most = webgpu::Device::open()->most_chunks() * 4096;
  Network network({.input = {784}, .type = float32});
  network.add(Dense{.units = most / 784, .activation = "relu"}).add(Dense{.units = 10});
  try {
    const Predictor predictor(network, {.device = "webgpu"});
    FAIL() << "not refused";
  } catch (const DeviceMemoryError& error) {
    EXPECT_TRUE(testing::contains(error.what(), "times 4096")) << error.what();
  }
}

TEST_F(Webgpu, DataThatCannotStreamIsATypedError) {
  set_webgpu({.data_bytes = 64});
  const auto message = [&](auto build) {
    testing::GraphMaker m;
    build(m, m.input("table", int32, {100, 4}, ir::SlotRole::kData));
    try {
      instance_of(std::move(m));
    } catch (const DeviceMemoryError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const auto sum = [](testing::GraphMaker& m, ir::NodeId table) {
    m.output("sum", m.b().sum(table, 0));
  };
  EXPECT_TRUE(testing::contains(message(sum), "'table' needs 1600 bytes")) << message(sum);
  const auto by_state = [](testing::GraphMaker& m, ir::NodeId table) {
    m.output("rows", m.b().gather(table, m.state("which", int32, {3})));
  };
  EXPECT_TRUE(testing::contains(message(by_state), "slot 'which'")) << message(by_state);
  const auto twice = [](testing::GraphMaker& m, ir::NodeId table) {
    for (const int64_t start : {0, 50}) {
      const ir::NodeId row = m.b().add(m.b().iota({3, 1}, 0), m.b().integer(start));
      m.output("rows " + std::to_string(start), m.b().gather(table, row));
    }
  };
  EXPECT_TRUE(testing::contains(message(twice), "more than once")) << message(twice);
}

// More workgroups than one dimension of a dispatch holds.
TEST_F(Webgpu, LongTensorsTakeTwoDimensions) {
  constexpr size_t kRows = 17'000'000;
  testing::GraphMaker m;
  const ir::NodeId x = m.state("x", int32, {kRows, 1});
  m.assign("x", m.b().add(x, m.b().iota({kRows, 1}, 0)));
  const auto instance = instance_of(std::move(m));
  std::vector<int32_t> values(kRows);
  for (size_t i = 0; i < kRows; ++i) values[i] = static_cast<int32_t>(i % 1000);
  instance->upload(0, std::as_bytes(std::span(values)));
  instance->run(0);
  instance->download(0, std::as_writable_bytes(std::span(values)));
  for (size_t i = 0; i < kRows; ++i) ASSERT_EQ(values[i], static_cast<int32_t>(i + i % 1000)) << i;
}

TEST_F(Webgpu, FloatsTrainAsOnTheCpu) {
  const data::Dataset set = blobs({20, 20}, 70, 10, 1);
  for (const DType type : {float32, float64}) {
    SCOPED_TRACE(name(type));
    const Optimizer optimizer = Sgd{.rate = 0.01, .momentum = 0.9};
    const Trained expected = train(testing::dense_network(type), "cpu", optimizer, set),
                  got = train(testing::dense_network(type), "webgpu", optimizer, set);
    for (size_t i = 0; i < expected.losses.size(); ++i)
      EXPECT_NEAR(got.losses[i], expected.losses[i], type == float32 ? 1e-4 : 1e-10);
  }
}

TEST_F(Webgpu, AStepWritesScalarsWithoutWaiting) {
  Network network = testing::dense_network(float32, {28, 28});
  const data::Dataset set = blobs({28, 28}, 640, 10, 1);
  Trainer trainer(network, {.device = "webgpu", .batch = 64, .epochs = 3});
  trainer.begin(set);
  trainer.advance(1);
  const webgpu::Counters before = webgpu::counters();
  trainer.advance(8);  // within an epoch
  const webgpu::Counters after = webgpu::counters();
  EXPECT_EQ(after.buffers, before.buffers) << "an allocation in a steady step";
  EXPECT_EQ(after.reads, before.reads) << "a step waits for the device";
}

// What a progress display shows is the loss of some steps before, which has arrived by itself.
TEST_F(Webgpu, ProgressDoesNotWait) {
  const data::Dataset set = blobs({20, 20}, 384, 10, 1);
  const auto progress = [&](const std::string& device) {
    Network network = testing::dense_network(int8);
    std::vector<Progress> all;
    Trainer trainer(network, {.device = device,
                              .batch = 4,
                              .epochs = 2,
                              .on_progress = [&](const Progress& now) { all.push_back(now); }});
    trainer.begin(set);
    uint64_t reads = webgpu::counters().reads, waits = 0;
    while (trainer.advance(8)) {
      const uint64_t now = webgpu::counters().reads;
      if (!all.back().epoch_finished) waits += now - reads;
      reads = now;
    }
    EXPECT_EQ(waits, 0u) << "a display makes the host wait";
    return all;
  };
  const std::vector<Progress> cpu = progress("cpu"), gpu = progress("webgpu");
  ASSERT_EQ(gpu.size(), cpu.size());
  std::set<double> known = {0};
  size_t shown = 0;
  for (size_t i = 0; i < cpu.size(); ++i) {
    known.insert(cpu[i].loss);
    EXPECT_EQ(gpu[i].samples_done, cpu[i].samples_done);
    EXPECT_TRUE(known.contains(gpu[i].loss)) << "no step before had a loss of " << gpu[i].loss;
    if (gpu[i].epoch_finished) {
      EXPECT_EQ(gpu[i].loss, cpu[i].loss);
    }
    shown += gpu[i].loss != 0 ? 1 : 0;
  }
  EXPECT_GT(shown, cpu.size() / 2);
}

TEST_F(Webgpu, AStepIsFewKernels) {
  Network network({.input = {784}});
  network.add(Dense{.units = 256, .activation = "relu"})
      .add(Dense{.units = 10, .activation = "softmax"});
  const Optimizer adam = Adam{};
  const auto program =
      runtime::compile(train::back_propagation({network.state(), adam, 64, 60000, DType::uint8}),
                       runtime::find_backend("webgpu").compile_options());
  webgpu::WebgpuInstance instance(program, webgpu::Device::open());
  for (size_t phase = 0; phase < program->phases.size(); ++phase)
    EXPECT_LE(instance.dispatches(phase), instance.device().features().int64 ? 8u : 12u)
        << program->phases[phase].name;
}

TEST_F(Webgpu, ALostDeviceIsATypedErrorAndTrainingGoesOnFromTheHost) {
  const data::Dataset set = blobs({20, 20}, 70, 10, 1);
  Network network = testing::dense_network(int8);
  {
    Trainer trainer(network, {.device = "webgpu", .batch = 32, .epochs = 4});
    trainer.begin(set);
    trainer.advance(3);  // an epoch
    trainer.sync();
    const Network copy = network;
    trainer.advance(1);
    webgpu::Device::open()->destroy();
    EXPECT_THROW(trainer.advance(1), DeviceLostError);
    EXPECT_THROW(trainer.sync(), DeviceLostError);
    EXPECT_TRUE(testing::same_parameters(network, copy)) << "the network on the host has changed";
  }
  // A new device is opened, and the training goes on from the last copy.
  Trainer again(network, {.device = "webgpu", .batch = 32, .epochs = 1});
  EXPECT_EQ(again.fit(set).size(), 1u);
}

TEST_F(Webgpu, TooLargeABufferIsATypedError) {
  const auto device = webgpu::Device::open();
  EXPECT_THROW(device->create_buffer(uint64_t{1} << 40, WGPUBufferUsage_Storage, "a test"),
               DeviceMemoryError);
  EXPECT_NO_THROW(device->create_buffer(16, WGPUBufferUsage_Storage, "a test"));
}

TEST_F(Webgpu, UnknownAdaptersAndFeaturesAreRefusedByName) {
  set_webgpu({.adapter = "no such adapter"});
  EXPECT_TRUE(
      testing::contains(testing::message_of([] { webgpu_device_name(); }), "no such adapter"));
  for (const char* name : {"PARAGON_WEBGPU_DATA_BYTES", "PARAGON_WEBGPU_BINDING_BYTES"}) {
    setenv(name, "12 MB", 1);
    const std::string message = testing::message_of([] { webgpu_device_name(); });
    EXPECT_TRUE(testing::contains(message, "12 MB") && testing::contains(message, name)) << message;
    unsetenv(name);
  }
  set_webgpu({.features = "some"});
  EXPECT_TRUE(testing::contains(testing::message_of([] { webgpu_device_name(); }), "some"));
}

TEST_F(Webgpu, ManyNetworksLeaveNothingBehind) {
  const Network network = testing::dense_network(float32);
  const auto predict = [&] {
    Predictor predictor(network, {.device = "webgpu", .batch = 4});
    const std::vector<float> in(4 * 400, 0.5f);
    std::vector<float> out(4 * 10);
    predictor.run(in, out);
  };
  const auto keep = webgpu::Device::open();
  for (int i = 0; i < 20; ++i) predict();
  const uint64_t before = webgpu::counters().buffers_alive;
  const size_t memory = peak_memory_bytes();
  for (int i = 0; i < 200; ++i) predict();
  EXPECT_EQ(webgpu::counters().buffers_alive, before);
  EXPECT_LT(peak_memory_bytes(), memory + (size_t{32} << 20));
}

}  // namespace
}  // namespace paragon
