// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <paragon/trainer.hpp>

#include "ir/builder.hpp"
#include "passes/lower_fixed.hpp"

namespace paragon::train {

/// The run-time scalars of an update, written by the host before each step.
struct RealRates {
  ir::NodeId rate, inverse_count;  ///< in the graph's type; the gradient is a sum over the batch
};
struct FixedRates {
  ir::NodeId rate, rate_shift;  ///< rate * 2^-rate_shift, a Mantissa15
  ir::NodeId inverse, inverse_shift;
  ir::NodeId seed, step;  ///< int64; of stochastic rounding
};

/// Builds the update of a step's parameters: reads and writes their slots.
class UpdateBuilder {
 public:
  UpdateBuilder(ir::Graph& graph, ir::Phase& phase) : b(graph), phase_(phase) {}

  ir::Builder b;

  /// A slot of optimizer state; `name` is unique for the parameter.
  ir::NodeId state(uint64_t id, const std::string& name, DType type, const Shape& shape,
                   ir::SlotRole role = ir::SlotRole::kOptimizer);
  void assign(uint64_t id, const std::string& name, ir::NodeId value);
  /// For state that all parameters share: assigns it unless this phase already does.
  void assign_once(uint64_t id, const std::string& name, ir::NodeId value);

 private:
  ir::Phase& phase_;
};

/// A parameter of a floating-point network. `gradient` is the sum over the batch.
struct RealParameter {
  uint64_t id;
  ir::NodeId value, gradient;
};
/// Writes the new values of all parameters of a floating-point network.
void update_real(UpdateBuilder& u, const Optimizer& optimizer, const GradientClip& clip,
                 const std::vector<RealParameter>& parameters, const RealRates& rates);

/// A parameter of a fixed-point network, worth value * 2^-fraction.
struct FixedParameter {
  uint64_t id;
  Shape shape;
  int fraction;
  bool is_weights;
  ir::Fixed gradient;  ///< the sum over the batch
};
/// How a training changes the parameters of a fixed-point network.
struct FixedSettings {
  const fixed::Format& format;
  fixed::Storage storage;
  ir::ExponentMode exponents;  ///< of the views
};
/// Writes the masters and, for weight matrices, the views; or pure weights.
void update_fixed(UpdateBuilder& u, const Optimizer& optimizer, const GradientClip& clip,
                  const FixedSettings& settings, const std::vector<FixedParameter>& parameters,
                  const FixedRates& rates);

/// First values of optimizer state that does not start at zero: the running powers of Adam's
/// decays.
double initial_state(std::string_view slot_name);
/// The same in fixed point, as the int64 of the slot.
int64_t initial_fixed_state(std::string_view slot_name);

/// Checks the settings; raises naming the field, what was got and what was expected.
void check(const Optimizer& optimizer);
void check(const GradientClip& clip);
double rate(const Optimizer& optimizer);
void set_rate(Optimizer& optimizer, double rate);

/// What Adam and AdamW share.
template <class Config>
concept AdamLike = std::same_as<Config, Adam> || std::same_as<Config, AdamW>;

}  // namespace paragon::train
