// SPDX-License-Identifier: Apache-2.0
#include "train/replay.hpp"

#include <algorithm>
#include <cmath>

#include "composites/composites.hpp"
#include "composites/expressions.hpp"
#include "core/error.hpp"
#include "network/gates.hpp"

namespace paragon::train {

using ir::Builder;
using ir::NodeId;

namespace {

NodeId mean_magnitude(Builder& b, NodeId x) {
  return ir::row_mean(b, b.unary(ir::Op::abs, x));
}

/// The score of each sample by any gate but the constant one.
NodeId score(Builder& b, const Replay& replay, const GateInputs& inputs) {
  switch (detail::parse_gate(replay.gate)) {
    case detail::Gate::mean:
      return ir::row_mean(b, inputs.values);
    case detail::Gate::max:
      return b.maximum(inputs.values, 1);
    case detail::Gate::entropy:
      return b.unary(ir::Op::entropy, inputs.values);
    case detail::Gate::change:
      return b.div(mean_magnitude(b, b.sub(inputs.values, inputs.before)),
                   mean_magnitude(b, inputs.values));
    case detail::Gate::expression:
      return ir::build_expression(b, replay.expression, inputs.values);
    case detail::Gate::function:
      return b.host_score(inputs.values, replay.function);
    case detail::Gate::constant:
      break;
  }
  raise("[replay] unknown gate '{}'", replay.gate);
}

}  // namespace

NodeId repetitions(Builder& b, const Replay& replay, const GateInputs& inputs) {
  const auto whole = [&](double count) {
    return b.constant(std::min(count, static_cast<double>(replay.budget)), inputs.values);
  };
  const double otherwise =
      static_cast<double>(replay.map.empty() ? replay.budget : replay.otherwise);
  const size_t batch = b.shape(inputs.values)[0];
  if (detail::parse_gate(replay.gate) == detail::Gate::constant) {
    const auto row = std::find_if(replay.map.begin(), replay.map.end(),
                                  [&](const auto& r) { return replay.gate_value > r[0]; });
    const double same = row == replay.map.end() ? otherwise : (*row)[1];
    return b.add(b.zeros(b.type(inputs.values), {batch, 1}), whole(same));
  }
  NodeId count = whole(otherwise);
  const NodeId scores = score(b, replay, inputs);
  // The first row that fits counts, so it is asked last.
  for (auto row = replay.map.rbegin(); row != replay.map.rend(); ++row) {
    const NodeId above = b.greater(scores, b.constant((*row)[0], inputs.values));
    count = b.select(above, whole((*row)[1]), count);
  }
  // An expression may not depend on the activations.
  return b.shape(count).is_scalar() ? b.add(b.zeros(b.type(inputs.values), {batch, 1}), count)
                                    : count;
}

}  // namespace paragon::train
