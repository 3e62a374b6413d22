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

using fixed::Format;
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

/// The rows of one step: samples, labels and targets by a permutation that any device can compute.
struct Batch {
  NodeId features, labels, targets, count;
};

Batch next_batch(Graph& graph, const TrainingSetup& setup) {
  Builder b(graph);
  const auto data = [&](const char* name, DType type, size_t columns) {
    return slot(graph, name, SlotRole::kData, type, {setup.samples, columns});
  };
  const NodeId table = data(kData, setup.feature_type, setup.network.features());
  const NodeId count = input(graph, kCount, DType::int32),
               start = input(graph, kStart, DType::int32);
  const NodeId key = input(graph, kShuffleKey, DType::int64);
  // The padding of the last batch repeats its first row: it changes no maximum and no bitwise or,
  // and the mask keeps it out of every sum.
  const NodeId row = b.iota({setup.batch, 1}, 0);
  const NodeId position = b.add(b.select(b.greater(count, row), row, b.integer(0)), start);
  const NodeId index = b.permute(position, key, b.integer(static_cast<int64_t>(setup.samples)));
  Batch batch{b.gather(table, index), kNoNode, kNoNode, count};
  if (setup.loss.has_targets) {
    const bool fixed = info(setup.network.type).arithmetic == Arithmetic::kFixed;
    const size_t outputs = setup.network.layers.back().shape.elements();
    batch.targets =
        b.gather(data(kDataTargets, fixed ? DType::int32 : DType::float32, outputs), index);
  } else {
    batch.labels = b.gather(data(kDataLabels, DType::int32, 1), index);
  }
  return batch;
}

void add_real_steps(Graph& graph, const TrainingSetup& setup) {
  const DType type = graph_type(setup.network.type);
  ModelGraph model = build_model(setup.network, setup.batch, type, setup.loss);
  add_gradients(model);
  Phase phase{kStep, {}};
  UpdateBuilder u(graph, phase);
  const Batch batch = next_batch(graph, setup);
  NodeId x = u.b.cast(batch.features, type);
  if (setup.feature_type == DType::uint8) x = u.b.div(x, u.b.real(255, type));
  ir::Transplant copy(model.graph, graph);
  copy.replace(model.x, x);
  if (batch.labels != kNoNode) copy.replace(model.labels, batch.labels);
  if (batch.targets != kNoNode) copy.replace(model.targets, u.b.cast(batch.targets, type));
  copy.replace(model.count, batch.count);
  const RealRates rates{input(graph, kRate, type), input(graph, kInverseCount, type)};
  std::vector<RealParameter> parameters;
  for (const auto& [parameter, node, gradient] : model.parameters)
    if (gradient != kNoNode)  // a layer that the output does not read keeps its parameters
      parameters.push_back({parameter->id, copy(node), copy(gradient)});
  update_real(u, setup.optimizer, setup.clip, parameters, rates);
  const NodeId sum = u.state(0, kLossSum, DType::float64, {}, SlotRole::kState);
  u.assign(0, kLossSum, u.b.add(sum, u.b.cast(u.b.sum(copy(model.losses), 2), DType::float64)));
  graph.phases().push_back(std::move(phase));
}

// The largest exponent of the epoch so far, for inference; `start` = 0 begins a new epoch.
void track_peak(UpdateBuilder& u, const ir::ExponentUpdate& update, NodeId start) {
  if (update.site.error) return;
  const std::string name = ir::numbered(kPeakExponent, update.repetition);
  const NodeId peak = u.state(update.site.id, name, DType::int32, {}, SlotRole::kState);
  const NodeId first = u.b.equal(start, u.b.integer(0));
  u.assign(update.site.id, name, u.b.max(u.b.select(first, update.seen, peak), update.seen));
}

// Bytes 0 .. 255 as operands, or less where the network's inputs may be larger than 1.
NodeId encode(Builder& b, NodeId features, const TrainingSetup& setup, const Format& format) {
  if (setup.feature_type != DType::uint8) return features;
  const int shift = 8 - format.operand_bits + setup.network.input_exponent;
  return b.requantise(b.cast(features, DType::int32), b.integer(shift), format.operand_limit,
                      format.operand);
}

void add_fixed_step(Graph& graph, const TrainingSetup& setup, const ModelGraph& model,
                    const char* name, ExponentMode mode) {
  Phase phase{name, {}};
  UpdateBuilder u(graph, phase);
  Builder& b = u.b;
  const Format& format = fixed::format_of(setup.network.type);
  const Batch batch = next_batch(graph, setup);
  const ir::FixedInputs keys{input(graph, kSeed, DType::int64),
                             input(graph, kStepNumber, DType::int64)};
  ir::FixedLowering lowering(model.graph, graph, format, mode, keys, sample_axes(model));
  const NodeId x = encode(b, batch.features, setup, format);
  const NodeId exponent = b.integer(format.input_exponent() + setup.network.input_exponent);
  lowering.leaf(model.x, {b.cast(x, DType::int32), exponent}, {x, exponent});
  if (batch.labels != kNoNode) lowering.leaf(model.labels, {batch.labels, kNoNode});
  if (batch.targets != kNoNode)
    lowering.leaf(model.targets, {batch.targets, b.integer(setup.target_exponent)});
  lowering.leaf(model.count, {batch.count, kNoNode});
  lower_parameters(model, format, setup.network.storage, graph, lowering);
  lowering.value(
      model.logits);  // forward first, so that its roundings are numbered as in inference

  const FixedRates rates{input(graph, kRate, DType::int32),
                         input(graph, kRateShift, DType::int32),
                         input(graph, kInverseCount, DType::int32),
                         input(graph, kInverseShift, DType::int32),
                         keys.seed,
                         keys.step};
  std::vector<FixedParameter> parameters;
  for (const auto& [parameter, node, gradient] : model.parameters)
    if (gradient != kNoNode)
      parameters.push_back({parameter->id, parameter->value.shape(), -parameter->exponent,
                            parameter->is_weights(), lowering.value(gradient)});
  update_fixed(u, setup.optimizer, setup.clip, {format, setup.network.storage, setup.exponents},
               parameters, rates);
  const NodeId sum = u.state(0, kLossSum, DType::int64, {}, SlotRole::kState);
  u.assign(0, kLossSum,
           b.add(sum, b.sum(b.cast(lowering.value(model.losses).mantissa, DType::int64), 2)));
  for (const ir::ExponentUpdate& update : lowering.updates()) {
    phase.assignments.push_back({update.slot, update.next});
    track_peak(u, update, input(graph, kStart, DType::int32));
  }
  graph.phases().push_back(std::move(phase));
}

