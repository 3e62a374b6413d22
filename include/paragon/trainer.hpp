// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <paragon/data.hpp>
#include <paragon/export.hpp>
#include <paragon/network.hpp>

namespace paragon {

/// v = momentum v + g;  w = w - rate v, with g += weight_decay w first (Sutskever et al. 2013, as
/// in PyTorch and JAX). g is the mean over the batch.
struct Sgd {
  double rate = 0.01;
  double momentum = 0.0;      ///< 0 .. < 1
  double weight_decay = 0.0;  ///< >= 0
};

/// Adam (Kingma & Ba 2015) with bias correction; weight decay is added to the gradient. Integer
/// networks round 1 - beta2 to a power of two (docs/numerics.md).
struct Adam {
  double rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.0;
};

using Optimizer = std::variant<std::monostate
#define PARAGON_OPTIMIZER(keyword, Config) , Config
#include <paragon/optimizers.def>
                               >;

struct ConstantRate {};
/// The rate is multiplied by `factor` after every `every` epochs.
struct StepRate {
  std::size_t every = 10;
  double factor = 0.1;
};
/// Half a cosine from the full rate to zero over all steps of the training (Loshchilov & Hutter
/// 2017).
struct CosineRate {};

using Schedule = std::variant<std::monostate
#define PARAGON_SCHEDULE(keyword, Config) , Config
#include <paragon/schedules.def>
                              >;

PARAGON_API std::vector<std::string> optimizers();               ///< keywords
PARAGON_API std::vector<std::string> schedules();                ///< keywords
PARAGON_API Optimizer make_optimizer(std::string_view keyword);  ///< with default settings; raises
PARAGON_API Schedule make_schedule(std::string_view keyword);    ///< with default settings; raises

struct EpochStats {
  std::size_t epoch;  ///< 1-based
  double loss;        ///< mean over the epoch's samples, measured during training, in nats
  double seconds;
  double samples_per_second;
};

/// State of a running epoch, for progress displays; given after every `advance()` of fit.
struct Progress {
  std::size_t epoch, epochs;          ///< 1-based, total
  std::size_t samples_done, samples;  ///< in this epoch
  double loss;                        ///< mean so far in this epoch
  double samples_per_second;
  double eta_seconds;  ///< to the end of the training
  bool epoch_finished;
};

struct TrainerOptions {
  std::string device = "cpu";
  Optimizer optimizer = Adam{};
  Schedule schedule = ConstantRate{};
  std::size_t batch = 64;
  std::size_t epochs = 5;
  std::size_t threads = 0;  ///< 0 = all processors
  std::uint64_t seed = 1;   ///< of the shuffle and of stochastic rounding
  std::ostream* progress =
      nullptr;  ///< where progress lines go; a terminal gets one line, rewritten
  std::function<void(const Progress&)> on_progress = {};
};

/// Trains a network by mini-batches. During fit the trainer holds the truth about the parameters;
/// fit and sync() write it back into the network, which must outlive the trainer.
class PARAGON_API Trainer {
 public:
  Trainer(Network& network, TrainerOptions options = {});
  Trainer(Trainer&&) noexcept;
  Trainer& operator=(Trainer&&) noexcept;
  ~Trainer();

  /// options.epochs epochs over `train`, which must outlive the call. Returns one row an epoch.
  std::vector<EpochStats> fit(const data::Dataset& train);

  /// The loop of fit, step by step: begin binds the data set and starts the first epoch; advance
  /// runs at most `steps` steps (it stops at the end of an epoch) and returns false when the last
  /// epoch is over. Never blocks for longer than that.
  void begin(const data::Dataset& train);
  bool advance(std::size_t steps = 1);
  Progress progress() const;
  const std::vector<EpochStats>& history() const;

  void sync();                          ///< parameters back into the network
  std::size_t planned_bytes() const;    ///< memory of a training step: all buffers of its instance
  std::size_t steps_per_epoch() const;  ///< after begin

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace paragon
