// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/fixed_point.hpp"
#include "core/mean_square.hpp"
#include "core/random.hpp"
#include "passes/mantissa15.hpp"
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
constexpr int kRateBits = 15;       // of the mantissas of rates

/// A positive factor mantissa * 2^-shift, scalars of the run.
struct Rate {
  NodeId mantissa, shift;
};

/// One parameter's update from its mean gradient, a multiple of 2^-28.
struct FixedUpdate {
  FixedUpdate(UpdateBuilder& updates, const FixedSettings& settings,
              const FixedParameter& parameter, NodeId mean_gradient, const FixedRates& scalars)
      : u(updates),
        format(settings.format),
        p(parameter),
        gradient(mean_gradient),
        rates(scalars),
        pure(settings.storage == Storage::pure && p.is_weights),
        exponents(settings.exponents) {
    if (!pure) return;
    format.master = DType::int32;
    format.master_bits = kValueBits;
    p.fraction += pure_guard_bits(format);
  }

  UpdateBuilder& u;
  Format format;     // a pure weight has a master while it is updated
  FixedParameter p;  // its fraction is the master's
  NodeId gradient;
  const FixedRates& rates;
  bool pure;
  ir::ExponentMode exponents;

  ir::Builder& b = u.b;

  NodeId number(int64_t value, DType type = DType::int32) const { return b.integer(value, type); }
  NodeId state(const char* name, DType type = DType::int32) const {
    return u.state(p.id, name, type, p.shape);
  }
  NodeId master() const {
    if (pure) {
      const NodeId weights =
          u.state(p.id, kValue, format.operand, p.shape, ir::SlotRole::kParameter);
      return b.mul(b.cast(weights, DType::int32), number(int64_t{1} << pure_guard_bits(format)));
    }
    return u.state(p.id, kValue, format.master, p.shape, ir::SlotRole::kParameter);
  }

  /// The master times a small positive number, as a multiple of 2^-fraction.
  NodeId scaled_master(double factor, int fraction, int64_t limit) const {
    NodeId value = master();
    int value_fraction = p.fraction;
    if (format.master == DType::int64) {  // its upper bits
      const int excess = format.master_bits - kValueBits;
      value = b.cast(b.align(value, number(excess), kValueLimit), DType::int32);
      value_fraction -= excess;
    }
    const Mantissa15 f = to_mantissa15(factor);
    return b.mul_shift(value, number(f.mantissa), number(f.shift + value_fraction - fraction),
                       limit);
  }

  /// The gradient with weight decay as a part of it.
  NodeId decayed(double decay) const {
    if (decay == 0) return gradient;
    constexpr int64_t kHalf = kGradientLimit / 2;
    const NodeId pull = scaled_master(decay, kGradientFraction, kHalf);
    return limited(b.add(b.clamp(gradient, -kHalf, kHalf), pull));
  }
  NodeId limited(NodeId x) const { return b.clamp(x, -kGradientLimit, kGradientLimit); }

  /// momentum old + x, kept in the state "momentum"; x keeps its unit.
  NodeId velocity(double momentum, NodeId x) const {
    const NodeId sum = limited(b.add(weighted(momentum, state("momentum")), x));
    u.assign(p.id, "momentum", sum);
    return sum;
  }
  NodeId weighted(double factor, NodeId x) const {
    const auto f = std::min<int64_t>(std::lround(factor * (1 << 15)), (1 << 15) - 1);
    return b.mul_shift(x, number(f), number(15), kGradientLimit);
  }

  /// v + (g^2 - v) / 2^bits, kept as a square code.
  NodeId mean_square(int bits, NodeId g) const {
    const NodeId now = b.mean_square(state(kMeanSquare), g, bits);
    u.assign(p.id, kMeanSquare, now);
    return now;
  }
  /// x / sqrt(v + epsilon^2) in Q22. Epsilon goes under the root: that lies between sqrt(v) and
  /// sqrt(v) + epsilon.
  NodeId ratio(NodeId x, NodeId v, double epsilon) const {
    const double units = std::ldexp(epsilon, kGradientFraction);
    const auto e = static_cast<uint64_t>(
        std::llround(std::clamp(units, 1.0, static_cast<double>(kGradientLimit))));
    return b.mul_rsqrt(x, v, square_code(e * e));
  }

