// SPDX-License-Identifier: Apache-2.0
#include "composites/composites.hpp"

#include <cmath>

namespace paragon::ir {

NodeId row_mask(Builder& b, NodeId count, size_t rows) {
  return b.greater(count, b.iota({rows, 1}, 0));
}

NodeId softmax_decomposed(Builder& b, NodeId logits) {
  const NodeId powers = b.exp(b.sub(logits, b.maximum(logits, 1)));
  return b.div(powers, b.sum(powers, 1));
}

NodeId row_mean(Builder& b, NodeId x) {
  const NodeId sum = b.sum(x, 1);
  return b.mul(sum, b.constant(1.0 / static_cast<double>(b.shape(x)[1]), sum));
}

NodeId squared_error_decomposed(Builder& b, NodeId y, NodeId target) {
  const NodeId difference = b.sub(y, target);
  return row_mean(b, b.mul(difference, difference));
}

// log S - sum(p d) with d = x - max, S = sum(e^d), p = e^d / S.
NodeId entropy_decomposed(Builder& b, NodeId x) {
  const size_t columns = b.shape(x)[1];
  const NodeId below = b.sub(x, b.maximum(x, 1));
  const NodeId powers = b.exp(below);
  const NodeId total = b.sum(powers, 1);
  const NodeId mean = b.div(b.sum(b.mul(powers, below), 1), total);
  const double most = columns > 1 ? std::log(static_cast<double>(columns)) : 1;
  return b.mul(b.sub(b.log(total), mean), b.constant(1 / most, mean));
}

NodeId cross_entropy_decomposed(Builder& b, NodeId logits, NodeId labels) {
  const NodeId shifted = b.sub(logits, b.maximum(logits, 1));
  const NodeId hot = b.one_hot(labels, b.shape(logits)[1]);
  const NodeId picked = b.sum(b.select(hot, shifted, b.constant(0, shifted)), 1);
  return b.sub(b.log(b.sum(b.exp(shifted), 1)), picked);
}

}  // namespace paragon::ir
