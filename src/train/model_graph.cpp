// SPDX-License-Identifier: Apache-2.0
#include "train/model_graph.hpp"

#include <map>

#include "composites/composites.hpp"
#include "layers/layer.hpp"
#include "network/gates.hpp"
#include "passes/passes.hpp"
#include "train/replay.hpp"

namespace paragon::train {

using detail::Layer;
using ir::NodeId;
using ir::SlotRole;

namespace {

/// Builds the layers of a network in order, replays included.
class LayerGraph {
 public:
  LayerGraph(const detail::NetworkState& state, ModelGraph& model, DType type)
      : state_(state), model_(model), b_(model.graph), type_(type) {
    outputs_[detail::kInputId] = model.x;
  }

  /// The last layer's output, without its softmax.
  NodeId run() {
    for (const Layer& layer : state_.layers) read_parameters(layer);
    for (size_t i = 0; i < state_.layers.size(); ++i) {
      const Replay& replay = layers::replay_of(state_.layers[i].config);
      if (replay.enabled() && replay.phase == "before") run_again(i, replay);
      const auto looped = looped_input_.find(i);
      outputs_[state_.layers[i].id] =
          pass(state_.layers[i], looped == looped_input_.end() ? ir::kNoNode : looped->second);
      if (replay.enabled() && replay.phase == "after") run_again(i, replay);
    }
    return outputs_.at(state_.layers.back().id);
  }

 private:
  Shape shape_of(uint64_t id) const {
    return id == detail::kInputId ? Shape(std::span<const size_t>(state_.input_shape))
                                  : state_.by_id(id).shape;
  }

  void read_parameters(const Layer& layer) {
    const ir::Graph::Scope scope(model_.graph, fmt::format("layer {}", layer.name), {layer.id});
    for (const detail::Parameter& parameter : layer.parameters) {
      const uint32_t slot = model_.graph.add_slot(
          {kValue, parameter.id, SlotRole::kParameter, type_, parameter.value.shape()});
      parameters_[layer.id].push_back(model_.graph.read(slot));
      model_.parameters.push_back({&parameter, parameters_[layer.id].back(), ir::kNoNode});
    }
  }

  /// A new pass through a layer: its values are a site of their own in fixed point.
  ir::Graph::Scope scope_of_pass(const Layer& layer) {
    return {model_.graph, fmt::format("layer {}", layer.name),
            ir::Provenance{layer.id, false, passes_[layer.id]++}};
  }

  /// The layer over the current outputs of those it reads, or over `x` instead of its only input.
  NodeId pass(const Layer& layer, NodeId x = ir::kNoNode) {
    const auto scope = scope_of_pass(layer);
    layers::BuildInputs inputs;
    inputs.parameters = parameters_.at(layer.id);
    for (uint64_t id : layer.inputs) {
      inputs.shapes.push_back(shape_of(id));
      inputs.values.push_back(x == ir::kNoNode ? outputs_.at(id) : x);
    }
    const NodeId y = layers::build(b_, layer.config, inputs);
    // The last layer's softmax belongs to the loss and the prediction.
    const bool last = &layer == &state_.layers.back();
    return layers::ends_with_softmax(layer.config) && !last ? b_.softmax(y) : y;
  }

  void run_again(size_t last, const Replay& replay) {
    const auto span = detail::span_of(state_.layers, last);
    if (replay.mode == "loop")
      loop(span, replay, last);
    else
      repeat(span, replay);
  }

  // Once is enough: further repetitions start from the same inputs.
  void repeat(std::span<const Layer> span, const Replay& replay) {
    const NodeId counts = count(span, replay);
    std::map<uint64_t, NodeId> ordinary;
    for (const Layer& layer : span)
      if (outputs_.contains(layer.id)) ordinary[layer.id] = outputs_.at(layer.id);
    for (const Layer& layer : span) {
      if (!ordinary.contains(layer.id)) continue;  // phase before: its own pass follows
      const NodeId y = pass(layer);
      const auto scope = scope_of_pass(layer);
      outputs_[layer.id] = b_.mul(y, b_.real(replay.gain, type_));
    }
    if (counts == ir::kNoNode) return;
    for (const auto& [id, before] : ordinary) {
      const auto scope = scope_of_pass(state_.by_id(id));
      outputs_[id] = choose(counts, 0, outputs_.at(id), before);
    }
  }

