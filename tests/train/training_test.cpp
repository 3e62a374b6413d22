// SPDX-License-Identifier: Apache-2.0
// Training: equal bits across backends, targets and threads; an independent oracle; whole
// trainings.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cmath>

#include "backends/cpu/target.hpp"
#include "problems.hpp"
#include "raises.hpp"
#include "train/programs.hpp"

namespace paragon {
namespace {

using testing::all_values;
using testing::blobs;
using testing::same_parameters;

struct Recipe {
  const char* name;
  Network (*network)(DType);
  Optimizer optimizer;
  Schedule schedule;
  GradientClip clip = {};
  const char* loss = "cross_entropy";
};

Network dense(DType type) {
  return testing::dense_network(type);
}

const std::vector<Recipe>& recipes() {
  static const std::vector<Recipe> table = {
      {"dense, momentum and decay, constant", dense,
       Sgd{.rate = 0.05, .momentum = 0.9, .weight_decay = 1e-3}, ConstantRate{}},
      {"dense, plain, step", dense, Sgd{.rate = 0.1}, StepRate{.every = 1, .factor = 0.3}},
      {"dense, Adam and decay, cosine", dense, Adam{.rate = 0.003, .weight_decay = 1e-3},
       CosineRate{}},
      {"local, momentum, cosine", testing::local_network, Sgd{.rate = 0.03, .momentum = 0.8},
       CosineRate{}},
      {"local, Adam, step", testing::local_network, Adam{.rate = 0.01},
       StepRate{.every = 2, .factor = 0.5}},
      {"mixed, AdamW, clipped by norm",
       testing::mixed_network,
       AdamW{.rate = 0.005, .weight_decay = 0.05},
       ConstantRate{},
       {.norm = 0.5}},
      {"mixed, Nesterov, squared error",
       testing::mixed_network,
       Sgd{.rate = 0.05, .momentum = 0.9, .nesterov = true},
       CosineRate{},
       {},
       "mean_squared_error"},
      {"replays, RMSprop, clipped by element",
       testing::replaying_network,
       RmsProp{.rate = 0.002, .momentum = 0.5, .weight_decay = 1e-3},
       ConstantRate{},
       {.lower = -0.05, .upper = 0.04}},
      {"replays, Adam", testing::replaying_network, Adam{.rate = 0.01}, CosineRate{}},
  };
  return table;
}

struct Trained {
  Network network;
  std::vector<double> losses;
};

// 70 rows in batches of 32: the last batch of each epoch is padded.
Trained train(const Recipe& recipe, DType type, const char* device, size_t threads,
              const data::Dataset& set) {
  Trained result{recipe.network(type), {}};
  Trainer trainer(result.network, {.device = device,
                                   .optimizer = recipe.optimizer,
                                   .schedule = recipe.schedule,
                                   .clip = recipe.clip,
                                   .loss = recipe.loss,
                                   .batch = 32,
                                   .epochs = 3,
                                   .threads = threads,
                                   .seed = 9});
  for (const EpochStats& epoch : trainer.fit(set)) result.losses.push_back(epoch.loss);
  return result;
}

class Training : public ::testing::Test {
 protected:
  void TearDown() override { cpu::force_target(cpu::available_targets().back()); }
};

TEST_F(Training, IntegersHaveEqualBitsEverywhere) {
  const data::Dataset bytes = blobs({20, 20}, 70, 10, 1),
                      values = testing::with_values(bytes, -2.5f, 3.1f);
  for (const DType type : {int8, int16, int32, int64})
    for (const Recipe& recipe : recipes())
      for (const data::Dataset* set : {&bytes, &values}) {
        if (set == &values && &recipe != &recipes()[0] && &recipe != &recipes()[4]) continue;
        SCOPED_TRACE(
            fmt::format("{} {}, {}", name(type), recipe.name, set == &bytes ? "bytes" : "values"));
        const Trained expected = train(recipe, type, "ref", 1, *set);
        EXPECT_FALSE(same_parameters(expected.network, recipe.network(type)))
            << "nothing was learned";
        for (const cpu::Target target : cpu::available_targets())
          for (const size_t threads : {1, 3}) {
            cpu::force_target(target);
            const Trained got = train(recipe, type, "cpu", threads, *set);
            ASSERT_TRUE(same_parameters(got.network, expected.network))
                << cpu::target_name(target) << " x" << threads;
            ASSERT_EQ(got.losses, expected.losses) << cpu::target_name(target) << " x" << threads;
          }
      }
}

TEST_F(Training, UnsignedTypesAreTheTwinsOfSignedOnes) {
  const data::Dataset set = blobs({20, 20}, 70, 10, 1);
  const std::pair<DType, DType> twins[] = {{uint8, int8},   {uint16, int16}, {uint32, int32},
                                           {uint64, int64}, {int_, int64},   {uint_, int64}};
  for (const Recipe& recipe : {recipes()[2], recipes()[5], recipes()[8]})
    for (const auto& [type, twin] : twins) {
      SCOPED_TRACE(fmt::format("{} {}", name(type), recipe.name));
      const Trained a = train(recipe, type, "cpu", 2, set), b = train(recipe, twin, "cpu", 1, set);
      EXPECT_EQ(a.network.type(), type);
      EXPECT_TRUE(same_parameters(a.network, b.network));
      EXPECT_EQ(a.losses, b.losses);
    }
}

TEST_F(Training, FloatsHaveEqualBitsForAnyThreadsAndFollowRef) {
  const data::Dataset set = blobs({20, 20}, 70, 10, 1);
  for (const DType type : {float32, float64})
    for (const Recipe& recipe : recipes()) {
      SCOPED_TRACE(fmt::format("{} {}", name(type), recipe.name));
      const Trained expected = train(recipe, type, "ref", 1, set);
      const std::vector<double> start = all_values(recipe.network(type)),
                                end = all_values(expected.network);
      double moved = 0;
      for (size_t i = 0; i < end.size(); ++i) moved += std::abs(end[i] - start[i]);
      for (const cpu::Target target : cpu::available_targets()) {
        cpu::force_target(target);
        const Trained first = train(recipe, type, "cpu", 1, set);
        const std::vector<double> got = all_values(first.network);
        double off = 0;
        for (size_t i = 0; i < got.size(); ++i) off += std::abs(got[i] - end[i]);
        // These divide by the size of the gradient, so rounding of tiny gradients shows.
        const bool divides = !std::holds_alternative<Sgd>(recipe.optimizer);
        EXPECT_LT(off, moved * (type == float64 ? 1e-9
                                : divides       ? 2e-3
                                                : 2e-5))
            << cpu::target_name(target);
        for (size_t e = 0; e < first.losses.size(); ++e)
          EXPECT_NEAR(first.losses[e], expected.losses[e], 1e-4);
        for (const size_t threads : {2, 8})
          ASSERT_TRUE(
              same_parameters(train(recipe, type, "cpu", threads, set).network, first.network))
              << cpu::target_name(target) << " x" << threads;
      }
    }
}

TEST_F(Training, LearnsASeparableProblem) {
  const data::Dataset train_set = blobs({6, 6}, 300, 3, 11), test_set = blobs({6, 6}, 200, 3, 12);
  for (const bool values : {false, true})
    for (const DType type : {float32, float64, int8, int16, int32, int64})
      for (const Optimizer& optimizer :
           {Optimizer(Sgd{.rate = 0.1, .momentum = 0.9}), Optimizer(Adam{.rate = 0.01})}) {
        Network network({.input = {6, 6}, .type = type});
        network.add(LocallyConnected{.grid = {4, 4}, .field = 3, .activation = "leaky_relu"})
            .add(Dense{.units = 3, .activation = "softmax"});
        Trainer trainer(network, {.optimizer = optimizer, .batch = 16, .epochs = 8, .threads = 2});
        // Beyond [0, 1] on both sides: int8 scales its inputs by a power of two.
        const auto history =
            trainer.fit(values ? testing::with_values(train_set, -3, 5) : train_set);
        EXPECT_LT(history.back().loss, history.front().loss / 2) << name(type);
        const Report report =
            evaluate(network, values ? testing::with_values(test_set, -3, 5) : test_set);
        EXPECT_GT(report.accuracy, 95) << name(type) << (values ? " values" : " bytes");
        const bool scaled = values && info(type).arithmetic == Arithmetic::kFixed;
        EXPECT_EQ(network.state().input_exponent, scaled ? 3 : 0);
      }
}

/// A dense net 5-4-3 in plain double loops, with the library's order of samples.
struct Oracle {
  static constexpr size_t kIn = 5, kHidden = 4, kOut = 3;
  struct Layer {
    std::vector<double> w, b, mw, mb, vw, vb;
    Layer(std::vector<double> weights, std::vector<double> bias)
        : w(std::move(weights)),
          b(std::move(bias)),
          mw(w.size()),
          mb(b.size()),
          vw(w.size()),
          vb(b.size()) {}
  };
  Layer one, two;
  GradientClip clip;
  double loss = 0, beta1_power = 1, beta2_power = 1;

