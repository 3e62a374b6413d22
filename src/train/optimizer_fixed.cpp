// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/fixed_point.hpp"
#include "passes/fixed_format.hpp"
#include "train/model_graph.hpp"
#include "train/optimizer.hpp"

// The optimizers in integers (docs/numerics.md, "Optimizers").
namespace paragon::train {

using namespace paragon::fixed;
using ir::Fixed;
using ir::NodeId;
using ir::Op;

namespace {

constexpr int kPowerFraction = 30;  // Adam's running powers are Q30

NodeId read_master(UpdateBuilder& u, const FixedParameter& p) {
  return u.state(p.id, kValue, DType::int32, p.shape, ir::SlotRole::kParameter);
}

// The mean gradient as a multiple of 2^-28, weight decay added.
NodeId mean_gradient(UpdateBuilder& u, const FixedParameter& p, double decay, const Fixed& gradient,
                     const FixedRates& rates) {
  ir::Builder& b = u.b;
  // sum * inverse 2^-inverse_shift 2^e = q 2^-28
  const NodeId shift =
      b.sub(rates.inverse_shift, b.add(gradient.exponent, b.integer(kGradientFraction)));
  const NodeId g = b.mul_shift(gradient.mantissa, rates.inverse, shift, kGradientLimit);
  if (decay == 0) return g;
  const Mantissa15 d = to_mantissa15(decay);
  const NodeId pull =
      b.mul_shift(read_master(u, p), b.integer(d.mantissa),
                  b.integer(d.shift + p.fraction - kGradientFraction), kGradientLimit / 2);
  return b.clamp(b.add(b.clamp(g, -kGradientLimit / 2, kGradientLimit / 2), pull), -kGradientLimit,
                 kGradientLimit);
}

// Subtracts a step (a multiple of the master's unit) and renews the view.
void write_master(UpdateBuilder& u, const FixedParameter& p, NodeId step) {
  ir::Builder& b = u.b;
  // Both are below 2^30 in size, so the difference is exact.
  const NodeId master = b.clamp(b.sub(read_master(u, p), step), -kMasterLimit, kMasterLimit);
  u.assign(p.id, kValue, master);
  if (!p.has_view) return;
  // The exponent of this step's view was fixed by the step before: the write needs no second pass.
  const NodeId used = u.state(p.id, "view_next", DType::int32, {}, ir::SlotRole::kState);
  u.assign(p.id, kView, b.requantise(master, b.add(used, b.integer(p.fraction)), kOperandLimit));
  u.assign(p.id, kViewExponent, used);
  const NodeId bits = b.unary(Op::bit_length, b.or_bits(master));
  const NodeId excess = b.max(b.sub(bits, b.integer(kOperandBits)), b.integer(0));
  const NodeId seen = b.sub(excess, b.integer(p.fraction));
  u.assign(p.id, "view_next", b.max(seen, b.sub(used, b.integer(1))));
}

void fixed_update(UpdateBuilder& u, const Sgd& o, const FixedParameter& p, const Fixed& gradient,
                  const FixedRates& rates) {
  ir::Builder& b = u.b;
  NodeId step = mean_gradient(u, p, o.weight_decay, gradient, rates);
  if (o.momentum != 0) {
    const NodeId velocity = u.state(p.id, "momentum", DType::int32, p.shape);
    const auto beta = std::min<int64_t>(std::lround(o.momentum * (1 << 15)), (1 << 15) - 1);
    const NodeId kept = b.mul_shift(velocity, b.integer(beta), b.integer(15), kGradientLimit);
    step = b.clamp(b.add(kept, step), -kGradientLimit, kGradientLimit);
    u.assign(p.id, "momentum", step);
  }
  // step 2^-28 * rate 2^-rate_shift in units of 2^-fraction
  const NodeId shift = b.add(rates.rate_shift, b.integer(kGradientFraction - p.fraction));
  write_master(u, p, b.mul_shift(step, rates.rate, shift, kGradientLimit));
}

// beta^t in Q30, as a running product in a state shared by all parameters.
NodeId power(UpdateBuilder& u, const char* name, int64_t beta) {
  ir::Builder& b = u.b;
  const NodeId before = u.state(0, name, DType::int64, {}, ir::SlotRole::kState);
  const NodeId now = b.shift_right(b.mul(before, b.integer(beta, DType::int64)), kPowerFraction);
  u.assign_once(0, name, now);
  return now;
}

void fixed_update(UpdateBuilder& u, const Adam& o, const FixedParameter& p, const Fixed& gradient,
                  const FixedRates& rates) {
  ir::Builder& b = u.b;
  const auto long_integer = [&](int64_t value) { return b.integer(value, DType::int64); };
  const int decay_bits = std::clamp(static_cast<int>(std::lround(-std::log2(1 - o.beta2))), 1, 20);
  const int64_t one = int64_t{1} << kPowerFraction;
  const auto beta1 = static_cast<int64_t>(std::llround(o.beta1 * static_cast<double>(one)));

  // sqrt(1 - beta2^t) / (1 - beta1^t) as a Q15 number, at most 2^15 sqrt(1 / (1 - beta1)) or so.
  const NodeId c1 = b.sub(long_integer(one), power(u, "beta1_power", beta1));
  const NodeId c2 = b.sub(long_integer(one), power(u, "beta2_power", one - (one >> decay_bits)));
  const NodeId root = b.unary(Op::isqrt, b.mul(c2, long_integer(one)));  // Q30
  const NodeId ratio_of_roots = b.binary(Op::div_round, b.mul(root, long_integer(1 << 15)), c1);
  const NodeId correction =
      b.cast(b.min(ratio_of_roots, long_integer(kGradientLimit)), DType::int32);

  const NodeId g = mean_gradient(u, p, o.weight_decay, gradient, rates);
  const NodeId m0 = u.state(p.id, "mean", DType::int32, p.shape),
               v0 = u.state(p.id, "variance", DType::int64, p.shape);
  const auto gain = std::max<int64_t>(std::lround((1 - o.beta1) * (1 << 15)), 1);
  const NodeId m =
      b.add(m0, b.mul_shift(b.sub(g, m0), b.integer(gain), b.integer(15), kGradientLimit));
  const NodeId wide = b.cast(g, DType::int64);
  const NodeId v =
      b.add(v0, b.align(b.sub(b.mul(wide, wide), v0), b.integer(decay_bits), int64_t{1} << 61));
  u.assign(p.id, "mean", m);
  u.assign(p.id, "variance", v);
  // Epsilon goes under the root, squared: sqrt(v + eps^2) lies between sqrt(v) and sqrt(v) + eps.
  const auto epsilon = std::max<int64_t>(1, std::llround(std::ldexp(o.epsilon, kGradientFraction)));
  const NodeId ratio = b.mul_rsqrt(m, b.add(v, long_integer(epsilon * epsilon)));  // Q15
  const NodeId scaled = b.mul_shift(ratio, correction, b.integer(15), kGradientLimit);
  const NodeId shift = b.add(rates.rate_shift, b.integer(15 - p.fraction));
  write_master(u, p, b.mul_shift(scaled, rates.rate, shift, kGradientLimit));
}

void fixed_update(UpdateBuilder&, std::monostate, const FixedParameter&, const Fixed&,
                  const FixedRates&) {
  raise("[optimizer] there is none");
}

}  // namespace

void update_fixed(UpdateBuilder& u, const Optimizer& optimizer, const FixedParameter& parameter,
                  const Fixed& gradient, const FixedRates& rates) {
  std::visit([&](const auto& config) { fixed_update(u, config, parameter, gradient, rates); },
             optimizer);
}

int64_t initial_fixed_state(std::string_view slot_name) {
  return slot_name == "beta1_power" || slot_name == "beta2_power" ? int64_t{1} << kPowerFraction
                                                                  : 0;
}

}  // namespace paragon::train