  Rate rate() const { return {rates.rate, rates.rate_shift}; }
  /// The rate times a Q15 factor, an int64.
  Rate rate_times(NodeId factor) const {
    const NodeId product = b.mul(b.cast(rates.rate, DType::int64), factor);
    const NodeId excess =
        b.max(b.sub(b.unary(Op::bit_length, product), number(kRateBits)), number(0));
    const NodeId mantissa = b.align(product, excess, (int64_t{1} << kRateBits) - 1);
    return {b.cast(mantissa, DType::int32), b.sub(b.add(rates.rate_shift, number(15)), excess)};
  }

  /// rate * step, where the step is a multiple of 2^-fraction, as a multiple of the master's unit.
  NodeId rated(NodeId step, int fraction) const { return rated(step, fraction, rate()); }
  NodeId rated(NodeId step, int fraction, const Rate& by) const {
    const NodeId shift = b.add(by.shift, number(fraction - p.fraction));
    if (format.master == DType::int32)
      return b.mul_shift(step, by.mantissa, shift, format.master_limit());
    const NodeId product = b.mul(b.cast(step, DType::int64), b.cast(by.mantissa, DType::int64));
    return b.align(product, shift, format.master_limit());
  }

  /// A pure weight's new value. The random numbers belong to the parameter.
  NodeId rounded(NodeId value) const {
    const NodeId key = b.hash_key(rates.seed, rates.step, p.id, random::Role::kUpdate, 0);
    return b.requantise_sr(value, number(pure_guard_bits(format)),
                           b.random(key, p.shape, p.shape.cols(), 1), format.operand_limit,
                           format.operand);
  }

  /// Subtracts a step (a multiple of the master's unit) and renews the view.
  void write(NodeId step) const {
    // Both lie within the limit, so the difference is exact.
    const int64_t limit = format.master_limit();
    const NodeId value = b.clamp(b.sub(master(), step), -limit, limit);
    u.assign(p.id, kValue, pure ? rounded(value) : value);
    if (pure || !p.is_weights) return;
    const NodeId seen = b.sub(ir::operand_shift(b, b.or_bits(value), format), number(p.fraction));
    NodeId used = seen;
    if (exponents == ir::ExponentMode::kDelayed) {
      // Fixed by the step before: the write needs no second pass.
      used = u.state(p.id, kViewNext, DType::int32, {}, ir::SlotRole::kState);
      u.assign(p.id, kViewNext, b.max(seen, b.sub(used, number(1))));
    }
    u.assign(
        p.id, kView,
        b.requantise(value, b.add(used, number(p.fraction)), format.operand_limit, format.operand));
    u.assign(p.id, kViewExponent, used);
  }
};

/// n where the logarithm of 1 - decay is nearest to that of 2^-n.
int decay_bits(double decay) {
  int exponent = 0;
  const double fraction = std::frexp(1 - decay, &exponent);  // 1/2 .. 1
  return std::clamp(fraction * fraction > 0.5 ? -exponent : 1 - exponent, 1, kMaxDecayBits);
}

void fixed_update(const FixedUpdate& f, const Sgd& o) {
  const NodeId g = f.decayed(o.weight_decay);
  NodeId step = g;
  if (o.momentum != 0) step = f.velocity(o.momentum, g);
  if (o.nesterov) step = f.limited(f.b.add(g, f.weighted(o.momentum, step)));
  f.write(f.rated(step, kGradientFraction));
}

// beta^t in Q30, as a running product in a state shared by all parameters.
NodeId power(UpdateBuilder& u, const char* name, int64_t beta) {
  ir::Builder& b = u.b;
  const NodeId before = u.state(0, name, DType::int64, {}, ir::SlotRole::kState);
  const NodeId now = b.shift_right(b.mul(before, b.integer(beta, DType::int64)), kPowerFraction);
  u.assign_once(0, name, now);
  return now;
}