  void update(const Optimizer& optimizer, std::vector<double>& w, std::vector<double>& m,
              std::vector<double>& v, std::vector<double> g, double rate) {
    for (size_t i = 0; i < w.size(); ++i) {
      if (const auto* sgd = std::get_if<Sgd>(&optimizer)) {
        const double pull = g[i] + sgd->weight_decay * w[i];
        m[i] = sgd->momentum * m[i] + pull;
        w[i] -= rate * (sgd->nesterov ? pull + sgd->momentum * m[i] : m[i]);
      } else if (const auto* rms = std::get_if<RmsProp>(&optimizer)) {
        g[i] += rms->weight_decay * w[i];
        v[i] = rms->decay * v[i] + (1 - rms->decay) * g[i] * g[i];
        m[i] = rms->momentum * m[i] + g[i] / (std::sqrt(v[i]) + rms->epsilon);
        w[i] -= rate * m[i];
      } else if (const auto* adamw = std::get_if<AdamW>(&optimizer)) {
        w[i] -= rate * adamw->weight_decay * w[i];
        m[i] = adamw->beta1 * m[i] + (1 - adamw->beta1) * g[i];
        v[i] = adamw->beta2 * v[i] + (1 - adamw->beta2) * g[i] * g[i];
        w[i] -= rate * (m[i] / (1 - beta1_power)) /
                (std::sqrt(v[i] / (1 - beta2_power)) + adamw->epsilon);
      } else {
        const auto& adam = std::get<Adam>(optimizer);
        g[i] += adam.weight_decay * w[i];
        m[i] = adam.beta1 * m[i] + (1 - adam.beta1) * g[i];
        v[i] = adam.beta2 * v[i] + (1 - adam.beta2) * g[i] * g[i];
        w[i] -= rate * (m[i] / (1 - beta1_power)) /
                (std::sqrt(v[i] / (1 - beta2_power)) + adam.epsilon);
      }
    }
  }

