// SPDX-License-Identifier: Apache-2.0
// Training on `webgpu` beside `cpu`, and what happens when a device is lost or has no room.
#include <gtest/gtest.h>

#include <cmath>

#include <paragon/support.hpp>
#include <paragon/webgpu.hpp>

#include "backends/webgpu/device.hpp"
#include "backends/webgpu/instance.hpp"
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
    EXPECT_LE(instance.dispatches(phase), 8u) << program->phases[phase].name;
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
