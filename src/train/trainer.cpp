// SPDX-License-Identifier: Apache-2.0
#include <paragon/trainer.hpp>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <optional>

#include <paragon/diagnostics.hpp>

#include "core/error.hpp"
#include "core/platform/process.hpp"
#include "passes/fixed_format.hpp"
#include "passes/mantissa15.hpp"
#include "train/bindings.hpp"
#include "train/optimizer.hpp"
#include "train/place.hpp"
#include "train/programs.hpp"
#include "train/progress.hpp"
#include "train/rate_schedule.hpp"
#include "train/training_data.hpp"
#include "train/training_state.hpp"
#include "train/validation.hpp"

namespace paragon {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The scalars that a floating-point program reads, written by the host before every step.
struct RealSlots {
  uint32_t count, start, shuffle_key, rate, inverse_count;
  size_t phase;

  explicit RealSlots(const runtime::Program& program)
      : count(program.find_slot(0, train::kCount)),
        start(program.find_slot(0, train::kStart)),
        shuffle_key(program.find_slot(0, train::kShuffleKey)),
        rate(program.find_slot(0, train::kRate)),
        inverse_count(program.find_slot(0, train::kInverseCount)),
        phase(program.find_phase(train::kStep)) {}
};

}  // namespace

struct Trainer::Impl {
  Network& network;
  TrainerOptions options;
  std::optional<ProgressDisplay> display;

  std::optional<train::TrainingData> data;
  std::unique_ptr<runtime::Instance> instance;
  std::shared_ptr<const runtime::Program> program;
  std::optional<train::IntegerSteps> integer;  // of fixed point
  std::optional<RealSlots> real;               // of floating point
  uint32_t loss_sum = 0;
  double shown_loss = 0;
  bool fixed_point = false;
  Loss loss;
  ir::ExponentMode exponents;
  double rate;

  size_t step = 0, epoch = 0, row = 0;  // next step, current epoch (0-based), next row of it
  Clock::time_point training_start, epoch_start;
  std::vector<EpochStats> history;
  StopReason stop = StopReason::kNone;

  Impl(Network& n, TrainerOptions o)
      : network(n),
        options(std::move(o)),
        loss(parse_loss(options.loss)),
        exponents(train::parse_exponent_mode(options.exponents)) {
    if (options.rate) train::set_rate(options.optimizer, *options.rate);
    train::check(options.optimizer);
    train::check(options.schedule);
    train::check(options.clip);
    runtime::find_backend(options.device);
    train::check_place("trainer", options.batch, options.threads);
    if (options.epochs < 1 || options.epochs > 1000000)
      raise("[trainer] epochs is {}, expected 1 to 1000000", options.epochs);
    if (!(options.validation_split >= 0 && options.validation_split < 1))
      raise("[trainer] validation_split is {}, expected 0 or more and below 1",
            options.validation_split);
    network.outputs();  // raises if there is no layer
    fixed_point = info(network.type()).arithmetic == Arithmetic::kFixed;
    if (!fixed_point && exponents != ir::ExponentMode::kDelayed)
      raise("[trainer] exponents is '{}' and the type {}, expected an integer type",
            options.exponents, name(network.type()));
    rate = train::rate(options.optimizer);
    if (options.progress != nullptr)
      display.emplace(*options.progress, is_terminal(*options.progress));
  }

  size_t rows() const { return data->rows(); }
  size_t steps_per_epoch() const {
    return !data ? 0 : (rows() + options.batch - 1) / options.batch;
  }
  size_t total_steps() const { return steps_per_epoch() * options.epochs; }

  void begin(const data::Dataset& dataset) {
    detail::NetworkState& state = network.state();
    data.emplace(state, dataset, loss);
    const ir::Graph graph = train::back_propagation({state,
                                                     options.optimizer,
                                                     options.batch,
                                                     rows(),
                                                     data->feature_type(),
                                                     options.clip,
                                                     {loss, data->has_targets()},
                                                     data->target_exponent(),
                                                     exponents});
    const runtime::Backend& backend = runtime::find_backend(options.device);
    program = runtime::compile_cached(graph, backend.compile_options());
    instance = backend.instantiate(program, train::thread_count(options.threads));
    if (fixed_point)
      integer.emplace(*program, train::IntegerTraining{options.seed, rows(), options.batch,
                                                       options.epochs, fixed::to_mantissa15(rate),
                                                       train::integer_schedule(options.schedule)});
    else
      real.emplace(*program);
    loss_sum = program->find_slot(0, train::kLossSum);
    train::upload_parameters(state, *program, *instance);
    train::upload_initial_state(*program, *instance);
    if (integer) integer->begin(*instance);
    data->bind(*program, *instance);
    step = epoch = row = 0;
    stop = StopReason::kNone;
    history.clear();
    history.reserve(options.epochs);
    training_start = Clock::now();
    if (options.resume)
      resume();
    else
      begin_epoch();
  }

