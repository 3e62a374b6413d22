// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <paragon/paragon.hpp>

#include "core/random.hpp"
#include "io/state_of.hpp"
#include "raises.hpp"
#include "temporary_folder.hpp"

// Training 2k steps equals training k, saving, loading, training k: the same bits in every type.
namespace paragon {
namespace {

using testing::contains;
using testing::message_of;
using testing::TemporaryFolder;

std::vector<Network> networks_of(DType type) {
  std::vector<Network> networks = {
      io::testing::network_of_all_layers(type, {.mode = "loop", .times = 1}),
      parse_network("3x3 local:3x3:leaky_relu:field=2 dense:3:softmax", type)};
  if (!is_float(type))
    networks.push_back(
        io::testing::network_of_all_layers(type, {.mode = "loop", .times = 1}, "pure"));
  return networks;
}

data::Dataset samples() {
  data::Dataset set;
  set.sample_shape = {3, 3};
  set.classes = 3;
  for (uint64_t i = 0; i < 22 * 9; ++i)
    set.values.push_back(static_cast<float>(random::bits32(1, i) % 1000) / 300 - 1);
  for (uint64_t i = 0; i < 22; ++i)
    set.labels.push_back(static_cast<int32_t>(random::bits32(2, i) % 3));
  return set;
}

std::vector<Optimizer> all_optimizers() {
  return {Sgd{.rate = 0.05},
          Sgd{.rate = 0.05, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true},
          Adam{.rate = 0.01}, AdamW{.rate = 0.01}, RmsProp{.rate = 0.01, .momentum = 0.5}};
}

/// 22 samples in batches of 4: six steps an epoch, the last one half empty.
TrainerOptions options_for(const Optimizer& optimizer) {
  TrainerOptions options;
  options.optimizer = optimizer;
  options.schedule = CosineRate{};
  options.batch = 4;
  options.epochs = 2;
  options.threads = 1;
  return options;
}

void expect_same_after_resuming(const Network& fresh, const Optimizer& optimizer,
                                const std::string& exponents = "delayed") {
  const TemporaryFolder folder;
  const data::Dataset data = samples();
  TrainerOptions options = options_for(optimizer);
  options.exponents = exponents;
  Network whole = fresh;
  Trainer trainer(whole, options);
  trainer.begin(data);
  for (int step = 0; step < 3; ++step) trainer.advance();
  trainer.save(folder.path("middle.json"));
  for (int step = 3; step < 6; ++step) trainer.advance();
  trainer.save(folder.path("between.json"));
  while (trainer.advance(100)) {
  }
  trainer.sync();

  options.resume = true;
  for (const char* file : {"middle.json", "between.json"}) {
    Network half = Network::load(folder.path(file));
    ASSERT_TRUE(half.state().training.has_value());
    Trainer second(half, options);
    second.begin(data);
    while (second.advance(100)) {
    }
    second.sync();
    EXPECT_EQ(second.history().back().loss, trainer.history().back().loss);
    io::testing::expect_equal(whole, half);
  }
}

TEST(Resume, GivesTheSameBitsInEveryTypeWithEveryOptimizer) {
  for (const DType type : network_types())
    for (const Network& network : networks_of(type))
      for (const Optimizer& optimizer : all_optimizers()) {
        SCOPED_TRACE(fmt::format("{} optimizer {}", name(type), optimizer.index()));
        expect_same_after_resuming(network, optimizer);
      }
}

TEST(Resume, WithDynamicExponents) {
  for (const DType type : {int8, int32, uint64})
    for (const Network& network : networks_of(type))
      expect_same_after_resuming(network, Adam{.rate = 0.01}, "dynamic");
}

TEST(Resume, FitGoesOnAfterACheckpointOfAnEpoch) {
  const TemporaryFolder folder;
  const data::Dataset data = samples();
  for (const DType type : {float32, int8})
    for (const Network& fresh : networks_of(type)) {
      TrainerOptions options = options_for(Adam{.rate = 0.02});
      options.epochs = 3;
      Network whole = fresh;
      Trainer* running = nullptr;
      options.on_epoch = [&](const EpochStats& stats) {
        running->save(folder.path(fmt::format("{}.json", stats.epoch)));
        return true;
      };
      Trainer trainer(whole, options);
      running = &trainer;
      const std::vector<EpochStats> all = trainer.fit(data);
      options.on_epoch = {};
      options.resume = true;
      for (size_t epoch = 1; epoch <= 3; ++epoch) {
        Network loaded = Network::load(folder.path(fmt::format("{}.json", epoch)));
        Trainer second(loaded, options);
        const std::vector<EpochStats> rest = second.fit(data);
        ASSERT_EQ(rest.size(), 3 - epoch);
        for (size_t i = 0; i < rest.size(); ++i) {
          EXPECT_EQ(rest[i].epoch, epoch + i + 1);
          EXPECT_EQ(rest[i].loss, all[epoch + i].loss);
        }
        EXPECT_EQ(second.stop_reason(), StopReason::kFinished);
        EXPECT_EQ(second.progress().epoch, 3u);
        io::testing::expect_equal(whole, loaded);  // without a training state
      }
    }
}

/// What resuming says after the checkpoint was changed.
std::string error_after(DType type, const std::function<void(detail::TrainingState&)>& change,
                        const Optimizer& optimizer = Adam{}) {
  const TemporaryFolder folder;
  const data::Dataset data = samples();
  Network network = networks_of(type)[1];
  Trainer trainer(network, options_for(Adam{}));
  trainer.begin(data);
  trainer.advance(2);
  trainer.save(folder.path("net.json"));
  Network loaded = Network::load(folder.path("net.json"));
  change(*loaded.state().training);
  TrainerOptions options = options_for(optimizer);
  options.resume = true;
  return message_of([&] { Trainer(loaded, options).begin(data); });
}

detail::TrainingState::Slot& slot_of(detail::TrainingState& state, const std::string& name) {
  for (auto& slot : state.slots)
    if (slot.name == name) return slot;
  throw std::runtime_error("no slot " + name);
}

TEST(Resume, RefusesWhatDoesNotFit) {
  const auto nothing = [](detail::TrainingState&) {};
  Network fresh = networks_of(int8)[1];
  TrainerOptions options = options_for(Adam{});
  options.resume = true;
  const data::Dataset data = samples();
  EXPECT_TRUE(contains(message_of([&] { Trainer(fresh, options).begin(data); }), "no checkpoint"));
  EXPECT_TRUE(contains(error_after(int8, nothing, Sgd{}), "does not keep"));
}

TEST(Resume, RefusesValuesThatKernelsCannotTake) {
  const auto error = [&](const std::string& slot, int64_t value) {
    return error_after(int8, [&](detail::TrainingState& state) {
      Tensor& tensor = slot_of(state, slot).value;
      visit_signed(tensor,
                   [&]<class T>(std::span<T> values) { values[0] = static_cast<T>(value); });
    });
  };
  EXPECT_TRUE(contains(error("mean_square", -1), "'mean_square' of id"));
  EXPECT_TRUE(contains(error("mean_square", 2046820352), "holds 2046820352"));
  EXPECT_TRUE(contains(error("mean", int64_t{1} << 30), "'mean' of id"));
  EXPECT_TRUE(contains(error("beta1_power", -1), "'beta1_power' of id 0"));
  EXPECT_TRUE(contains(error("beta2_power", (int64_t{1} << 30) + 1), "'beta2_power'"));
  EXPECT_TRUE(contains(error("view_next", 5000), "'view_next'"));
  EXPECT_TRUE(contains(error("loss_sum", std::numeric_limits<int64_t>::min()), "'loss_sum'"));
}

TEST(Resume, RefusesAnotherPlaceInTheTraining) {
  const auto error = [](const std::function<void(detail::TrainingState&)>& change) {
    return error_after(float32, change);
  };
  EXPECT_TRUE(contains(error([](auto& state) { state.step = 3; }), "step 3, which does not fit"));
  EXPECT_TRUE(contains(error([](auto& state) { state.epoch = 9; }), "epoch 9"));
  EXPECT_TRUE(contains(error([](auto& state) { state.row = 23; }), "row 23"));
  EXPECT_TRUE(contains(error([](auto& state) { state.slots.pop_back(); }), "values"));
  EXPECT_TRUE(contains(error([](auto& state) { state.slots[0].id += 100; }), "does not keep"));
  EXPECT_TRUE(
      contains(error([](auto& state) { state.slots[0].value = Tensor(DType::float64, {7}); }),
               "float64 [7]"));
}

}  // namespace
}  // namespace paragon