/// Adds the forward phase of a fixed-point network; false if it needs an exponent that the network
/// does not have.
bool add_fixed_forward(Graph& graph, const detail::NetworkState& network, const ModelGraph& model,
                       ExponentMode mode) {
  Builder b(graph);
  Phase phase{kForward, {}};
  const Format& format = fixed::format_of(network.type);
  ir::FixedLowering lowering(model.graph, graph, format, mode, {}, sample_axes(model));
  const NodeId x =
      slot(graph, kFeatures, SlotRole::kInput, format.operand, model.graph[model.x].shape);
  const NodeId exponent = b.integer(format.input_exponent() + network.input_exponent);
  lowering.leaf(model.x, {b.cast(x, DType::int32), exponent}, {x, exponent});
  lower_parameters(model, format, network.storage, graph, lowering);
  const auto output = [&](const char* name, uint64_t id, NodeId value) {
    phase.assignments.push_back(
        {graph.add_slot({name, id, SlotRole::kOutput, DType::int32, b.shape(value)}), value});
  };
  lowering.value(model.logits);
  const ir::Fixed y = lowering.value(model.prediction);
  output(kOutput, 0, y.mantissa);
  output(kOutputExponent, 0, y.exponent);
  for (const auto& [layer, counts] : model.repetitions)
    output(kRepetitions, layer, lowering.value(counts).mantissa);
  graph.phases().push_back(std::move(phase));
  if (mode == ExponentMode::kDynamic) return true;
  return std::all_of(lowering.updates().begin(), lowering.updates().end(), [&](const auto& update) {
    return network.by_id(update.site.id).output_exponents.contains(update.repetition);
  });
}

struct ModeRow {
  const char* name;
  ExponentMode mode;
};
constexpr ModeRow kTrainingModes[] = {{"delayed", ExponentMode::kDelayed},
                                      {"dynamic", ExponentMode::kDynamic}};

}  // namespace

ExponentMode parse_exponent_mode(std::string_view name) {
  for (const ModeRow& row : kTrainingModes)
    if (name == row.name) return row.mode;
  raise_unknown("exponent mode", name, exponent_modes());
}

Graph back_propagation(const TrainingSetup& setup) {
  check(setup.optimizer);
  check(setup.clip);
  Graph graph;
  if (info(setup.network.type).arithmetic == Arithmetic::kReal) {
    add_real_steps(graph, setup);
  } else {
    ModelGraph model = build_model(setup.network, setup.batch, DType::float32, setup.loss);
    add_gradients(model);
    if (setup.exponents == ExponentMode::kDelayed)
      add_fixed_step(graph, setup, model, kFirstStep, ExponentMode::kDynamic);
    add_fixed_step(graph, setup, model, kStep, setup.exponents);
  }
  return ir::lower_for_backend(graph);
}

bool has_frozen_exponents(const detail::NetworkState& network) {
  return std::any_of(network.layers.begin(), network.layers.end(),
                     [](const detail::Layer& layer) { return !layer.output_exponents.empty(); });
}

Graph inference(const detail::NetworkState& network, size_t batch) {
  const ModelGraph model = build_model(network, batch, graph_type(network.type));
  if (info(network.type).arithmetic == Arithmetic::kFixed) {
    for (const ExponentMode mode : {ExponentMode::kFrozen, ExponentMode::kDynamic}) {
      Graph graph;
      if (add_fixed_forward(graph, network, model, mode)) return ir::lower_for_backend(graph);
    }
  }
  Graph graph;
  Phase phase{kForward, {}};
  ir::Transplant copy(model.graph, graph);
  const auto output = [&](const char* name, uint64_t id, NodeId node) {
    const NodeId value = copy(node);
    phase.assignments.push_back(
        {graph.add_slot({name, id, SlotRole::kOutput, graph[value].type, graph[value].shape}),
         value});
  };
  output(kOutput, 0, model.prediction);
  for (const auto& [layer, counts] : model.repetitions) output(kRepetitions, layer, counts);
  graph.phases().push_back(std::move(phase));
  return ir::lower_for_backend(graph);
}

}  // namespace paragon::train

namespace paragon {

std::vector<std::string> exponent_modes() {
  std::vector<std::string> names;
  for (const auto& row : train::kTrainingModes) names.emplace_back(row.name);
  return names;
}

}  // namespace paragon
