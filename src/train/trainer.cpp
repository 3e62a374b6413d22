// SPDX-License-Identifier: Apache-2.0
#include <paragon/trainer.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>

#include <paragon/diagnostics.hpp>

#include "core/error.hpp"
#include "core/platform/process.hpp"
#include "core/random.hpp"
#include "passes/fixed_format.hpp"
#include "train/bindings.hpp"
#include "train/optimizer.hpp"
#include "train/programs.hpp"
#include "train/progress.hpp"
#include "train/rate_schedule.hpp"

namespace paragon {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The host's view of a training program: the scalars it writes before every step.
struct StepSlots {
  std::optional<uint32_t> count, start, shuffle_key, rate, inverse_count, rate_shift, inverse_shift,
      seed, step, loss_sum;

  explicit StepSlots(const runtime::Program& program) {
    const auto find = [&](const char* name) -> std::optional<uint32_t> {
      if (!program.has_slot(0, name)) return std::nullopt;
      return program.find_slot(0, name);
    };
    count = find("count");
    start = find("start");
    shuffle_key = find("shuffle_key");
    rate = find("rate");
    inverse_count = find("inverse_count");
    rate_shift = find("rate_shift");
    inverse_shift = find("inverse_shift");
    seed = find("seed");
    step = find("step");
    loss_sum = find("loss_sum");
  }
};

}  // namespace

struct Trainer::Impl {
  Network& network;
  TrainerOptions options;
  std::optional<ProgressDisplay> display;

  const data::Dataset* data = nullptr;
  std::vector<int8_t> encoded;  // float features of a fixed-point network
  std::unique_ptr<runtime::Instance> instance;
  std::shared_ptr<const runtime::Program> program;
  std::optional<StepSlots> slots;
  size_t first_phase = 0, step_phase = 0;
  bool fixed_point = false;
  fixed::Mantissa15 base_rate;

  size_t step = 0, epoch = 0, row = 0;  // next step, current epoch (0-based), next row of it
  Clock::time_point training_start, epoch_start;
  std::vector<EpochStats> history;

  Impl(Network& n, TrainerOptions o) : network(n), options(std::move(o)) {
    train::check(options.optimizer);
    train::check(options.schedule);
    runtime::find_backend(options.device);
    const auto expect = [](const char* field, size_t got, size_t low, size_t high) {
      if (got < low || got > high)
        raise("[trainer] {} is {}, expected {} to {}", field, got, low, high);
    };
    expect("batch", options.batch, 1, 65536);
    expect("epochs", options.epochs, 1, 1000000);
    expect("threads", options.threads, 0, 1024);
    network.outputs();  // raises if there is no layer
    fixed_point = info(network.type()).arithmetic == Arithmetic::kFixed;
    base_rate = fixed::to_mantissa15(train::rate(options.optimizer));
    if (options.progress != nullptr)
      display.emplace(*options.progress, is_terminal(*options.progress));
  }

  size_t rows() const { return data->size(); }
  size_t steps_per_epoch() const {
    return data == nullptr ? 0 : (rows() + options.batch - 1) / options.batch;
  }
  size_t total_steps() const { return steps_per_epoch() * options.epochs; }

  void begin(const data::Dataset& dataset) {
    check_data(dataset);
    data = &dataset;
    detail::NetworkState& state = network.state();
    DType feature_type = dataset.bytes.empty() ? DType::float32 : DType::uint8;
    std::span<const std::byte> features = std::as_bytes(std::span(dataset.bytes));
    if (feature_type == DType::float32) {
      features = std::as_bytes(std::span(dataset.values));
      if (fixed_point) {
        const bool fresh = !train::has_frozen_exponents(state) || state.layers.size() == 1;
        if (fresh) state.input_exponent = train::input_exponent_of(dataset.values);
        encoded.resize(dataset.values.size());
        train::encode_features(dataset.values, state.input_exponent, encoded);
        feature_type = DType::int8;
        features = std::as_bytes(std::span(encoded));
      }
    }
    const ir::Graph graph =
        train::back_propagation({state, options.optimizer, options.batch, rows(), feature_type});
    const runtime::Backend& backend = runtime::find_backend(options.device);
    program = runtime::compile_cached(graph, backend.compile_options());
    const size_t threads = options.threads == 0 ? processors() : options.threads;
    instance = backend.instantiate(program, static_cast<int>(threads));
    slots.emplace(*program);
    step_phase = program->find_phase(train::kStep);
    first_phase = fixed_point ? program->find_phase(train::kFirstStep) : step_phase;
    train::upload_parameters(state, *program, *instance);
    upload_initial_state();
    instance->bind(program->find_slot(0, "data"), features);
    instance->bind(program->find_slot(0, "data_labels"), std::as_bytes(std::span(dataset.labels)));
    step = epoch = row = 0;
    history.clear();
    history.reserve(options.epochs);
    training_start = Clock::now();
    begin_epoch();
  }

