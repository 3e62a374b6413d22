// SPDX-License-Identifier: Apache-2.0
#include "train/programs.hpp"

#include <algorithm>

#include "composites/composites.hpp"
#include "core/error.hpp"
#include "passes/fixed_format.hpp"
#include "passes/passes.hpp"
#include "train/model_graph.hpp"
#include "train/optimizer.hpp"

namespace paragon::train {

using ir::Builder;
using ir::ExponentMode;
using ir::Graph;
using ir::kNoNode;
using ir::NodeId;
using ir::Op;
using ir::Phase;
using ir::SlotRole;

namespace {

NodeId slot(Graph& graph, const char* name, SlotRole role, DType type, const Shape& shape = {}) {
  return graph.read(graph.has_slot(0, name) ? graph.find_slot(0, name)
                                            : graph.add_slot({name, 0, role, type, shape}));
}

NodeId input(Graph& graph, const char* name, DType type) {
  return slot(graph, name, SlotRole::kInput, type);
}

/// The rows of one step: samples and labels by a permutation that any device can compute.
struct Batch {
  NodeId features, labels, count;
};

Batch next_batch(Graph& graph, const TrainingSetup& setup) {
  Builder b(graph);
  size_t features = 1;
  for (size_t extent : setup.network.input_shape) features *= extent;
  const NodeId data =
      slot(graph, "data", SlotRole::kData, setup.feature_type, {setup.samples, features});
  const NodeId labels =
      slot(graph, "data_labels", SlotRole::kData, DType::int32, {setup.samples, 1});
  const NodeId count = input(graph, "count", DType::int32),
               start = input(graph, "start", DType::int32);
  const NodeId key = input(graph, "shuffle_key", DType::int64);
  // The padding of the last batch repeats its first row: it changes no maximum and no bitwise or,
  // and the mask keeps it out of every sum.
  const NodeId row = b.iota({setup.batch, 1}, 0);
  const NodeId position = b.add(b.select(b.greater(count, row), row, b.integer(0)), start);
  const NodeId index = b.permute(position, key, b.integer(static_cast<int64_t>(setup.samples)));
  return {b.gather(data, index), b.gather(labels, index), count};
}

void add_real_steps(Graph& graph, const TrainingSetup& setup) {
  const DType type = graph_type(setup.network.type);
  ModelGraph model = build_model(setup.network, setup.batch, type);
  add_gradients(model);
  Phase phase{kStep, {}};
  UpdateBuilder u(graph, phase);
  const Batch batch = next_batch(graph, setup);
  NodeId x = u.b.cast(batch.features, type);
  if (setup.feature_type == DType::uint8) x = u.b.div(x, u.b.real(255, type));
  ir::Transplant copy(model.graph, graph);
  copy.replace(model.x, x);
  copy.replace(model.labels, batch.labels);
  copy.replace(model.count, batch.count);
  const RealRates rates{input(graph, "rate", type), input(graph, "inverse_count", type)};
  for (const auto& [parameter, node, gradient] : model.parameters)
    if (gradient != kNoNode)  // a layer that the output does not read keeps its parameters
      update_real(u, setup.optimizer, parameter->id, copy(node), copy(gradient), rates);
  const NodeId sum = u.state(0, "loss_sum", DType::float64, {}, SlotRole::kState);
  u.assign(0, "loss_sum", u.b.add(sum, u.b.cast(u.b.sum(copy(model.losses), 2), DType::float64)));
  graph.phases().push_back(std::move(phase));
}

// The largest exponent of the epoch so far, for inference; `start` = 0 begins a new epoch.
void track_peak(UpdateBuilder& u, const ir::ExponentUpdate& update, NodeId start) {
  if (update.site.error) return;
  const NodeId peak = u.state(update.site.id, "peak_exponent", DType::int32, {}, SlotRole::kState);
  const NodeId first = u.b.equal(start, u.b.integer(0));
  u.assign(update.site.id, "peak_exponent",
           u.b.max(u.b.select(first, update.seen, peak), update.seen));
}

// 0 .. 255 to 0 .. 127, or less where the network's inputs may be larger than 1.
NodeId encode(Builder& b, NodeId features, const TrainingSetup& setup) {
  if (setup.feature_type == DType::int8) return features;
  return b.requantise(b.cast(features, DType::int32), b.integer(1 + setup.network.input_exponent),
                      fixed::kOperandLimit);
}

void add_fixed_step(Graph& graph, const TrainingSetup& setup, const ModelGraph& model,
                    const char* name, ExponentMode mode) {
  Phase phase{name, {}};
  UpdateBuilder u(graph, phase);
  Builder& b = u.b;
  const Batch batch = next_batch(graph, setup);
  ir::FixedLowering lowering(
      model.graph, graph, mode,
      {input(graph, "seed", DType::int64), input(graph, "step", DType::int64)});
  const NodeId x = encode(b, batch.features, setup);
  const NodeId exponent = b.integer(fixed::kInputExponent + setup.network.input_exponent);
  lowering.leaf(model.x, {b.cast(x, DType::int32), exponent}, {x, exponent});
  lowering.leaf(model.labels, {batch.labels, kNoNode});
  lowering.leaf(model.count, {batch.count, kNoNode});
  lower_parameters(model, graph, lowering);

  const FixedRates rates{
      input(graph, "rate", DType::int32), input(graph, "rate_shift", DType::int32),
      input(graph, "inverse_count", DType::int32), input(graph, "inverse_shift", DType::int32)};
  for (const auto& [parameter, node, gradient] : model.parameters) {
    if (gradient == kNoNode) continue;
    update_fixed(
        u, setup.optimizer,
        {parameter->id, parameter->value.shape(), -parameter->exponent, !parameter->view.empty()},
        lowering.value(gradient), rates);
  }
  const NodeId sum = u.state(0, "loss_sum", DType::int64, {}, SlotRole::kState);
  u.assign(0, "loss_sum",
           b.add(sum, b.sum(b.cast(lowering.value(model.losses).mantissa, DType::int64), 2)));
  for (const ir::ExponentUpdate& update : lowering.updates()) {
    phase.assignments.push_back({update.slot, update.next});
    track_peak(u, update, input(graph, "start", DType::int32));
  }
  graph.phases().push_back(std::move(phase));
}

}  // namespace

Graph back_propagation(const TrainingSetup& setup) {
  check(setup.optimizer);
  Graph graph;
  if (info(setup.network.type).arithmetic == Arithmetic::kReal) {
    add_real_steps(graph, setup);
  } else {
    ModelGraph model = build_model(setup.network, setup.batch, DType::float32);
    add_gradients(model);
    add_fixed_step(graph, setup, model, kFirstStep, ExponentMode::kDynamic);
    add_fixed_step(graph, setup, model, kStep, ExponentMode::kDelayed);
  }
  return ir::lower_for_backend(graph);
}

bool has_frozen_exponents(const detail::NetworkState& network) {
  // Only layers that another one reads are rounded to operands.
  return std::all_of(network.layers.begin(), network.layers.end(), [&](const detail::Layer& layer) {
    return layer.output_exponent.has_value() || !network.is_read(layer.id);
  });
}

Graph inference(const detail::NetworkState& network, size_t batch) {
  Graph graph;
  Phase phase{kForward, {}};
  const ModelGraph model = build_model(network, batch, graph_type(network.type));
  const Shape& in = model.graph[model.x].shape;
  const Shape& out = model.graph[model.prediction].shape;
  if (info(network.type).arithmetic == Arithmetic::kReal) {
    ir::Transplant copy(model.graph, graph);
    const NodeId y = copy(model.prediction);
    phase.assignments.push_back(
        {graph.add_slot({kOutput, 0, SlotRole::kOutput, model.graph[model.prediction].type, out}),
         y});
  } else {
    Builder b(graph);
    const ExponentMode mode =
        has_frozen_exponents(network) ? ExponentMode::kFrozen : ExponentMode::kDynamic;
    ir::FixedLowering lowering(model.graph, graph, mode, {});
    const NodeId x = slot(graph, kFeatures, SlotRole::kInput, DType::int8, in);
    const NodeId exponent = b.integer(fixed::kInputExponent + network.input_exponent);
    lowering.leaf(model.x, {b.cast(x, DType::int32), exponent}, {x, exponent});
    lower_parameters(model, graph, lowering);
    const ir::Fixed y = lowering.value(model.prediction);
    phase.assignments.push_back(
        {graph.add_slot({kOutput, 0, SlotRole::kOutput, DType::int32, out}), y.mantissa});
    phase.assignments.push_back(
        {graph.add_slot({kOutputExponent, 0, SlotRole::kOutput, DType::int32, {}}), y.exponent});
  }
  graph.phases().push_back(std::move(phase));
  return ir::lower_for_backend(graph);
}

}  // namespace paragon::train