  void resume() {
    const std::optional<detail::TrainingState>& saved = network.state().training;
    if (!saved) raise("[trainer] resume: the network holds no checkpoint");
    train::restore(*saved, *program, *instance);
    step = saved->step;
    epoch = saved->epoch;
    row = saved->row;
    if (epoch > options.epochs || row > rows() || step != epoch * steps_per_epoch() + done_steps())
      raise(
          "[trainer] resume: the checkpoint is at epoch {}, row {}, step {}, which does not fit "
          "{} epochs of {} rows in batches of {}",
          epoch, row, step, options.epochs, rows(), options.batch);
    network.state().training.reset();  // it is old after the next step
    if (row == 0) return begin_epoch();
    set_shuffle_key();
    epoch_start = Clock::now();
  }
  size_t done_steps() const { return (row + options.batch - 1) / options.batch; }

  void save(const std::string& path) {
    if (instance == nullptr) raise("[trainer] save before begin");
    Network copy = network;
    train::download_parameters(copy.state(), *program, *instance);
    detail::TrainingState state = train::capture(*program, *instance);
    state.step = step;
    state.epoch = epoch;
    state.row = row == rows() ? 0 : row;  // after the last epoch no other one has begun
    copy.state().training = std::move(state);
    copy.save(path);
  }

  void set_shuffle_key() {
    if (integer) return integer->shuffle(*instance, epoch);
    const uint64_t key = train::shuffle_key(options.seed, epoch);
    instance->set(real->shuffle_key, static_cast<int64_t>(key));
  }

  void begin_epoch() {
    row = 0;
    epoch_start = Clock::now();
    if (integer) return integer->begin_epoch(*instance, epoch);
    set_shuffle_key();
    instance->set(loss_sum, 0.0);
  }

  void run_step() {
    const train::Position position{step, total_steps(), epoch};
    row += integer ? integer->run(*instance, position, row) : run_real_step(position);
    ++step;
  }
  size_t run_real_step(const train::Position& position) {
    const size_t count = std::min(options.batch, rows() - row);
    instance->set(real->count, static_cast<int32_t>(count));
    instance->set(real->start, static_cast<int32_t>(row));
    set_real(real->rate, train::scheduled(options.schedule, rate, position));
    set_real(real->inverse_count, 1.0 / static_cast<double>(count));
    instance->run(real->phase);
    return count;
  }

  void set_real(uint32_t slot, double value) {
    if (program->slots[slot].type == DType::float32)
      instance->set(slot, static_cast<float>(value));
    else
      instance->set(slot, value);
  }

  double sum_of_losses(uint64_t bits) const {
    if (!fixed_point) return std::bit_cast<double>(bits);
    return std::ldexp(static_cast<double>(static_cast<int64_t>(bits)), -fixed::kLossFraction);
  }
  double mean_loss() {
    if (row == 0) return 0;
    return sum_of_losses(instance->get<uint64_t>(loss_sum)) / static_cast<double>(row);
  }
  /// Of the epoch's steps of a moment ago; before the device has done any, of an epoch before.
  double latest_loss() {
    uint64_t bits = 0;
    const uint64_t samples_before = uint64_t{epoch} * rows();
    const uint64_t samples =
        instance->peek(loss_sum, samples_before + row, std::as_writable_bytes(std::span(&bits, 1)));
    if (samples > samples_before)
      shown_loss = sum_of_losses(bits) / static_cast<double>(samples - samples_before);
    return shown_loss;
  }

