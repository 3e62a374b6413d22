// SPDX-License-Identifier: Apache-2.0
#include "train/integer_steps.hpp"

#include <algorithm>

#include "core/random.hpp"
#include "train/slot_names.hpp"

namespace paragon::train {

fixed::Mantissa15 scheduled(const IntegerSchedule& schedule, fixed::Mantissa15 rate,
                            const Position& position) {
  switch (schedule.kind) {
    case IntegerSchedule::Kind::kConstant:
      break;
    case IntegerSchedule::Kind::kStepwise:
      for (uint64_t i = 0; i < position.epoch / schedule.every; ++i)
        rate = fixed::scale(rate, schedule.factor_q15);
      break;
    case IntegerSchedule::Kind::kCosine:
      rate = fixed::scale(rate, fixed::half_cosine_q15(position.step, position.steps));
      break;
  }
  return rate;
}

uint64_t shuffle_key(uint64_t seed, size_t epoch) {
  return random::make_key({seed, epoch, static_cast<uint64_t>(random::Role::kShuffle)});
}

namespace {

/// With dynamic exponents the first step is like the others.
size_t first_phase_of(const runtime::Program& program) {
  const auto is_first = [](const auto& phase) { return phase.name == kFirstStep; };
  return program.find_phase(std::ranges::any_of(program.phases, is_first) ? kFirstStep : kStep);
}

}  // namespace

IntegerSteps::IntegerSteps(const runtime::Program& program, const IntegerTraining& training)
    : training_(training),
      first_phase_(first_phase_of(program)),
      step_phase_(program.find_phase(kStep)),
      count_(program.find_slot(0, kCount)),
      start_(program.find_slot(0, kStart)),
      shuffle_key_(program.find_slot(0, kShuffleKey)),
      rate_(program.find_slot(0, kRate)),
      rate_shift_(program.find_slot(0, kRateShift)),
      inverse_count_(program.find_slot(0, kInverseCount)),
      inverse_shift_(program.find_slot(0, kInverseShift)),
      loss_sum_(program.find_slot(0, kLossSum)) {
  if (program.has_slot(0, kSeed)) seed_ = program.find_slot(0, kSeed);
  if (program.has_slot(0, kStepNumber)) step_ = program.find_slot(0, kStepNumber);
}

void IntegerSteps::begin(runtime::Instance& instance) const {
  if (seed_) instance.set(*seed_, static_cast<int64_t>(training_.seed));
}

void IntegerSteps::shuffle(runtime::Instance& instance, size_t epoch) const {
  instance.set(shuffle_key_, static_cast<int64_t>(shuffle_key(training_.seed, epoch)));
}

void IntegerSteps::begin_epoch(runtime::Instance& instance, size_t epoch) const {
  shuffle(instance, epoch);
  instance.set(loss_sum_, int64_t{0});
}

size_t IntegerSteps::run(runtime::Instance& instance, const Position& position, size_t row) const {
  const size_t count = std::min(training_.batch, training_.rows - row);
  const fixed::Mantissa15 rate = scheduled(training_.schedule, training_.rate, position);
  const fixed::Mantissa15 inverse = fixed::reciprocal(count);
  instance.set(count_, static_cast<int32_t>(count));
  instance.set(start_, static_cast<int32_t>(row));
  instance.set(rate_, rate.mantissa);
  instance.set(rate_shift_, rate.shift);
  instance.set(inverse_count_, inverse.mantissa);
  instance.set(inverse_shift_, inverse.shift);
  if (step_) instance.set(*step_, static_cast<int64_t>(position.step));
  instance.run(position.step == 0 ? first_phase_ : step_phase_);
  return count;
}

void IntegerSteps::run_all(runtime::Instance& instance) const {
  begin(instance);
  Position position{0, training_.steps_per_epoch() * training_.epochs, 0};
  for (; position.epoch < training_.epochs; ++position.epoch) {
    begin_epoch(instance, position.epoch);
    for (size_t row = 0; row < training_.rows; ++position.step) row += run(instance, position, row);
  }
}

}  // namespace paragon::train
