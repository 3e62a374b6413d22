// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ir/builder.hpp"

// Operations that are made of others.
namespace paragon::ir {

/// [n, 1] int32: 1 in the first `count` rows (an int32 scalar), 0 in the padding.
NodeId row_mask(Builder& b, NodeId count, size_t rows);

/// Row-wise softmax of a floating-point matrix, maximum subtracted.
NodeId softmax_decomposed(Builder& b, NodeId logits);

/// Mean over the columns, [n, 1].
NodeId row_mean(Builder& b, NodeId x);

/// Mean over the columns of (y - target)^2, [n, 1].
NodeId squared_error_decomposed(Builder& b, NodeId y, NodeId target);

/// Entropy of each row's softmax over the logarithm of the number of columns, [n, 1].
NodeId entropy_decomposed(Builder& b, NodeId x);

/// -log(softmax[label]) of each row, [n, 1], from logits, maximum subtracted.
NodeId cross_entropy_decomposed(Builder& b, NodeId logits, NodeId labels);

}  // namespace paragon::ir