  void check_data(const data::Dataset& dataset) const {
    dataset.verify();
    size_t features = 1;
    for (size_t extent : network.input_shape()) features *= extent;
    if (dataset.size() == 0) raise("[trainer] the data set is empty");
    if (dataset.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max()) - options.batch)
      raise("[trainer] the data set has {} rows, expected below 2^31", dataset.size());
    if (dataset.features() != features)
      raise("[trainer] a sample has {} features, the network's input {}", dataset.features(),
            features);
    if (dataset.classes > network.outputs())
      raise("[trainer] the data set has {} classes, the network {} outputs", dataset.classes,
            network.outputs());
  }

  // Everything starts at zero but the running powers of Adam.
  void upload_initial_state() {
    for (uint32_t i = 0; i < program->slots.size(); ++i) {
      const ir::Slot& slot = program->slots[i];
      if (slot.id != 0 || slot.role != ir::SlotRole::kState) continue;
      if (slot.type == DType::float64) instance->set(i, train::initial_state(slot.name));
      if (slot.type == DType::int64) instance->set(i, train::initial_fixed_state(slot.name));
    }
    if (slots->seed) instance->set(*slots->seed, static_cast<int64_t>(options.seed));
  }

  void begin_epoch() {
    row = 0;
    epoch_start = Clock::now();
    const uint64_t key =
        random::make_key({options.seed, epoch, static_cast<uint64_t>(random::Role::kShuffle)});
    instance->set(*slots->shuffle_key, static_cast<int64_t>(key));
    if (fixed_point)
      instance->set(*slots->loss_sum, int64_t{0});
    else
      instance->set(*slots->loss_sum, 0.0);
  }

  void run_step() {
    const size_t count = std::min(options.batch, rows() - row);
    const train::Position position{step, total_steps(), epoch};
    instance->set(*slots->count, static_cast<int32_t>(count));
    instance->set(*slots->start, static_cast<int32_t>(row));
    if (fixed_point) {
      const fixed::Mantissa15 rate = train::scheduled(options.schedule, base_rate, position);
      const fixed::Mantissa15 inverse = fixed::reciprocal(count);
      instance->set(*slots->rate, rate.mantissa);
      instance->set(*slots->rate_shift, rate.shift);
      instance->set(*slots->inverse_count, inverse.mantissa);
      instance->set(*slots->inverse_shift, inverse.shift);
      if (slots->step) instance->set(*slots->step, static_cast<int64_t>(step));
    } else {
      const double rate =
          train::scheduled(options.schedule, train::rate(options.optimizer), position);
      set_real(*slots->rate, rate);
      set_real(*slots->inverse_count, 1.0 / static_cast<double>(count));
    }
    instance->run(step == 0 ? first_phase : step_phase);
    ++step;
    row += count;
  }

  void set_real(uint32_t slot, double value) {
    if (program->slots[slot].type == DType::float32)
      instance->set(slot, static_cast<float>(value));
    else
      instance->set(slot, value);
  }

  double mean_loss() {
    if (row == 0) return 0;
    const double sum =
        fixed_point ? std::ldexp(static_cast<double>(instance->get<int64_t>(*slots->loss_sum)),
                                 -fixed::kLossFraction)
                    : instance->get<double>(*slots->loss_sum);
    return sum / static_cast<double>(row);
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
            mean_loss(),
            speed,
            speed > 0 ? static_cast<double>(left) / speed : 0,
            finished};
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

std::vector<EpochStats> Trainer::fit(const data::Dataset& train) {
  // Short enough between two looks at the progress display, long enough to cost nothing.
  constexpr size_t kStepsAtOnce = 32;
  begin(train);
  while (advance(kStepsAtOnce)) {
  }
  sync();
  return impl_->history;
}

Progress Trainer::progress() const {
  if (impl_->instance == nullptr) raise("[trainer] progress before begin");
  const bool over = impl_->epoch == impl_->options.epochs;
  return over ? Progress{impl_->epoch,
                         impl_->epoch,
                         impl_->rows(),
                         impl_->rows(),
                         impl_->history.back().loss,
                         impl_->history.back().samples_per_second,
                         0,
                         true}
              : impl_->progress(false);
}

const std::vector<EpochStats>& Trainer::history() const {
  return impl_->history;
}

void Trainer::sync() {
  if (impl_->instance == nullptr || impl_->step == 0) return;
  train::download_parameters(impl_->network.state(), *impl_->program, *impl_->instance);
}

size_t Trainer::planned_bytes() const {
  return impl_->instance == nullptr ? 0 : impl_->instance->planned_bytes();
}
size_t Trainer::steps_per_epoch() const {
  return impl_->steps_per_epoch();
}

}  // namespace paragon
