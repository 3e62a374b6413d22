// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "ir/builder.hpp"
#include "ir/graph.hpp"

namespace paragon::ir {

/// Result of a type rule.
struct TypeAndShape {
  DType type;
  Shape shape;
};

/// What a type rule sees: the graph for slots, the operands, the attributes.
struct InferArgs {
  const Graph& graph;
  Op op;
  std::vector<const Node*> operands;
  const Attrs& attrs;
  DType leaf_type;

  const Node& operator[](size_t i) const { return *operands[i]; }
  /// Raises "[place] op: message".
  template <class... A>
  [[noreturn]] void fail(fmt::format_string<A...> format, A&&... args) const {
    raise("[{}] {}: {}", graph.place(), info(op).name,
          fmt::format(format, std::forward<A>(args)...));
  }
};

TypeAndShape infer(const InferArgs& args);

/// What a gradient rule sees: the node, and the gradient of the result.
struct GradArgs {
  Builder& b;
  NodeId self;
  NodeId dy;

  const Node& node() const { return b.graph()[self]; }
  NodeId x(size_t i) const { return node().operands[i]; }
};

/// Gradients of the operands (kNoNode = zero), already summed over broadcast axes.
using Gradients = std::vector<NodeId>;
using GradRule = Gradients (*)(const GradArgs&);

/// Null where ops.def says ZERO or NONE.
GradRule gradient_rule(Op op);

/// Sums dy over the axes along which operand `x` was repeated.
NodeId unbroadcast(Builder& b, NodeId dy, NodeId x);

// One type rule a family, one gradient rule an operation, by the names of ops.def.
#define PARAGON_FAMILY(family) TypeAndShape infer_##family(const InferArgs& args);
PARAGON_FAMILY(constant)
PARAGON_FAMILY(slot)
PARAGON_FAMILY(iota)
PARAGON_FAMILY(table)
PARAGON_FAMILY(cast)
PARAGON_FAMILY(same)
PARAGON_FAMILY(real)
PARAGON_FAMILY(integer)
PARAGON_FAMILY(select)
PARAGON_FAMILY(shift)
PARAGON_FAMILY(mul_shift)
PARAGON_FAMILY(to_int32)
PARAGON_FAMILY(square_code)
PARAGON_FAMILY(fixed_curve)
PARAGON_FAMILY(hash_key)
PARAGON_FAMILY(random)
PARAGON_FAMILY(permute)
PARAGON_FAMILY(reduce)
PARAGON_FAMILY(or_bits)
PARAGON_FAMILY(contract)
PARAGON_FAMILY(gather_dot)
PARAGON_FAMILY(gather_dot_wgrad)
PARAGON_FAMILY(gather_dot_xgrad)
PARAGON_FAMILY(transpose)
PARAGON_FAMILY(reshape)
PARAGON_FAMILY(stack)
PARAGON_FAMILY(unstack)
PARAGON_FAMILY(concat)
PARAGON_FAMILY(rows)
PARAGON_FAMILY(host_score)
PARAGON_FAMILY(gather)
PARAGON_FAMILY(scatter_add)
PARAGON_FAMILY(cross_entropy)
PARAGON_FAMILY(squared_error)
PARAGON_FAMILY(entropy)
PARAGON_FAMILY(scan)
PARAGON_FAMILY(get)
PARAGON_FAMILY(when)
#undef PARAGON_FAMILY

#define PARAGON_GRADIENT_GRAD(name) Gradients grad_##name(const GradArgs& g);
#define PARAGON_GRADIENT_ZERO(name)
#define PARAGON_GRADIENT_NONE(name)
#define PARAGON_OP(name, cls, operands, family, gradient) PARAGON_GRADIENT_##gradient(name)
#include "ir/ops.def"
#undef PARAGON_GRADIENT_GRAD
#undef PARAGON_GRADIENT_ZERO
#undef PARAGON_GRADIENT_NONE

}  // namespace paragon::ir
