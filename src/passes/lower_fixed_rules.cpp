// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/fixed_curve.hpp"
#include "core/fixed_point.hpp"
#include "passes/lower_fixed.hpp"
#include "passes/mantissa15.hpp"

// The rules of element-wise operations, softmax, losses and scores (docs/numerics.md).
namespace paragon::ir {

using namespace paragon::fixed;

Fixed FixedLowering::lower_curve(const Node& node) {
  const auto which = static_cast<Curve>(node.attrs.a);
  const Fixed x = value(node.operands[0]);
  const Op op = node.op == Op::curve ? Op::curve_fixed : Op::curve_slope_fixed;
  const NodeId y = b_.graph().make(op, {x.mantissa, x.exponent}, {.a = node.attrs.a});
  if (node.op == Op::curve_slope) return {y, b_.integer(-kSlopeFraction)};
  return {y, is_bounded(which) ? b_.integer(-kBoundedFraction) : x.exponent};
}

Fixed FixedLowering::lower_concat(const Node& node) {
  std::vector<Fixed> parts;
  for (NodeId operand : node.operands) parts.push_back(value(operand));
  NodeId exponent = parts[0].exponent;
  for (const Fixed& part : parts)
    if (part.exponent != exponent) exponent = b_.max(exponent, part.exponent);
  std::vector<NodeId> aligned;
  for (const Fixed& part : parts) aligned.push_back(align(part, exponent));
  return {b_.concat(std::move(aligned)), exponent};
}

NodeId FixedLowering::common_exponent(const Fixed& x, const Fixed& y) {
  if (x.follows != y.follows) {
    const Fixed &leads = x.follows ? y : x, &follower = x.follows ? x : y;
    return follower.least == kNoNode ? leads.exponent : b_.max(leads.exponent, follower.least);
  }
  return x.exponent == y.exponent ? x.exponent : b_.max(x.exponent, y.exponent);
}

Fixed FixedLowering::lower_sum_of_two(const Node& node) {
  const Fixed x = value(node.operands[0]), y = value(node.operands[1]);
  const NodeId exponent = common_exponent(x, y);
  const NodeId ax = align(x, exponent), ay = align(y, exponent);
  const NodeId sum = node.op == Op::add ? b_.add(ax, ay) : b_.sub(ax, ay);
  return {b_.clamp(sum, -kValueLimit, kValueLimit), exponent, x.follows && y.follows};
}

Fixed FixedLowering::lower_extreme(const Node& node) {
  const Fixed x = value(node.operands[0]), y = value(node.operands[1]);
  const NodeId exponent = common_exponent(x, y);
  return {b_.binary(node.op, align(x, exponent), align(y, exponent)), exponent,
          x.follows && y.follows};
}

Fixed FixedLowering::lower_constant(const Node& node) {
  const double value = node.attrs.real;
  if (value == std::floor(value) && std::abs(value) < 1 << 15)
    return {b_.integer(static_cast<int64_t>(value)), b_.integer(0), true};
  const Mantissa15 mantissa = to_mantissa15(std::abs(value));
  return {b_.integer(value < 0 ? -mantissa.mantissa : mantissa.mantissa),
          b_.integer(-mantissa.shift)};
}

// Halved to 1/2 .. 1, the factor takes no value past its limit: the exponent takes the rest.
Fixed FixedLowering::enlarged(const Fixed& x, double factor) {
  const Mantissa15 size = to_mantissa15(std::abs(factor));
  const NodeId mantissa = b_.integer(factor < 0 ? -size.mantissa : size.mantissa);
  return {b_.mul_shift(x.mantissa, mantissa, b_.integer(15), kValueLimit),
          b_.add(x.exponent, b_.integer(15 - size.shift))};
}

Fixed FixedLowering::lower_product(const Node& node) {
  Fixed x = value(node.operands[0]), y = value(node.operands[1]);
  for (size_t i = 0; i < 2; ++i) {
    const Node& factor = real_[node.operands[i]];
    const Fixed& other = i == 0 ? y : x;
    if (factor.op == Op::constant && std::abs(factor.attrs.real) > 1 && !other.follows)
      return enlarged(other, factor.attrs.real);
  }
  if (x.follows) std::swap(x, y);
  if (y.follows)
    return {b_.mul(x.mantissa, y.mantissa), x.exponent};  // a mask or a small whole number
  // The factor whose exponent is known beforehand (a constant, a slope, a probability) gives its
  // scale away; the product keeps the other's.
  const auto known = [&](const Fixed& v) { return b_[v.exponent].op == Op::constant; };
  if (!known(y)) std::swap(x, y);
  if (!known(y))
    raise("[fixed point] there is no rule for a product of two tensors of unknown scale");
  return {b_.mul_shift(x.mantissa, y.mantissa, b_.sub(b_.integer(0), y.exponent), kValueLimit),
          x.exponent};
}

Fixed FixedLowering::lower_choice(const Node& node) {
  const Fixed condition = value(node.operands[0]);
  const Fixed x = value(node.operands[1]), y = value(node.operands[2]);
  const NodeId exponent = common_exponent(x, y);
  return {b_.select(condition.mantissa, align(x, exponent), align(y, exponent)), exponent,
          x.follows && y.follows};
}

NodeId FixedLowering::score(const Fixed& x) {
  return align(x, b_.integer(-kScoreFraction));
}

Fixed FixedLowering::lower_comparison(const Node& node) {
  const Node& bound = real_[node.operands[1]];
  const auto result = [&](NodeId mantissa, NodeId limit) {
    return Fixed{b_.greater(mantissa, limit), b_.integer(0), true};
  };
  if (bound.op != Op::constant)
    return result(score(value(node.operands[0])), score(value(node.operands[1])));
  // An activation is kept in its narrow form only; its sign is all that is asked for here.
  if (bound.attrs.real == 0 && real_[node.operands[0]].op == Op::leaky_relu)
    return result(b_.cast(operand(node.operands[0]).mantissa, DType::int32), b_.integer(0));
  const Fixed x = value(node.operands[0]);
  if (bound.attrs.real == 0) return result(x.mantissa, b_.integer(0));
  // x > c where x is a whole number of units if x > floor(c)
  if (x.follows) return result(x.mantissa, b_.integer(std::llround(std::floor(bound.attrs.real))));
  const double limit = std::floor(std::ldexp(bound.attrs.real, kScoreFraction));
  return result(score(x), b_.integer(static_cast<int64_t>(limit)));
}

// A quotient of scores, as a multiple of 2^-16.
Fixed FixedLowering::lower_ratio(const Node& node) {
  const Fixed x = value(node.operands[0]), y = value(node.operands[1]);
  const NodeId exponent = common_exponent(x, y);
  const NodeId ax = align(x, exponent), ay = align(y, exponent), zero = b_.integer(0);
  const auto wide = [&](NodeId v) { return b_.cast(b_.unary(Op::abs, v), DType::int64); };
  const auto number = [&](int64_t v) { return b_.integer(v, DType::int64); };
  const NodeId scaled = b_.mul(wide(ax), number(int64_t{1} << kScoreFraction));
  const NodeId quotient = b_.binary(Op::div_round, scaled, b_.max(wide(ay), number(1)));
  const NodeId size = b_.cast(b_.min(quotient, number(kValueLimit)), DType::int32);
  const NodeId differ = b_.sub(b_.greater(zero, ax), b_.greater(zero, ay));
  return {b_.select(differ, b_.neg(size), size), b_.integer(-kScoreFraction)};
}

Fixed FixedLowering::lower_squared_error(const Node& node) {
  const Fixed y = value(node.operands[0]), target = value(node.operands[1]);
  const NodeId exponent = common_exponent(y, target);
  const NodeId difference = b_.align(b_.sub(align(y, exponent), align(target, exponent)),
                                     b_.sub(b_.integer(-kLossFraction), exponent), kValueLimit);
  const NodeId wide = b_.cast(difference, DType::int64);
  const NodeId squares = b_.align(b_.mul(wide, wide), b_.integer(kLossFraction), kValueLimit);
  const auto columns = static_cast<int64_t>(b_.shape(wide)[1]);
  const NodeId mean =
      b_.binary(Op::div_round, b_.sum(squares, 1), b_.integer(columns, DType::int64));
  return {b_.cast(mean, DType::int32), b_.integer(-kLossFraction)};
}

NodeId FixedLowering::row_distances(const Fixed& x) {
  constexpr int64_t kFarthest = int64_t{40} << kPowerFraction;  // 2^-40 is nothing in Q30
  const NodeId below = b_.sub(b_.maximum(x.mantissa, 1), x.mantissa);
  const NodeId t =
      b_.mul_shift(below, b_.integer(kLog2E), b_.sub(b_.integer(0), x.exponent), kInt32Limit);
  return b_.min(t, b_.integer(kFarthest));
}

NodeId FixedLowering::row_powers(const Fixed& logits) {
  return b_.unary(Op::exp2_negative, row_distances(logits));
}

// log2 S + sum(p t) with t the distances in powers of two, S = sum(2^-t), p = 2^-t / S.
Fixed FixedLowering::lower_entropy(const Node& node) {
  const Fixed x = value(node.operands[0]);
  const auto number = [&](int64_t v) { return b_.integer(v, DType::int64); };
  const NodeId t = b_.cast(row_distances(x), DType::int64);
  const NodeId powers = b_.cast(row_powers(x), DType::int64), total = b_.sum(powers, 1);
  // 2^-t t: Q30 times Q24, brought to Q30
  const NodeId weighted = b_.align(b_.mul(powers, t), b_.integer(kPowerFraction), int64_t{1} << 40);
  const NodeId mean = b_.binary(
      Op::div_round, b_.mul(b_.sum(weighted, 1), number(int64_t{1} << kScoreFraction)), total);
  // log2 of a Q30 number is 30 too large.
  const NodeId logarithm =
      b_.sub(b_.unary(Op::log2_q16, total), b_.integer(int64_t{30} << kScoreFraction));
  const NodeId sum = b_.add(b_.cast(mean, DType::int32), logarithm);
  const size_t columns = b_.shape(powers)[1];
  const Mantissa15 f = reciprocal_log2(std::max<size_t>(columns, 2));
  return {b_.mul_shift(sum, b_.integer(f.mantissa), b_.integer(f.shift), kValueLimit),
          b_.integer(-kScoreFraction)};
}

Fixed FixedLowering::lower_softmax(const Node& node) {
  const NodeId powers = b_.cast(row_powers(value(node.operands[0])), DType::int64);
  const NodeId scaled =
      b_.mul(powers, b_.integer(int64_t{1} << kProbabilityFraction, DType::int64));
  const NodeId ratio = b_.binary(Op::div_round, scaled, b_.sum(powers, 1));
  const NodeId value = b_.min(ratio, b_.integer(kValueLimit, DType::int64));
  return {b_.cast(value, DType::int32), b_.integer(-kProbabilityFraction)};
}

Fixed FixedLowering::lower_cross_entropy(const Node& node) {
  constexpr int64_t kLn2 = 45426;  // ln 2 in Q16
  const NodeId powers = b_.cast(row_powers(value(node.operands[0])), DType::int64);
  const NodeId labels = values_.at(node.operands[1]).mantissa;
  const NodeId hot = b_.one_hot(labels, b_.shape(powers)[1]);
  const NodeId own = b_.sum(b_.select(hot, powers, b_.integer(0, DType::int64)), 1);
  // A label's power may round to nothing: 2^-30 is the least that is reported.
  const NodeId own_log = b_.unary(Op::log2_q16, b_.max(own, b_.integer(1, DType::int64)));
  const NodeId log2 = b_.sub(b_.unary(Op::log2_q16, b_.sum(powers, 1)), own_log);
  const NodeId nats = b_.mul_shift(log2, b_.integer(kLn2), b_.integer(16), kInt32Limit);
  return {nats, b_.integer(-kLossFraction)};
}

}  // namespace paragon::ir
