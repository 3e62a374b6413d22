// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
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
  bool nesterov = false;      ///< w = w - rate (g + momentum v)
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

/// Adam whose weight decay acts on the weights themselves: w = w - rate weight_decay w - step
/// (Loshchilov & Hutter 2019).
struct AdamW {
  double rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.01;
};

/// v = decay v + (1 - decay) g^2;  u = momentum u + g / (sqrt(v) + epsilon);  w = w - rate u
/// (Tieleman & Hinton 2012). Integer networks round 1 - decay to a power of two.
struct RmsProp {
  double rate = 1e-3;
  double decay = 0.99;
  double epsilon = 1e-8;
  double momentum = 0.0;
  double weight_decay = 0.0;
};

using Optimizer = std::variant<std::monostate
#define PARAGON_OPTIMIZER(keyword, Config) , Config
#include <paragon/optimizers.def>
                               >;

/// Limits of the mean gradient, before weight decay: each element to lower .. upper, then the
/// Euclidean norm over all parameters to at most `norm` (Pascanu et al. 2013). Unset = no limit.
struct GradientClip {
  std::optional<double> lower = {}, upper = {}, norm = {};
};

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

PARAGON_API std::vector<std::string> losses();          ///< names
PARAGON_API std::vector<std::string> exponent_modes();  ///< names

struct EpochStats {
  std::size_t epoch;  ///< 1-based
  double loss;        ///< mean over the epoch's samples, measured during training
  double seconds;
  double samples_per_second;
  /// Of the validation set, where there is one; accuracy in percent, of class labels only.
  std::optional<double> validation_loss = {}, validation_accuracy = {};
};

/// Why a training ended.
enum class StopReason : std::uint8_t {
  kNone,          ///< it has not ended, or was interrupted between two epochs
  kFinished,      ///< all epochs are done
  kNegativeLoss,  ///< TrainerOptions::stop_on_negative_loss
  kNotFinite,     ///< the loss became NaN or infinite: the network has the last good parameters
  kPatience,      ///< no better epoch for TrainerOptions::patience epochs
  kCallback,      ///< on_epoch returned false
};
PARAGON_API std::string_view name(StopReason reason);

/// State of a running epoch, for progress displays; given after every `advance()` of fit.
struct Progress {
  std::size_t epoch, epochs;          ///< 1-based, total
  std::size_t samples_done, samples;  ///< in this epoch
  /// Mean so far in this epoch; on a device that runs ahead until a moment ago, and 0 or an earlier
  /// epoch's before its first steps are done. When the epoch has finished, its mean.
  double loss;
  double samples_per_second;
  double eta_seconds;  ///< to the end of the training
  bool epoch_finished;
};

struct TrainerOptions {
  std::string device = "cpu";
  Optimizer optimizer = Adam{};
  std::optional<double> rate = {};  ///< instead of the optimizer's
  Schedule schedule = ConstantRate{};
  GradientClip clip = {};
  std::string loss = "cross_entropy";  ///< a name of losses()
  /// One of exponent_modes(), of integer types: "delayed" takes the exponents of a step's roundings
  /// from the step before, "dynamic" from the values themselves, at the price of a second pass
  /// over them (docs/numerics.md, "Exponents").
  std::string exponents = "delayed";
  std::size_t batch = 64;
  std::size_t epochs = 5;
  std::size_t threads = 0;  ///< 0 = all processors
  std::uint64_t seed = 1;   ///< of the shuffle and of stochastic rounding
  std::ostream* progress =
      nullptr;  ///< where progress lines go; a terminal gets one line, rewritten
  std::function<void(const Progress&)> on_progress = {};
  std::function<bool(const EpochStats&)> on_epoch = {};  ///< after each epoch; false ends fit
  /// Part of the training set, its last rows, that is kept for validation: 0 .. < 1.
  double validation_split = 0;
  bool stop_on_negative_loss = false;  ///< fit ends after an epoch whose mean loss is below zero
  std::size_t patience = 0;  ///< fit ends after so many epochs without a lower (validation) loss
  bool keep_best = false;    ///< fit ends with the parameters of the epoch of the lowest loss
  bool resume = false;       ///< go on from the network's checkpoint (Trainer::save)
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
  /// `validation` is evaluated after each epoch, instead of a part of `train`.
  std::vector<EpochStats> fit(const data::Dataset& train,
                              const data::Dataset* validation = nullptr);
  StopReason stop_reason() const;  ///< of the last fit

  /// The loop of fit, step by step: begin binds the data set and starts the first epoch; advance
  /// runs at most `steps` steps (it stops at the end of an epoch) and returns false when the last
  /// epoch is over. Never blocks for longer than that.
  void begin(const data::Dataset& train);
  bool advance(std::size_t steps = 1);
  Progress progress() const;
  const std::vector<EpochStats>& history() const;

  void sync();  ///< parameters back into the network
  /// Writes a model file that also holds what the training needs to go on exactly: load it and
  /// train with the same options and `resume`. Call it between two `advance`s or from on_epoch.
  void save(const std::string& path);
  std::size_t planned_bytes() const;    ///< memory of a training step: all buffers of its instance
  std::size_t steps_per_epoch() const;  ///< after begin

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace paragon
