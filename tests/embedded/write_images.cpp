// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <fstream>
#include <span>
#include <string>
#include <vector>

#include <paragon/network.hpp>
#include <paragon/trainer.hpp>

#include "core/error.hpp"
#include "core/random.hpp"
#include "embedded/image.hpp"
#include "embedded/training_image.hpp"
#include "network/state.hpp"
#include "train/slot_names.hpp"

// The host's half of the test on an emulated microcontroller: for some small networks, writes the
// image that the firmware trains, and the weights that the host's own training ends with.
//   write_images FOLDER    NAME.image and NAME.weights for each; names, one a line, to the output
namespace {

namespace pg = paragon;

struct Case {
  const char* name;
  pg::DType type;
  pg::Optimizer optimizer;
  pg::Schedule schedule;
  const char* activation;
  bool bytes;  ///< features as bytes, otherwise as floats, encoded by the host
};

std::vector<Case> cases() {
  const pg::Sgd momentum{.rate = 0.05, .momentum = 0.9};
  const pg::Adam adam{.rate = 0.01};
  return {
      {"int8_momentum", pg::int8, momentum, pg::CosineRate{}, "leaky_relu", true},
      {"int8_adam", pg::int8, adam, pg::StepRate{.every = 1, .factor = 0.5}, "tanh", false},
      {"int16_momentum", pg::int16, momentum, pg::ConstantRate{}, "gelu", false},
      {"int16_adam", pg::int16, adam, pg::CosineRate{}, "relu", true},
      {"int32_adamw", pg::int32, pg::AdamW{.rate = 0.01}, pg::CosineRate{}, "sigmoid", true},
      {"int64_rmsprop", pg::int64, pg::RmsProp{.rate = 0.002}, pg::CosineRate{}, "swish", true},
  };
}

// A local layer and two dense ones; 20 samples in batches of 8, so that the last one is padded.
pg::Network make_network(const Case& c) {
  pg::Network network({.input = {8, 8}, .type = c.type, .seed = 5});
  network.add(pg::LocallyConnected{.grid = {4, 4}, .field = 3, .activation = "leaky_relu"});
  network.add(pg::Dense{.units = 12, .activation = c.activation});
  network.add(pg::Dense{.units = 4, .activation = "softmax"});
  return network;
}

pg::data::Dataset make_data(bool bytes) {
  constexpr size_t kRows = 20;
  pg::data::Dataset data;
  data.sample_shape = {8, 8};
  data.classes = 4;
  for (size_t i = 0; i < kRows * 64; ++i) {
    const uint32_t bits = pg::random::bits32(17, i) >> 24;
    if (bytes)
      data.bytes.push_back(static_cast<uint8_t>(bits));
    else
      data.values.push_back(static_cast<float>(bits) / 85.0f - 1.5f);
  }
  for (size_t row = 0; row < kRows; ++row)
    data.labels.push_back(static_cast<int32_t>(pg::random::bits32(18, row) % 4));
  return data;
}

void write(const std::string& path, std::span<const std::byte> bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  if (!file) pg::raise("[write_images] could not write {}", path);
}

// In the order of the image's slots.
std::vector<std::byte> weights(const pg::Network& network, const pg::embedded::Image& image) {
  std::vector<std::byte> bytes;
  for (const pg::ir::Slot& slot : image.program->slots) {
    if (slot.role != pg::ir::SlotRole::kParameter && slot.role != pg::ir::SlotRole::kView) continue;
    for (const auto& layer : network.state().layers)
      for (const auto& parameter : layer.parameters) {
        if (parameter.id != slot.id) continue;
        const pg::Tensor& tensor =
            slot.role == pg::ir::SlotRole::kView ? parameter.view : parameter.value;
        bytes.insert(bytes.end(), tensor.data(), tensor.data() + tensor.bytes());
      }
  }
  return bytes;
}

void write_case(const Case& c, const std::string& folder) {
  pg::Network network = make_network(c);
  const pg::data::Dataset data = make_data(c.bytes);
  const pg::TrainerOptions options{.device = "cpu",
                                   .optimizer = c.optimizer,
                                   .schedule = c.schedule,
                                   .batch = 8,
                                   .epochs = 3,
                                   .seed = 11};
  const std::vector<std::byte> image = pg::embedded::training_image(network, options, data);
  const std::vector<std::byte> before = weights(network, pg::embedded::read_image(image));
  pg::Trainer trainer(network, options);
  trainer.fit(data);
  const std::vector<std::byte> after = weights(network, pg::embedded::read_image(image));
  if (after.empty() || after == before) pg::raise("[write_images] {} did not learn", c.name);
  const std::string path = fmt::format("{}/{}", folder, c.name);
  write(path + ".image", image);
  write(path + ".weights", after);
  fmt::print("{}\n", c.name);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    fmt::print(stderr, "write_images: expected FOLDER\n");
    return 2;
  }
  try {
    for (const Case& c : cases()) write_case(c, arguments[1]);
  } catch (const pg::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