  // The span's output is its next input. With phase before, its input is looped and the layers
  // below the last one run over the result.
  void loop(std::span<const Layer> span, const Replay& replay, size_t last) {
    const NodeId counts = count(span, replay);
    const bool before = replay.phase == "before";
    const uint64_t input = span.front().inputs[0];
    NodeId x = before ? outputs_.at(input) : outputs_.at(span.back().id);
    const size_t most = counts == ir::kNoNode ? replay.times : replay.budget;
    for (size_t k = 0; k < most; ++k) {
      NodeId y = x;
      for (const Layer& layer : span) y = pass(layer, y);
      if (counts != ir::kNoNode) {
        const auto scope = scope_of_pass(span.back());
        y = choose(counts, k, y, x);
      }
      x = y;
    }
    if (!before) {
      outputs_[span.back().id] = x;
      return;
    }
    for (const Layer& layer : span) {
      if (&layer == &span.back()) break;
      x = outputs_[layer.id] = pass(layer, x);
    }
    looped_input_[last] = x;
  }

  /// counts > k ? y : x
  NodeId choose(NodeId counts, size_t k, NodeId y, NodeId x) {
    return b_.select(b_.greater(counts, b_.real(static_cast<double>(k), type_)), y, x);
  }

  /// Repetitions of each sample, or kNoNode where all have the same number.
  NodeId count(std::span<const Layer> span, const Replay& replay) {
    if (replay.budget == 0) return ir::kNoNode;
    const Layer& layer = span.back();
    const auto scope = scope_of_pass(layer);
    GateInputs inputs;
    if (replay.phase == "before") {
      inputs.values = outputs_.at(span.front().inputs.at(0));
    } else {
      inputs.values = outputs_.at(layer.id);
      if (b_.shape(inputs.values) == b_.shape(outputs_.at(span.front().inputs.at(0))))
        inputs.before = outputs_.at(span.front().inputs[0]);
    }
    const NodeId counts = repetitions(b_, replay, inputs);
    model_.repetitions.push_back({layer.id, counts});
    return counts;
  }

