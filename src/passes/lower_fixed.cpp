// SPDX-License-Identifier: Apache-2.0
#include "passes/lower_fixed.hpp"

#include <algorithm>
#include <cmath>

#include "composites/composites.hpp"
#include "core/fixed_curve.hpp"
#include "core/fixed_point.hpp"
#include "passes/fixed_format.hpp"
#include "passes/mantissa15.hpp"

namespace paragon::ir {

using namespace paragon::fixed;

std::string numbered(const char* name, uint32_t number) {
  return number == 0 ? name : fmt::format("{}.{}", name, number);
}

NodeId operand_shift(Builder& b, NodeId magnitudes, const fixed::Format& format) {
  const NodeId bits = b.unary(Op::bit_length, magnitudes);
  const NodeId shift = b.max(b.sub(bits, b.integer(format.operand_bits)), b.integer(0));
  if (!format.is_limited()) return shift;
  const NodeId rounded = b.cast(b.align(magnitudes, shift, kValueLimit), DType::int32);
  return b.add(shift, b.greater(rounded, b.integer(format.operand_limit)));
}

std::string exponent_slot_name(bool error, uint32_t repetition) {
  return numbered(error ? "error_exponent" : "activation_exponent", repetition);
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

FixedLowering::FixedLowering(const Graph& real, Graph& low, const fixed::Format& format,
                             ExponentMode mode, FixedInputs inputs, std::vector<SampleAxis> axes)
    : real_(real), format_(format), b_(low), mode_(mode), inputs_(inputs), axes_(std::move(axes)) {}

void FixedLowering::leaf(NodeId real, Fixed value) {
  values_[real] = value;
}

void FixedLowering::leaf(NodeId real, Fixed value, Fixed operand) {
  values_[real] = value;
  operands_[real] = operand;
}

std::vector<NodeId> FixedLowering::below(NodeId real) const {
  std::vector<NodeId> found, stack = {real};
  std::unordered_set<NodeId> seen;
  while (!stack.empty()) {
    const NodeId id = stack.back();
    stack.pop_back();
    if (values_.contains(id) || !seen.insert(id).second) continue;
    for (NodeId operand : real_[id].operands) stack.push_back(operand);
    if (id == real) continue;
    if (real_[id].op == Op::leaky_relu || info(real_[id].op).cls == OpClass::kContract)
      found.push_back(id);
  }
  std::sort(found.begin(), found.end());  // ids grow from operands to users
  return found;
}

Fixed FixedLowering::value(NodeId real) {
  for (NodeId id : below(real)) value(id);
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
    case Op::table:
      return {b_.table(node.attrs.table), b_.integer(0), true};
    case Op::max:
    case Op::min:
      return lower_extreme(node);
    case Op::div:
      return lower_ratio(node);
    case Op::squared_error:
      return lower_squared_error(node);
    case Op::entropy:
      return lower_entropy(node);
    case Op::abs:
      return {b_.unary(Op::abs, x(0).mantissa), x(0).exponent};
    case Op::maximum:
      return {b_.maximum(x(0).mantissa, static_cast<int>(node.attrs.a)), x(0).exponent};
    case Op::host_score:
      return {b_.graph().make(Op::host_score, {x(0).mantissa, x(0).exponent}, node.attrs),
              b_.integer(-kScoreFraction)};
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
                                        b_.integer(slope.shift), kValueLimit);
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
    case Op::sum:
      return lower_sum(node);
    case Op::curve:
    case Op::curve_slope:
      return lower_curve(node);
    case Op::concat:
      return lower_concat(node);
    case Op::rows:
      return {b_.rows(x(0).mantissa, static_cast<size_t>(node.attrs.a), node.shape[0]),
              x(0).exponent};
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

uint32_t FixedLowering::exponent_slot(const Provenance& site, uint32_t repetition) {
  const std::string name = exponent_slot_name(site.error, repetition);
  if (b_.graph().has_slot(site.id, name)) return b_.graph().find_slot(site.id, name);
  return b_.graph().add_slot({name, site.id, SlotRole::kState, DType::int32, {}});
}

Fixed FixedLowering::requantise(NodeId real) {
  const Fixed v = value(real);
  const Provenance site = real_.provenance(real);
  const Graph::Scope scope(b_.graph(), "requantise", site);
  const NodeId seen = b_.add(v.exponent, operand_shift(b_, b_.or_bits(v.mantissa), format_));
  // A layer may round several values of a kind, e.g. a linear layer's errors beside its reader's.
  const auto others =
      std::count_if(updates_.begin(), updates_.end(), [&](const ExponentUpdate& update) {
        return update.site.id == site.id && update.site.error == site.error &&
               update.site.pass == site.pass;
      });
  const uint32_t repetition = site.pass * kRoundingsPerPass + static_cast<uint32_t>(others);
  const uint32_t slot = exponent_slot(site, repetition);
  const NodeId stored = b_.graph().read(slot);
  NodeId used = stored, next = stored;
  if (mode_ == ExponentMode::kDynamic) used = next = seen;
  if (mode_ == ExponentMode::kDelayed) next = b_.max(seen, b_.sub(stored, b_.integer(1)));
  updates_.push_back({slot, next, seen, site, repetition});

  const NodeId shift = b_.sub(used, v.exponent);
  if (!site.error || mode_ == ExponentMode::kFrozen)
    return {b_.requantise(v.mantissa, shift, format_.operand_limit, format_.operand), used};
  const Shape& shape = b_.shape(v.mantissa);
  const NodeId key =
      b_.hash_key(inputs_.seed, inputs_.step, site.id, random::Role::kError, repetition);
  // The index counts samples first, whatever the layout.
  if (axes_[real] == SampleAxis::kNone)
    raise("[fixed point] a rounding of errors that belong to no sample");
  const NodeId random = axes_[real] == SampleAxis::kColumns
                            ? b_.random(key, shape, 1, shape.rows())
                            : b_.random(key, shape, shape.cols(), 1);
  return {b_.requantise_sr(v.mantissa, shift, random, format_.operand_limit, format_.operand),
          used};
}

NodeId FixedLowering::align(const Fixed& x, NodeId exponent) {
  if (x.exponent == exponent) return x.mantissa;
  const NodeId aligned = b_.align(x.mantissa, b_.sub(exponent, x.exponent), kValueLimit);
  return b_.cast(aligned, DType::int32);  // the bias masters of 64-bit networks are wider
}

Fixed FixedLowering::lower_contraction(const Node& node) {
  const Node& first = real_[node.operands[0]];
  size_t depth = 0;  // how many products a sum has
  if (node.op == Op::contract) depth = first.shape[node.attrs.a != 0 ? 0 : 1];
  if (node.op == Op::gather_dot) depth = node.attrs.table->taps;
  if (node.op == Op::gather_dot_wgrad) depth = first.shape[1];
  if (node.op == Op::gather_dot_xgrad) depth = most_readers(*node.attrs.table);
  if (depth > static_cast<size_t>(kMaxReduction))
    raise("[{}] sums {} products; fixed point is exact up to {}", b_.graph().place(), depth,
          kMaxReduction);
  const Fixed a = operand(node.operands[0]), c = operand(node.operands[1]);
  Attrs attrs = node.attrs;
  attrs.c = sum_shift(2 * format_.operand_bits, depth);
  return {b_.graph().make(node.op, {a.mantissa, c.mantissa}, attrs),
          b_.add(b_.add(a.exponent, c.exponent), b_.integer(attrs.c))};
}

Fixed FixedLowering::lower_sum(const Node& node) {
  const NodeId x = node.operands[0];
  const int axis = static_cast<int>(node.attrs.a);
  // Bias gradients, sums over the batch, add up the rounded errors that the weight gradients read.
  const bool of_errors =
      real_.provenance(x).error && ((axis == 0 && axes_[x] == SampleAxis::kRows) ||
                                    (axis == 1 && axes_[x] == SampleAxis::kColumns));
  const Fixed v = of_errors ? operand(x) : value(x);
  if (axis == 2) return {b_.sum(b_.cast(v.mantissa, DType::int64), axis), v.exponent};
  // Weighted by probabilities, which add up to one, a sum is no larger than the largest number.
  const auto is_softmax = [&](NodeId factor) { return real_[factor].op == Op::softmax; };
  const bool is_mean = real_[x].op == Op::mul && std::ranges::any_of(real_[x].operands, is_softmax);
  const int bits = of_errors ? format_.operand_bits : kValueBits;
  const int shift = is_mean ? 0 : sum_shift(bits, real_[x].shape[static_cast<size_t>(axis)]);
  if (shift == 0 && !is_mean) return {b_.sum(v.mantissa, axis), v.exponent};
  const NodeId wide = b_.sum(b_.cast(v.mantissa, DType::int64), axis);
  return {b_.cast(b_.align(wide, b_.integer(shift), kValueLimit), DType::int32),
          b_.add(v.exponent, b_.integer(shift))};
}

}  // namespace paragon::ir
