// SPDX-License-Identifier: Apache-2.0
#include "composites/composites.hpp"

namespace paragon::ir {

NodeId row_mask(Builder& b, NodeId count, size_t rows) {
  return b.greater(count, b.iota({rows, 1}, 0));
}

NodeId softmax_decomposed(Builder& b, NodeId logits) {
  const NodeId powers = b.exp(b.sub(logits, b.maximum(logits, 1)));
  return b.div(powers, b.sum(powers, 1));
}

NodeId cross_entropy_decomposed(Builder& b, NodeId logits, NodeId labels) {
  const NodeId shifted = b.sub(logits, b.maximum(logits, 1));
  const NodeId hot = b.one_hot(labels, b.shape(logits)[1]);
  const NodeId picked = b.sum(b.select(hot, shifted, b.constant(0, shifted)), 1);
  return b.sub(b.log(b.sum(b.exp(shifted), 1)), picked);
}

}  // namespace paragon::ir