  const detail::NetworkState& state_;
  ModelGraph& model_;
  ir::Builder b_;
  DType type_;
  std::map<uint64_t, NodeId> outputs_;  // by layer
  std::map<uint64_t, std::vector<NodeId>> parameters_;
  std::map<uint64_t, uint32_t> passes_;
  std::map<size_t, NodeId> looped_input_;  // of layers (by position) with a loop before them
};

NodeId losses_of(ir::Builder& b, const ModelGraph& model, Loss loss) {
  if (loss == Loss::cross_entropy) return b.cross_entropy(model.logits, model.labels);
  NodeId target = model.targets;
  if (target == ir::kNoNode)
    target = b.cast(b.one_hot(model.labels, b.shape(model.logits)[1]), b.type(model.logits));
  return b.binary(ir::Op::squared_error, model.prediction, target);
}

}  // namespace

DType graph_type(DType network_type) {
  return info(network_type).arithmetic == Arithmetic::kReal ? network_type : DType::float32;
}

ModelGraph build_model(const detail::NetworkState& state, size_t batch, DType type,
                       const ModelLoss& loss) {
  if (state.layers.empty()) raise("[network] there is no layer");
  ModelGraph model;
  ir::Graph& graph = model.graph;
  ir::Builder b(graph);
  const auto input = [&](const char* name, DType slot_type, const Shape& shape) {
    return graph.read(graph.add_slot({name, 0, SlotRole::kInput, slot_type, shape}));
  };
  const Shape sample{std::span<const size_t>(state.input_shape)};
  const Layer& last = state.layers.back();
  model.x = input(kFeatures, type, {batch, sample.elements()});
  model.labels = input(kLabels, DType::int32, {batch, 1});
  model.targets =
      loss.has_targets ? input(kTargets, type, {batch, last.shape.elements()}) : ir::kNoNode;
  model.count = input(kCount, DType::int32, {});
  model.logits = LayerGraph(state, model, type).run();

  const ir::Graph::Scope scope(graph, "loss", {last.id});
  model.prediction =
      layers::ends_with_softmax(last.config) ? b.softmax(model.logits) : model.logits;
  const NodeId mask = b.cast(ir::row_mask(b, model.count, batch), type);
  model.losses = b.mul(losses_of(b, model, loss.loss), mask);
  return model;
}

void add_gradients(ModelGraph& model) {
  ir::Builder b(model.graph);
  const size_t batch = b.shape(model.losses)[0];
  // The losses are masked already; ones as seeds would only be multiplied by the mask again.
  const NodeId rows = model.graph[model.losses].operands[0],
               mask = model.graph[model.losses].operands[1];
  if (b.shape(mask) != Shape{batch, 1})
    raise("[loss] the mask has shape {}", to_string(b.shape(mask)));
  std::vector<NodeId> wrt;
  for (const auto& parameter : model.parameters) wrt.push_back(parameter.node);
  const std::vector<NodeId> gradients = ir::vjp(model.graph, {rows}, {mask}, wrt);
  for (size_t i = 0; i < wrt.size(); ++i) model.parameters[i].gradient = gradients[i];
}

std::vector<ir::SampleAxis> sample_axes(const ModelGraph& model) {
  std::vector<NodeId> by_rows = {model.x, model.labels};
  if (model.targets != ir::kNoNode) by_rows.push_back(model.targets);
  return ir::sample_axes(model.graph, by_rows);
}

void lower_parameters(const ModelGraph& model, const fixed::Format& format, fixed::Storage storage,
                      ir::Graph& low, ir::FixedLowering& lowering) {
  ir::Builder b(low);
  const auto slot = [&](const char* name, uint64_t id, SlotRole role, DType type,
                        const Shape& shape) {
    return low.read(low.has_slot(id, name) ? low.find_slot(id, name)
                                           : low.add_slot({name, id, role, type, shape}));
  };
  for (const auto& [parameter, node, gradient] : model.parameters) {
    const Shape& shape = parameter->value.shape();
    const NodeId exponent = b.integer(parameter->exponent);
    if (storage == fixed::Storage::pure && parameter->is_weights()) {
      const NodeId weights =
          slot(kValue, parameter->id, SlotRole::kParameter, format.operand, shape);
      lowering.leaf(node, {b.cast(weights, DType::int32), exponent}, {weights, exponent});
      continue;
    }
    if (!parameter->is_weights()) {
      const NodeId master = slot(kValue, parameter->id, SlotRole::kParameter, format.master, shape);
      ir::Fixed bias{master, exponent, true};
      // A sum of wide operands fills a value; a bias may need more room than it leaves.
      if (2 * format.operand_bits + 1 >= fixed::kValueBits)
        bias.least = b.add(b.unary(ir::Op::bit_length, b.or_bits(master)),
                           b.integer(parameter->exponent - (fixed::kValueBits - 1)));
      lowering.leaf(node, bias);
      continue;
    }
    const NodeId view = slot(kView, parameter->id, SlotRole::kView, format.operand, shape);
    const NodeId view_exponent =
        slot(kViewExponent, parameter->id, SlotRole::kState, DType::int32, {});
    lowering.leaf(node, {b.cast(view, DType::int32), view_exponent}, {view, view_exponent});
  }
}

}  // namespace paragon::train
