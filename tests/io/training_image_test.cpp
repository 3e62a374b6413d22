// SPDX-License-Identifier: Apache-2.0
#include "embedded/training_image.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "backends/ref/integer_executor.hpp"
#include "core/random.hpp"
#include "core/tensor.hpp"
#include "embedded/image.hpp"
#include "embedded/image_format.hpp"
#include "network/state.hpp"
#include "raises.hpp"
#include "train/problems.hpp"

namespace paragon {
namespace {

using embedded::Image;
using embedded::read_image;

Network make_network(DType type) {
  Network network({.input = {4, 4}, .type = type, .seed = 3});
  network.add(LocallyConnected{.grid = {2, 2}, .field = 3, .activation = "leaky_relu"});
  network.add(Dense{.units = 3, .activation = "softmax"});
  return network;
}

data::Dataset make_data() {
  data::Dataset data;
  data.sample_shape = {4, 4};
  data.classes = 3;
  for (size_t i = 0; i < 11 * 16; ++i)
    data.bytes.push_back(static_cast<uint8_t>(random::bits32(1, i)));
  for (size_t row = 0; row < 11; ++row)
    data.labels.push_back(static_cast<int32_t>(random::bits32(2, row) % 3));
  return data;
}

TrainerOptions options() {
  return {.device = "ref",
          .optimizer = Adam{.rate = 0.01},
          .schedule = CosineRate{},
          .batch = 4,
          .epochs = 2,
          .seed = 9};
}

/// Memory for an image, aligned as it has to be.
AlignedBuffer copy_of(std::span<const std::byte> bytes) {
  AlignedBuffer copy(bytes.size());
  std::memcpy(copy.data(), bytes.data(), bytes.size());
  return copy;
}

// The checksum of changed bytes, so that the checks behind it are reached.
void sign(AlignedBuffer& image, size_t size) {
  const uint64_t sum =
      embedded::checksum(image.data() + embedded::kHeaderBytes, size - embedded::kHeaderBytes);
  for (size_t i = 0; i < 8; ++i)
    image.data()[embedded::kHeaderBytes - 8 + i] = static_cast<std::byte>(sum >> (8 * i));
}

TEST(TrainingImage, RunsLikeTheTrainerInEveryIntegerType) {
  const data::Dataset data = make_data();
  for (const DType type : {int8, int16, int32, int64, uint8}) {
    SCOPED_TRACE(name(type));
    Network network = make_network(type);
    const std::vector<std::byte> bytes = embedded::training_image(network, options(), data);
    const AlignedBuffer memory = copy_of(bytes);
    const Image image = read_image({memory.data(), bytes.size()});
    const auto instance = ref::make_integer_instance(image.program);
    embedded::load_slots(image, *instance);
    train::IntegerSteps(*image.program, image.training).run_all(*instance);
    Trainer(network, options()).fit(data);
    for (const auto& layer : network.state().layers)
      for (const auto& parameter : layer.parameters) {
        Tensor trained(parameter.value.type(), parameter.value.shape());
        instance->download(image.program->find_slot(parameter.id, "value"),
                           {trained.data(), trained.bytes()});
        EXPECT_EQ(std::memcmp(trained.data(), parameter.value.data(), trained.bytes()), 0)
            << parameter.role << " of " << layer.id;
      }
  }
}

// Writing an image refuses programs that compute with floating-point numbers: there is none.
TEST(TrainingImage, EveryLayerReplayLossAndOptimizerIsIntegerArithmetic) {
  const data::Dataset data = testing::blobs({20, 20}, 6, 10, 1);
  const auto write = [](const Network& network, const TrainerOptions& training,
                        const data::Dataset& samples) {
    EXPECT_GT(embedded::training_image(network, training, samples).size(), samples.bytes.size());
  };
  for (const DType type : {int8, int16, int32, int64, uint16}) {
    SCOPED_TRACE(name(type));
    for (const auto& network : {testing::mixed_network(type), testing::replaying_network(type)})
      write(network, options(), data);
    for (const Optimizer& optimizer :
         {Optimizer(Sgd{.momentum = 0.9, .weight_decay = 1e-4, .nesterov = true}), Optimizer(Sgd{}),
          Optimizer(AdamW{}), Optimizer(RmsProp{.momentum = 0.5})}) {
      TrainerOptions training = options();
      training.optimizer = optimizer;
      training.loss = "mean_squared_error";
      training.clip = {.norm = 1.0};
      write(testing::dense_network(type), training, testing::with_values(data, -2, 2));
    }
  }
}

TEST(TrainingImage, IsOfIntegerNetworksOnly) {
  const std::string message = testing::message_of(
      [] { embedded::training_image(make_network(float32), options(), make_data()); });
  EXPECT_EQ(message, "[image] the network's type is float32, expected an integer type");
}

TEST(TrainingImage, DamageIsFound) {
  const std::vector<std::byte> bytes =
      embedded::training_image(make_network(int8), options(), make_data());
  for (size_t size = 0; size < bytes.size(); size += size < 100 ? 1 : 97) {
    const AlignedBuffer part = copy_of(std::span(bytes).first(size));
    EXPECT_THROW(read_image({part.data(), size}), Error) << size;
  }
  for (size_t at = 0; at < bytes.size(); at += at < 64 ? 1 : 31) {
    AlignedBuffer memory = copy_of(bytes);
    memory.data()[at] ^= std::byte{0x10};
    EXPECT_THROW(read_image({memory.data(), bytes.size()}), Error) << at;
  }
  const AlignedBuffer memory = copy_of(bytes);
  const std::string message = testing::message_of([&] {
    read_image({memory.data() + 4, bytes.size() - 4});
  });
  EXPECT_TRUE(testing::contains(message, "not aligned"));
}

// With a checksum that fits: it raises or gives a program whose references stay within it, and
// never reads beyond the image (the sanitizers look on).
TEST(TrainingImage, HostileBytesWithAGoodChecksum) {
  const std::vector<std::byte> bytes =
      embedded::training_image(make_network(int8), options(), make_data());
  size_t refused = 0;
  for (size_t trial = 0; trial < 4000; ++trial) {
    AlignedBuffer memory = copy_of(bytes);
    const size_t body = bytes.size() - embedded::kHeaderBytes;
    for (uint64_t change = 0; change <= trial % 3; ++change) {
      const uint64_t bits = random::bits64(trial, change);
      const std::byte extreme[] = {std::byte{0}, std::byte{0xFF}, std::byte{0x7F}, std::byte(bits)};
      memory.data()[embedded::kHeaderBytes + (bits >> 8) % body] = extreme[(bits >> 60) % 4];
    }
    sign(memory, bytes.size());
    try {
      read_image({memory.data(), bytes.size()});
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 100u);
}

}  // namespace
}  // namespace paragon
