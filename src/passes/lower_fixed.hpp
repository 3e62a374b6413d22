// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "passes/fixed_format.hpp"
#include "passes/passes.hpp"
#include "passes/sample_axis.hpp"

namespace paragon::ir {

/// A lowered value: mantissa * 2^exponent. The exponent is an int32 scalar known at run time.
struct Fixed {
  NodeId mantissa = kNoNode;
  NodeId exponent = kNoNode;
  /// Takes the exponent of what it is combined with: whole numbers and bias masters.
  bool follows = false;
  /// The smallest exponent at which its values fit, where it follows and may not fit any; a scalar.
  NodeId least = kNoNode;
};

/// When a value's exponent is chosen (docs/numerics.md, "Exponents").
enum class ExponentMode : uint8_t {
  kDelayed,  ///< from the step before; rounding is part of the product's epilogue
  kDynamic,  ///< from the value itself: the first step of a training, and untrained networks
  kFrozen,   ///< a constant of the trained network
};

/// Roundings of one kind that a site may have in one pass.
inline constexpr uint32_t kRoundingsPerPass = 256;

/// The run-time scalars that the lowering of one graph refers to.
struct FixedInputs {
  NodeId seed = kNoNode, step = kNoNode;  ///< int64; of stochastic rounding
};

/// An exponent that a phase must keep up to date.
struct ExponentUpdate {
  uint32_t slot;  ///< int32 scalar, the exponent to be used next
  NodeId next;    ///< its new value
  NodeId seen;    ///< the exponent that this step's values would have needed
  Provenance site;
  uint32_t repetition;  ///< which rounding of the site: pass * kRoundingsPerPass + its number
};

/// Lowers nodes of a floating-point graph to fixed point in another graph, on demand.
class FixedLowering {
 public:
  /// `axes`: the sample axis of each node of `real`.
  FixedLowering(const Graph& real, Graph& low, const fixed::Format& format, ExponentMode mode,
                FixedInputs inputs, std::vector<SampleAxis> axes);

  /// Gives a leaf its value, and what products read of it if that differs.
  void leaf(NodeId real, Fixed value);
  void leaf(NodeId real, Fixed value, Fixed operand);

  /// The int32 form of a node; raises if an operation has no fixed-point rule.
  Fixed value(NodeId real);
  /// The narrow form that products read, requantised once for all its readers.
  Fixed operand(NodeId real);

  const std::vector<ExponentUpdate>& updates() const { return updates_; }

 private:
  /// Products and rectifiers that a node needs and that have no value yet, operands first: lowered
  /// in this order, the recursion stays shallow.
  std::vector<NodeId> below(NodeId real) const;
  Fixed lower(NodeId real);
  Fixed lower_contraction(const Node& node);
  Fixed lower_sum(const Node& node);
  Fixed lower_sum_of_two(const Node& node);
  Fixed lower_product(const Node& node);
  /// x times a constant beyond +-1.
  Fixed enlarged(const Fixed& x, double factor);
  Fixed lower_choice(const Node& node);
  Fixed lower_comparison(const Node& node);
  Fixed lower_constant(const Node& node);
  Fixed lower_curve(const Node& node);
  Fixed lower_concat(const Node& node);
  Fixed lower_extreme(const Node& node);
  Fixed lower_ratio(const Node& node);
  Fixed lower_squared_error(const Node& node);
  Fixed lower_entropy(const Node& node);
  Fixed lower_softmax(const Node& node);
  Fixed lower_cross_entropy(const Node& node);
  /// e^(x - row maximum) in Q30.
  NodeId row_powers(const Fixed& logits);
  /// (row maximum - x) log2(e), in Q24.
  NodeId row_distances(const Fixed& x);
  Fixed requantise(NodeId real);
  NodeId align(const Fixed& x, NodeId exponent);
  NodeId common_exponent(const Fixed& x, const Fixed& y);
  /// As a multiple of 2^-16.
  NodeId score(const Fixed& x);
  uint32_t exponent_slot(const Provenance& site, uint32_t repetition);

  const Graph& real_;
  const fixed::Format& format_;
  Builder b_;
  ExponentMode mode_;
  FixedInputs inputs_;
  std::vector<SampleAxis> axes_;
  std::unordered_map<NodeId, Fixed> values_, operands_;
  std::vector<ExponentUpdate> updates_;
};

/// By how many bits values are shifted to become operands that need no clipping: from the bitwise
/// or of their magnitudes (docs/numerics.md, "Exponents").
NodeId operand_shift(Builder& b, NodeId magnitudes, const fixed::Format& format);

/// The name of one of a site's numbered slots, e.g. its second exponent.
std::string numbered(const char* name, uint32_t number);

/// Name of the slot that holds an exponent of a layer's activations or errors.
std::string exponent_slot_name(bool error, uint32_t repetition);

}  // namespace paragon::ir
