// SPDX-License-Identifier: Apache-2.0
#include "train/rate_schedule.hpp"

#include <cmath>
#include <numbers>

#include "core/error.hpp"

namespace paragon::train {
namespace {

double factor(std::monostate, const Position&) {
  return 1;
}
double factor(const ConstantRate&, const Position&) {
  return 1;
}
double factor(const StepRate& s, const Position& p) {
  return std::pow(s.factor, static_cast<double>(p.epoch / s.every));
}
double factor(const CosineRate&, const Position& p) {
  return 0.5 * (1 + std::cos(std::numbers::pi * static_cast<double>(p.step) /
                             static_cast<double>(p.steps)));
}

IntegerSchedule integer(std::monostate) {
  return {};
}
IntegerSchedule integer(const ConstantRate&) {
  return {};
}
IntegerSchedule integer(const StepRate& s) {
  return {IntegerSchedule::Kind::kStepwise, s.every,
          static_cast<int32_t>(std::lround(s.factor * (1 << 15)))};
}
IntegerSchedule integer(const CosineRate&) {
  return {.kind = IntegerSchedule::Kind::kCosine};
}

}  // namespace

double scheduled(const Schedule& schedule, double rate, const Position& position) {
  return rate * std::visit([&](const auto& s) { return factor(s, position); }, schedule);
}

IntegerSchedule integer_schedule(const Schedule& schedule) {
  return std::visit([](const auto& s) { return integer(s); }, schedule);
}

void check(const Schedule& schedule) {
  const auto* step = std::get_if<StepRate>(&schedule);
  if (step == nullptr) return;
  if (step->every == 0) raise("[schedule] every is 0, expected 1 epoch or more");
  if (!(step->factor > 0 && step->factor <= 1))
    raise("[schedule] factor is {}, expected above 0 and at most 1", step->factor);
}

}  // namespace paragon::train