  bool advance(size_t steps) {
    if (instance == nullptr) raise("[trainer] advance before begin");
    if (epoch == options.epochs) return false;
    for (size_t i = 0; i < steps && row < rows(); ++i) run_step();
    report(row == rows());
    if (row < rows()) return true;
    const double seconds = seconds_since(epoch_start);
    history.push_back(
        {epoch + 1, mean_loss(), seconds, static_cast<double>(rows()) / std::max(seconds, 1e-9)});
    ++epoch;
    if (epoch < options.epochs) begin_epoch();
    return epoch < options.epochs;
  }

  Progress progress(bool finished) {
    const double seconds = std::max(seconds_since(epoch_start), 1e-9);
    const double speed = static_cast<double>(row) / seconds;
    const size_t left = (options.epochs - epoch) * rows() - row;
    return {epoch + 1,
            options.epochs,
            row,
            rows(),
            finished ? mean_loss() : latest_loss(),
            speed,
            speed > 0 ? static_cast<double>(left) / speed : 0,
            finished};
  }

  void sync() {
    if (instance == nullptr || step == 0) return;
    train::download_parameters(network.state(), *program, *instance);
  }

  // What the options say after an epoch.
  StopReason reason_to_stop(const train::BestEpoch& best) const {
    const EpochStats& last = history.back();
    if (options.on_epoch && !options.on_epoch(last)) return StopReason::kCallback;
    if (options.stop_on_negative_loss && last.loss < 0) return StopReason::kNegativeLoss;
    if (options.patience > 0 && best.age(history.size()) >= options.patience)
      return StopReason::kPatience;
    return epoch == options.epochs ? StopReason::kFinished : StopReason::kNone;
  }

  std::vector<EpochStats> fit(const data::Dataset& all, const data::Dataset* validation) {
    // Short enough between two looks at the progress display, long enough to cost nothing.
    constexpr size_t kStepsAtOnce = 32;
    train::ValidationSplit split(all, validation, options.validation_split);
    begin(split.training());
    train::BestEpoch best;
    while (stop == StopReason::kNone && epoch < options.epochs) {
      const size_t finished = history.size();
      advance(kStepsAtOnce);
      if (history.size() == finished) continue;
      if (!std::isfinite(history.back().loss)) {
        stop = StopReason::kNotFinite;
        break;
      }
      sync();
      if (split.validation() != nullptr)
        train::validate(network, *split.validation(), options, loss, history.back());
      best.look(history, network, options.keep_best);
      stop = reason_to_stop(best);
    }
    if (stop == StopReason::kNone) stop = StopReason::kFinished;  // a finished training, resumed
    if (options.keep_best) best.restore(network);
    return history;
  }

  void report(bool finished) {
    if (!display && !options.on_progress) return;
    const Progress now = progress(finished);
    if (display) display->update(now);
    if (options.on_progress) options.on_progress(now);
  }
};

Trainer::Trainer(Network& network, TrainerOptions options)
    : impl_(std::make_unique<Impl>(network, std::move(options))) {}
Trainer::Trainer(Trainer&&) noexcept = default;
Trainer& Trainer::operator=(Trainer&&) noexcept = default;
Trainer::~Trainer() = default;

void Trainer::begin(const data::Dataset& train) {
  impl_->begin(train);
}
bool Trainer::advance(size_t steps) {
  return impl_->advance(steps);
}

std::vector<EpochStats> Trainer::fit(const data::Dataset& train, const data::Dataset* validation) {
  return impl_->fit(train, validation);
}

StopReason Trainer::stop_reason() const {
  return impl_->stop;
}

void Trainer::save(const std::string& path) {
  impl_->save(path);
}

Progress Trainer::progress() const {
  if (impl_->instance == nullptr) raise("[trainer] progress before begin");
  if (impl_->epoch < impl_->options.epochs) return impl_->progress(false);
  // A finished training that was resumed has no history.
  const EpochStats last = impl_->history.empty() ? EpochStats{} : impl_->history.back();
  return {impl_->epoch,
          impl_->epoch,
          impl_->rows(),
          impl_->rows(),
          last.loss,
          last.samples_per_second,
          0,
          true};
}

const std::vector<EpochStats>& Trainer::history() const {
  return impl_->history;
}

void Trainer::sync() {
  impl_->sync();
}

size_t Trainer::planned_bytes() const {
  return impl_->instance == nullptr ? 0 : impl_->instance->planned_bytes();
}
size_t Trainer::steps_per_epoch() const {
  return impl_->steps_per_epoch();
}

}  // namespace paragon