  void clip_gradients(const std::vector<std::vector<double>*>& all) const {
    double squares = 0;
    for (auto* g : all)
      for (double& x : *g) {
        if (clip.lower) x = std::max(x, *clip.lower);
        if (clip.upper) x = std::min(x, *clip.upper);
        squares += x * x;
      }
    if (!clip.norm || std::sqrt(squares) <= *clip.norm) return;
    for (auto* g : all)
      for (double& x : *g) x *= *clip.norm / std::sqrt(squares);
  }

  void step(const data::Dataset& set, const std::vector<size_t>& rows, const Optimizer& optimizer,
            double rate) {
    std::vector<double> g1(kIn * kHidden), gb1(kHidden), g2(kHidden * kOut), gb2(kOut);
    for (const size_t row : rows) {
      double x[kIn], h[kHidden], z[kOut], p[kOut], total = 0;
      for (size_t i = 0; i < kIn; ++i)
        x[i] = set.values.empty() ? set.bytes[row * kIn + i] / 255.0
                                  : static_cast<double>(set.values[row * kIn + i]);
      for (size_t j = 0; j < kHidden; ++j) {
        h[j] = one.b[j];
        for (size_t i = 0; i < kIn; ++i) h[j] += x[i] * one.w[i * kHidden + j];
        if (h[j] < 0) h[j] *= 0.01;
      }
      for (size_t k = 0; k < kOut; ++k) {
        z[k] = two.b[k];
        for (size_t j = 0; j < kHidden; ++j) z[k] += h[j] * two.w[j * kOut + k];
        total += std::exp(z[k]);
      }
      const auto label = static_cast<size_t>(set.labels[row]);
      loss += std::log(total) - z[label];
      for (size_t k = 0; k < kOut; ++k)
        p[k] = (std::exp(z[k]) / total - (k == label ? 1 : 0)) / static_cast<double>(rows.size());
      for (size_t j = 0; j < kHidden; ++j) {
        double back = 0;
        for (size_t k = 0; k < kOut; ++k) {
          back += p[k] * two.w[j * kOut + k];
          g2[j * kOut + k] += h[j] * p[k];
        }
        if (h[j] < 0) back *= 0.01;
        gb1[j] += back;
        for (size_t i = 0; i < kIn; ++i) g1[i * kHidden + j] += x[i] * back;
      }
      for (size_t k = 0; k < kOut; ++k) gb2[k] += p[k];
    }
    beta1_power *= 0.9, beta2_power *= 0.999;
    clip_gradients({&g1, &gb1, &g2, &gb2});
    update(optimizer, one.w, one.mw, one.vw, g1, rate);
    update(optimizer, one.b, one.mb, one.vb, gb1, rate);
    update(optimizer, two.w, two.mw, two.vw, g2, rate);
    update(optimizer, two.b, two.mb, two.vb, gb2, rate);
  }
};

TEST_F(Training, FollowsPlainLoops) {
  constexpr size_t kSamples = 10, kBatch = 4, kEpochs = 2;
  const data::Dataset bytes = blobs({5}, kSamples, 3, 21);
  const std::vector<Optimizer> optimizers = {
      Sgd{.rate = 0.2},
      Sgd{.rate = 0.1, .momentum = 0.9, .weight_decay = 0.01},
      Adam{.rate = 0.02},
      Adam{.rate = 0.01, .weight_decay = 0.1},
      AdamW{.rate = 0.01, .weight_decay = 0.2},
      Sgd{.rate = 0.05, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true},
      RmsProp{.rate = 0.01},
      RmsProp{.rate = 0.01, .momentum = 0.8, .weight_decay = 0.1}};
  const std::vector<GradientClip> clips = {
      {}, {.lower = -0.03, .upper = 0.05}, {.norm = 0.2}, {.lower = -0.1, .norm = 0.1}};
  size_t turn = 0;
  for (const data::Dataset& set : {bytes, testing::with_values(bytes, -1, 2)})
    for (const Optimizer& optimizer : optimizers)
      for (const Schedule& schedule : {Schedule(ConstantRate{}), Schedule(CosineRate{}),
                                       Schedule(StepRate{.every = 1, .factor = 0.5})})
        for (const DType type : {float32, float64}) {
          Network network({.input = {5}, .type = type, .seed = 3});
          network.add(Dense{.units = 4, .activation = "leaky_relu", .name = "one"})
              .add(Dense{.units = 3, .activation = "softmax", .name = "two"});
          Oracle oracle{{network.values("one.weights"), network.values("one.bias")},
                        {network.values("two.weights"), network.values("two.bias")},
                        clips[turn++ % clips.size()]};
          Trainer trainer(network, {.device = turn % 3 == 0 ? "ref" : "cpu",
                                    .optimizer = optimizer,
                                    .schedule = schedule,
                                    .clip = oracle.clip,
                                    .batch = kBatch,
                                    .epochs = kEpochs,
                                    .threads = 1,
                                    .seed = 4});
          const auto history = trainer.fit(set);
          const double rate = std::visit(
              [](const auto& o) {
                if constexpr (requires { o.rate; })
                  return o.rate;
                else
                  return 0.0;
              },
              optimizer);
          const double total_steps = kEpochs * 3;
          double step = 0;
          for (size_t epoch = 0; epoch < kEpochs; ++epoch) {
            const uint64_t key =
                random::make_key({4, epoch, static_cast<uint64_t>(random::Role::kShuffle)});
            oracle.loss = 0;
            for (size_t start = 0; start < kSamples; start += kBatch, ++step) {
              std::vector<size_t> rows;
              for (size_t i = start; i < std::min(start + kBatch, kSamples); ++i)
                rows.push_back(random::permuted_index(key, static_cast<uint32_t>(i), kSamples));
              double factor = 1;
              if (std::holds_alternative<CosineRate>(schedule))
                factor = (1 + std::cos(std::acos(-1.0) * step / total_steps)) / 2;
              if (std::holds_alternative<StepRate>(schedule)) factor = epoch == 0 ? 1 : 0.5;
              oracle.step(set, rows, optimizer, rate * factor);
            }
            EXPECT_NEAR(history[epoch].loss, oracle.loss / kSamples,
                        type == float32 ? 1e-5 : 1e-12);
          }
          const double tolerance = type == float32 ? 2e-5 : 1e-11;
          const auto expect = [&](const char* parameter, const std::vector<double>& expected) {
            const std::vector<double> got = network.values(parameter);
            ASSERT_EQ(got.size(), expected.size());
            for (size_t i = 0; i < got.size(); ++i)
              EXPECT_NEAR(got[i], expected[i], tolerance)
                  << parameter << " " << i << " " << name(type);
          };
          expect("one.weights", oracle.one.w);
          expect("one.bias", oracle.one.b);
          expect("two.weights", oracle.two.w);
          expect("two.bias", oracle.two.b);
        }
}

TEST_F(Training, StepByStepIsFit) {
  const data::Dataset set = blobs({6, 6}, 50, 3, 2);
  for (const DType type : {float32, int8}) {
    Network fitted = testing::dense_network(type, {6, 6}),
            stepped = testing::dense_network(type, {6, 6});
    const TrainerOptions options{.batch = 16, .epochs = 2, .threads = 1};
    Trainer(fitted, options).fit(set);
    Trainer trainer(stepped, options);
    trainer.begin(set);
    EXPECT_EQ(trainer.steps_per_epoch(), 4u);
    size_t calls = 1;
    while (trainer.advance(1)) ++calls;
    EXPECT_EQ(calls, 8u);
    EXPECT_FALSE(trainer.advance(1));
    EXPECT_FALSE(same_parameters(fitted, stepped)) << "sync() has not been called";
    trainer.sync();
    EXPECT_TRUE(same_parameters(fitted, stepped));
    EXPECT_EQ(trainer.history().size(), 2u);
  }
}

}  // namespace
}  // namespace paragon
