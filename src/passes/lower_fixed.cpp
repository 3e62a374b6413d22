// SPDX-License-Identifier: Apache-2.0
#include "passes/lower_fixed.hpp"

#include <algorithm>
#include <cmath>

#include "composites/composites.hpp"
#include "core/fixed_point.hpp"
#include "passes/fixed_format.hpp"

namespace paragon::ir {

using namespace paragon::fixed;

std::string exponent_slot_name(bool error, size_t repetition) {
  const char* base = error ? "error_exponent" : "activation_exponent";
  return repetition == 0 ? base : fmt::format("{}.{}", base, repetition);
}

namespace {

/// How often the most read feature is read.
size_t most_readers(const IndexTable& table) {
  std::vector<size_t> readers(table.features, 0);
  for (int32_t source : table.index)
    if (source >= 0) ++readers[static_cast<size_t>(source)];
  return readers.empty() ? 0 : *std::max_element(readers.begin(), readers.end());
}

}  // namespace

FixedLowering::FixedLowering(const Graph& real, Graph& low, ExponentMode mode, FixedInputs inputs)
    : real_(real), b_(low), mode_(mode), inputs_(inputs) {}

void FixedLowering::leaf(NodeId real, Fixed value) {
  values_[real] = value;
}

void FixedLowering::leaf(NodeId real, Fixed value, Fixed operand) {
  values_[real] = value;
  operands_[real] = operand;
}

Fixed FixedLowering::value(NodeId real) {
  for (NodeId id :
       reachable(real_, {real})) {  // operands first, so that the recursion stays shallow
    if (id == real || values_.contains(id)) continue;
    if (real_[id].op == Op::leaky_relu || info(real_[id].op).cls == OpClass::kContract) value(id);
  }
  const auto it = values_.find(real);
  if (it != values_.end()) return it->second;
  const Graph::Scope scope(b_.graph(), fmt::format("fixed point of {}", info(real_[real].op).name),
                           real_.provenance(real));
  const Fixed result = lower(real);
  values_[real] = result;
  return result;
}

Fixed FixedLowering::lower(NodeId real) {
  const Node& node = real_[real];
  const auto x = [&](size_t i) { return value(node.operands[i]); };
  switch (node.op) {
    case Op::constant:
      return lower_constant(node);
    case Op::contract:
    case Op::gather_dot:
    case Op::gather_dot_wgrad:
    case Op::gather_dot_xgrad:
      return lower_contraction(node);
    case Op::add:
    case Op::sub:
      return lower_sum_of_two(node);
    case Op::mul:
      return lower_product(node);
    case Op::select:
      return lower_choice(node);
    case Op::greater:
      return lower_comparison(node);
    case Op::softmax:
      return lower_softmax(node);
    case Op::cross_entropy:
      return lower_cross_entropy(node);
    case Op::neg:
      return {b_.neg(x(0).mantissa), x(0).exponent};
    case Op::transpose:
      return {b_.transpose(x(0).mantissa), x(0).exponent};
    case Op::reshape:
      return {b_.reshape(x(0).mantissa, node.shape), x(0).exponent};
    case Op::leaky_relu: {
      const Fixed v = x(0);
      const NodeId zero = b_.integer(0);
      if (node.attrs.real == 0) return {b_.max(v.mantissa, zero), v.exponent};
      const Mantissa15 slope = to_mantissa15(node.attrs.real);
      const NodeId below = b_.mul_shift(v.mantissa, b_.integer(slope.mantissa),
                                        b_.integer(slope.shift), kAccumulatorLimit);
      return {b_.select(b_.greater(v.mantissa, zero), v.mantissa, below), v.exponent};
    }
    case Op::cast: {  // a whole number, e.g. a mask or a one-hot label
      if (info(real_[node.operands[0]].type).kind == DTypeKind::kFloat) return x(0);
      Transplant copy(real_, b_.graph());
      for (const auto& [leaf, fixed] : values_)
        if (real_[leaf].op == Op::slot && fixed.exponent == kNoNode)
          copy.replace(leaf, fixed.mantissa);
      return {b_.cast(copy(node.operands[0]), DType::int32), b_.integer(0), true};
    }
    case Op::sum: {
      // Bias gradients add up the rounded errors that the weight gradients read.
      const bool of_errors = node.attrs.a != 2 && real_.provenance(node.operands[0]).error;
      const Fixed v = of_errors ? operand(node.operands[0]) : x(0);
      const bool wide = node.attrs.a == 2;
      return {b_.sum(wide ? b_.cast(v.mantissa, DType::int64) : v.mantissa,
                     static_cast<int>(node.attrs.a)),
              v.exponent};
    }
    default:
      raise("[fixed point] there is no rule for {}", info(node.op).name);
  }
}

Fixed FixedLowering::operand(NodeId real) {
  const auto it = operands_.find(real);
  if (it != operands_.end()) return it->second;
  const Node& node = real_[real];
  Fixed result;
  if (node.op == Op::transpose) {
    const Fixed inner = operand(node.operands[0]);
    result = {b_.transpose(inner.mantissa), inner.exponent};
  } else if (node.op == Op::reshape) {
    const Fixed inner = operand(node.operands[0]);
    result = {b_.reshape(inner.mantissa, node.shape), inner.exponent};
  } else {
    result = requantise(real);
  }
  operands_[real] = result;
  return result;
}

uint32_t FixedLowering::exponent_slot(const Provenance& site, size_t repetition) {
  const std::string name = exponent_slot_name(site.error, repetition);
  if (b_.graph().has_slot(site.id, name)) return b_.graph().find_slot(site.id, name);
  return b_.graph().add_slot({name, site.id, SlotRole::kState, DType::int32, {}});
}

Fixed FixedLowering::requantise(NodeId real) {
  const Fixed v = value(real);
  const Provenance site = real_.provenance(real);
  const Graph::Scope scope(b_.graph(), "requantise", site);
  const NodeId bits = b_.unary(Op::bit_length, b_.or_bits(v.mantissa));
  const NodeId excess = b_.max(b_.sub(bits, b_.integer(kOperandBits)), b_.integer(0));
  const NodeId seen = b_.add(v.exponent, excess);
  // A layer may round several values of a kind, e.g. a linear layer's errors beside its reader's.
  const auto repetition = static_cast<size_t>(
      std::count_if(updates_.begin(), updates_.end(), [&](const ExponentUpdate& update) {
        return update.site.id == site.id && update.site.error == site.error;
      }));
  const uint32_t slot = exponent_slot(site, repetition);
  const NodeId stored = b_.graph().read(slot);
  NodeId used = stored, next = stored;
  if (mode_ == ExponentMode::kDynamic) used = next = seen;
  if (mode_ == ExponentMode::kDelayed) next = b_.max(seen, b_.sub(stored, b_.integer(1)));
  updates_.push_back({slot, next, seen, site});

  const NodeId shift = b_.sub(used, v.exponent);
  if (!site.error || mode_ == ExponentMode::kFrozen)
    return {b_.requantise(v.mantissa, shift, kOperandLimit), used};
  const Shape& shape = b_.shape(v.mantissa);
  const NodeId key =
      b_.hash_key(inputs_.seed, inputs_.step, site.id, random::Role::kError, repetition);
  const bool flipped = feature_major(real);  // the index counts samples first, whatever the layout
  const NodeId random =
      flipped ? b_.random(key, shape, 1, shape.rows()) : b_.random(key, shape, shape.cols(), 1);
  return {b_.requantise_sr(v.mantissa, shift, random, kOperandLimit), used};
}

bool FixedLowering::feature_major(NodeId real) {
  const auto it = feature_major_.find(real);
  if (it != feature_major_.end()) return it->second;
  const Node& node = real_[real];
  bool result = false;
  if (node.op == Op::gather_dot || node.op == Op::gather_dot_xgrad) {
    result = true;
  } else if (node.op == Op::transpose) {
    result = !feature_major(node.operands[0]);
  } else if (info(node.op).cls == OpClass::kElementwise) {
    for (NodeId operand : node.operands)
      if (real_[operand].shape == node.shape && feature_major(operand)) result = true;
  }
  return feature_major_[real] = result;
}

NodeId FixedLowering::align(const Fixed& x, NodeId exponent) {
  if (x.exponent == exponent) return x.mantissa;
  return b_.align(x.mantissa, b_.sub(exponent, x.exponent), kAccumulatorLimit);
}

Fixed FixedLowering::lower_contraction(const Node& node) {
  const Node& first = real_[node.operands[0]];
  size_t depth = 0;  // the exactness rule: the sum must stay within 31 bits
  if (node.op == Op::contract) depth = first.shape[node.attrs.a != 0 ? 0 : 1];
  if (node.op == Op::gather_dot) depth = node.attrs.table->taps;
  if (node.op == Op::gather_dot_wgrad) depth = first.shape[1];
  if (node.op == Op::gather_dot_xgrad) depth = most_readers(*node.attrs.table);
  if (depth > static_cast<size_t>(kMaxReduction))
    raise("[{}] sums {} products; 8-bit fixed point is exact up to {}", b_.graph().place(), depth,
          kMaxReduction);
  const Fixed a = operand(node.operands[0]), c = operand(node.operands[1]);
  return {b_.graph().make(node.op, {a.mantissa, c.mantissa}, node.attrs),
          b_.add(a.exponent, c.exponent)};
}

Fixed FixedLowering::lower_sum_of_two(const Node& node) {
  Fixed x = value(node.operands[0]), y = value(node.operands[1]);
  NodeId exponent;
  if (x.follows != y.follows) {
    exponent = x.follows ? y.exponent : x.exponent;
  } else {
    exponent = x.exponent == y.exponent ? x.exponent : b_.max(x.exponent, y.exponent);
  }
  const NodeId ax = align(x, exponent), ay = align(y, exponent);
  const NodeId sum = node.op == Op::add ? b_.add(ax, ay) : b_.sub(ax, ay);
  return {b_.clamp(sum, -kAccumulatorLimit, kAccumulatorLimit), exponent};
}

Fixed FixedLowering::lower_constant(const Node& node) {
  const double value = node.attrs.real;
  if (value == std::floor(value) && std::abs(value) < 1 << 15)
    return {b_.integer(static_cast<int64_t>(value)), b_.integer(0), true};
  const Mantissa15 mantissa = to_mantissa15(std::abs(value));
  return {b_.integer(value < 0 ? -mantissa.mantissa : mantissa.mantissa),
          b_.integer(-mantissa.shift)};
}

Fixed FixedLowering::lower_product(const Node& node) {
  Fixed x = value(node.operands[0]), y = value(node.operands[1]);
  if (x.follows) std::swap(x, y);
  if (y.follows)
    return {b_.mul(x.mantissa, y.mantissa), x.exponent};  // a mask or a small whole number
  if (real_[node.operands[0]].op == Op::constant) std::swap(x, y);
  if (real_[node.operands[1]].op != Op::constant && real_[node.operands[0]].op != Op::constant)
    raise("[fixed point] there is no rule for a product of two tensors element by element");
  return {
      b_.mul_shift(x.mantissa, y.mantissa, b_.sub(b_.integer(0), y.exponent), kAccumulatorLimit),
      x.exponent};
}

Fixed FixedLowering::lower_choice(const Node& node) {
  const Fixed condition = value(node.operands[0]);
  const Fixed x = value(node.operands[1]), y = value(node.operands[2]);
  const NodeId exponent = x.exponent == y.exponent || y.follows ? x.exponent
                          : x.follows                           ? y.exponent
                                                                : b_.max(x.exponent, y.exponent);
  return {b_.select(condition.mantissa, align(x, exponent), align(y, exponent)), exponent};
}

Fixed FixedLowering::lower_comparison(const Node& node) {
  const Node& bound = real_[node.operands[1]];
  if (bound.op != Op::constant || bound.attrs.real != 0)
    raise("[fixed point] there is no rule for comparisons with anything but zero");
  // An activation is kept in its 8-bit form only; its sign is all that is asked for here.
  const bool activation = real_[node.operands[0]].op == Op::leaky_relu;
  const NodeId mantissa = activation ? b_.cast(operand(node.operands[0]).mantissa, DType::int32)
                                     : value(node.operands[0]).mantissa;
  return {b_.greater(mantissa, b_.integer(0)), b_.integer(0), true};
}

NodeId FixedLowering::row_powers(const Fixed& logits) {
  constexpr int64_t kLog2E = 94548;                 // log2(e) in Q16
  constexpr int64_t kSmallest = int64_t{40} << 16;  // 2^-40 is nothing in Q30
  const NodeId below = b_.sub(b_.maximum(logits.mantissa, 1), logits.mantissa);
  const NodeId t =
      b_.mul_shift(below, b_.integer(kLog2E), b_.sub(b_.integer(0), logits.exponent), kInt32Limit);
  return b_.unary(Op::exp2_negative, b_.min(t, b_.integer(kSmallest)));
}

Fixed FixedLowering::lower_softmax(const Node& node) {
  const NodeId powers = b_.cast(row_powers(value(node.operands[0])), DType::int64);
  const NodeId scaled =
      b_.mul(powers, b_.integer(int64_t{1} << kProbabilityFraction, DType::int64));
  const NodeId ratio = b_.binary(Op::div_round, scaled, b_.sum(powers, 1));
  return {b_.cast(ratio, DType::int32), b_.integer(-kProbabilityFraction)};
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
