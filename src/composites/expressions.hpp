// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <paragon/expression.hpp>

#include "ir/builder.hpp"

namespace paragon {

/// Raises on what no text could say: unknown operations, wrong operands, numbers beyond +-1e6, more
/// than 64 levels or 4096 characters.
void check_expression(const Expression& expression);

}  // namespace paragon

namespace paragon::ir {

/// A gate's expression over activations [n, columns]: [n, 1], or a scalar where it does not depend
/// on them. Raises if the expression has one value a neuron.
NodeId build_expression(Builder& b, const Expression& expression, NodeId activations);

}  // namespace paragon::ir
