// SPDX-License-Identifier: Apache-2.0
#include "train/training_state.hpp"

#include <algorithm>
#include <utility>

#include "core/error.hpp"
#include "core/mean_square.hpp"
#include "passes/fixed_format.hpp"
#include "train/model_graph.hpp"
#include "train/optimizer.hpp"

namespace paragon::train {
namespace {

bool is_kept(const ir::Slot& slot) {
  return slot.role == ir::SlotRole::kOptimizer || slot.role == ir::SlotRole::kState;
}

/// Where the values of a slot of a fixed-point training lie: its kernels rely on that.
std::pair<int64_t, int64_t> range_of(const ir::Slot& slot) {
  constexpr int64_t kLargestExponent = 1 << 12, kLargestSum = int64_t{1} << 61;
  if (slot.name == kMeanSquare) return {0, fixed::kLargestSquareCode};
  if (slot.type == DType::int32) {
    const int64_t limit =
        slot.role == ir::SlotRole::kOptimizer ? fixed::kGradientLimit : kLargestExponent;
    return {-limit, limit};
  }
  // Running powers only fall; the other one is the sum of losses.
  if (const int64_t first = initial_fixed_state(slot.name); first > 0) return {0, first};
  return {-kLargestSum, kLargestSum};
}

void check_values(const detail::TrainingState::Slot& saved, const ir::Slot& slot) {
  if (is_float(slot.type)) return;
  const std::pair<int64_t, int64_t> range = range_of(slot);
  visit_signed(saved.value, [&](const auto& values) {
    for (const int64_t value : values)
      if (value < range.first || value > range.second)
        raise("[trainer] resume: '{}' of id {} holds {}, expected {} .. {}", saved.name, saved.id,
              value, range.first, range.second);
  });
}

}  // namespace

detail::TrainingState capture(const runtime::Program& program, runtime::Instance& instance) {
  detail::TrainingState state;
  for (uint32_t i = 0; i < program.slots.size(); ++i) {
    const ir::Slot& slot = program.slots[i];
    if (!is_kept(slot)) continue;
    Tensor value(slot.type, slot.shape);
    instance.download(i, {value.data(), value.bytes()});
    state.slots.push_back({slot.id, slot.name, std::move(value)});
  }
  return state;
}

void restore(const detail::TrainingState& state, const runtime::Program& program,
             runtime::Instance& instance) {
  size_t expected = 0;
  for (const ir::Slot& slot : program.slots) expected += is_kept(slot) ? 1 : 0;
  for (const detail::TrainingState::Slot& saved : state.slots) {
    if (!program.has_slot(saved.id, saved.name))
      raise("[trainer] resume: the checkpoint has '{}' of id {}, which this training does not keep",
            saved.name, saved.id);
    const uint32_t index = program.find_slot(saved.id, saved.name);
    const ir::Slot& slot = program.slots[index];
    if (!is_kept(slot) || slot.type != saved.value.type() || slot.shape != saved.value.shape())
      raise("[trainer] resume: '{}' of id {} is {} {} in the checkpoint, expected {} {}",
            saved.name, saved.id, name(saved.value.type()), to_string(saved.value.shape()),
            name(slot.type), to_string(slot.shape));
    check_values(saved, slot);
    instance.upload(index, {saved.value.data(), saved.value.bytes()});
  }
  if (state.slots.size() != expected)
    raise(
        "[trainer] resume: the checkpoint holds {} values, this training keeps {}: was it made "
        "with another optimizer or exponent mode?",
        state.slots.size(), expected);
}

}  // namespace paragon::train