template <AdamLike Config>
void fixed_update(const FixedUpdate& f, const Config& o) {
  ir::Builder& b = f.b;
  constexpr bool kDecoupled = std::same_as<Config, AdamW>;
  const auto wide = [&](int64_t value) { return f.number(value, DType::int64); };
  const int bits = decay_bits(o.beta2);
  const int64_t one = int64_t{1} << kPowerFraction;
  const auto beta1 = static_cast<int64_t>(std::llround(o.beta1 * static_cast<double>(one)));

  // sqrt(1 - beta2^t) / (1 - beta1^t) as a Q15 number, at most 2^15 sqrt(1 / (1 - beta1)) or so.
  const NodeId c1 = b.sub(wide(one), power(f.u, kBeta1Power, beta1));
  const NodeId c2 = b.sub(wide(one), power(f.u, kBeta2Power, one - (one >> bits)));
  const NodeId root = b.unary(Op::isqrt, b.mul(c2, wide(one)));  // Q30
  const NodeId ratio_of_roots = b.binary(Op::div_round, b.mul(root, wide(1 << 15)), c1);
  const NodeId correction = b.min(ratio_of_roots, wide(kGradientLimit));

  const NodeId g = kDecoupled ? f.gradient : f.decayed(o.weight_decay);
  const NodeId m0 = f.state("mean");
  const auto gain = std::max<int64_t>(std::lround((1 - o.beta1) * (1 << 15)), 1);
  const NodeId m =
      b.add(m0, b.mul_shift(b.sub(g, m0), f.number(gain), f.number(15), kGradientLimit));
  f.u.assign(f.p.id, "mean", m);
  const NodeId ratio = f.ratio(m, f.mean_square(bits, g), o.epsilon);
  NodeId step = f.rated(ratio, kRatioFraction, f.rate_times(correction));
  if (kDecoupled && o.weight_decay != 0) {
    const int64_t limit = f.format.master_limit();
    const NodeId pull = f.scaled_master(o.weight_decay, kGradientFraction, kGradientLimit);
    step = b.clamp(b.add(step, f.rated(pull, kGradientFraction)), -limit, limit);
  }
  f.write(step);
}

void fixed_update(const FixedUpdate& f, const RmsProp& o) {
  const NodeId g = f.decayed(o.weight_decay);
  NodeId step = f.ratio(g, f.mean_square(decay_bits(o.decay), g), o.epsilon);
  if (o.momentum != 0) step = f.velocity(o.momentum, step);
  f.write(f.rated(step, kRatioFraction));
}

void fixed_update(const FixedUpdate&, std::monostate) {
  raise("[optimizer] there is none");
}

NodeId gradient_bound(ir::Builder& b, double bound) {
  const double units = std::ldexp(bound, kGradientFraction);
  return b.integer(static_cast<int64_t>(std::llround(std::clamp(
      units, -static_cast<double>(kGradientLimit), static_cast<double>(kGradientLimit)))));
}

// The factor, Q15, that brings the norm of all gradients down to the limit: norms are Q14.
NodeId norm_factor(ir::Builder& b, double limit, const std::vector<NodeId>& gradients) {
  constexpr int kNormFraction = 14;
  const auto wide = [&](int64_t value) { return b.integer(value, DType::int64); };
  NodeId squares = wide(0);
  for (NodeId g : gradients) {
    const NodeId x = b.cast(g, DType::int64);
    const NodeId square =
        b.align(b.mul(x, x), b.integer(2 * (kGradientFraction - kNormFraction)), int64_t{1} << 40);
    squares = b.add(squares, b.sum(square, 2));
  }
  const NodeId norm = b.unary(Op::isqrt, squares);
  const int64_t most = std::max<int64_t>(1, std::llround(std::ldexp(limit, kNormFraction)));
  const NodeId one = wide(int64_t{1} << 15);
  const NodeId factor = b.binary(Op::div_round, wide(most << 15), b.max(norm, wide(1)));
  return b.cast(b.min(factor, one), DType::int32);
}

}  // namespace

void update_fixed(UpdateBuilder& u, const Optimizer& optimizer, const GradientClip& clip,
                  const FixedSettings& settings, const std::vector<FixedParameter>& parameters,
                  const FixedRates& rates) {
  ir::Builder& b = u.b;
  std::vector<NodeId> gradients;
  for (const FixedParameter& p : parameters) {
    // sum * inverse 2^-inverse_shift 2^e = q 2^-28
    const NodeId shift =
        b.sub(rates.inverse_shift, b.add(p.gradient.exponent, b.integer(kGradientFraction)));
    NodeId g = b.mul_shift(p.gradient.mantissa, rates.inverse, shift, kGradientLimit);
    if (clip.lower) g = b.max(g, gradient_bound(b, *clip.lower));
    if (clip.upper) g = b.min(g, gradient_bound(b, *clip.upper));
    gradients.push_back(g);
  }
  if (clip.norm && !gradients.empty()) {
    const NodeId factor = norm_factor(b, *clip.norm, gradients);
    for (NodeId& g : gradients) g = b.mul_shift(g, factor, b.integer(15), kGradientLimit);
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    const FixedUpdate update(u, settings, parameters[i], gradients[i], rates);
    std::visit([&](const auto& config) { fixed_update(update, config); }, optimizer);
  }
}

int64_t initial_fixed_state(std::string_view slot_name) {
  return slot_name == kBeta1Power || slot_name == kBeta2Power ? int64_t{1} << kPowerFraction : 0;
}

}  // namespace paragon::train
