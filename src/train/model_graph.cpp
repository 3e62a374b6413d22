// SPDX-License-Identifier: Apache-2.0
#include "train/model_graph.hpp"

#include <map>

#include "composites/composites.hpp"
#include "layers/layer.hpp"
#include "passes/passes.hpp"

namespace paragon::train {

using ir::NodeId;
using ir::SlotRole;

DType graph_type(DType network_type) {
  return info(network_type).arithmetic == Arithmetic::kReal ? network_type : DType::float32;
}

ModelGraph build_model(const detail::NetworkState& state, size_t batch, DType type) {
  if (state.layers.empty()) raise("[network] there is no layer");
  ModelGraph model;
  ir::Graph& graph = model.graph;
  ir::Builder b(graph);
  const auto input = [&](const char* name, DType slot_type, const Shape& shape) {
    return graph.read(graph.add_slot({name, 0, SlotRole::kInput, slot_type, shape}));
  };
  const Shape sample{std::span<const size_t>(state.input_shape)};
  model.x = input(kFeatures, type, {batch, sample.elements()});
  model.labels = input(kLabels, DType::int32, {batch, 1});
  model.count = input("count", DType::int32, {});

  std::map<uint64_t, std::pair<NodeId, Shape>> outputs = {{detail::kInputId, {model.x, sample}}};
  for (const detail::Layer& layer : state.layers) {
    const ir::Graph::Scope scope(graph, fmt::format("layer {}", layer.name), {layer.id, false});
    const auto& [x, shape] = outputs.at(layer.inputs.at(0));
    std::vector<NodeId> parameters;
    for (const detail::Parameter& parameter : layer.parameters) {
      const uint32_t slot = graph.add_slot(
          {kValue, parameter.id, SlotRole::kParameter, type, parameter.value.shape()});
      parameters.push_back(graph.read(slot));
      model.parameters.push_back({&parameter, parameters.back(), ir::kNoNode});
    }
    outputs[layer.id] = {layers::build(b, layer.config, shape, x, parameters), layer.shape};
  }

  const detail::Layer& last = state.layers.back();
  const ir::Graph::Scope scope(graph, "loss", {last.id, false});
  model.logits = outputs.at(last.id).first;
  const bool softmax = layers::activation_of(last.config) == Activation::softmax;
  model.prediction = softmax ? b.softmax(model.logits) : model.logits;
  const NodeId mask = b.cast(ir::row_mask(b, model.count, batch), type);
  model.losses = b.mul(b.cross_entropy(model.logits, model.labels), mask);
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

void lower_parameters(const ModelGraph& model, ir::Graph& low, ir::FixedLowering& lowering) {
  ir::Builder b(low);
  const auto slot = [&](const char* name, uint64_t id, SlotRole role, DType type,
                        const Shape& shape) {
    return low.read(low.has_slot(id, name) ? low.find_slot(id, name)
                                           : low.add_slot({name, id, role, type, shape}));
  };
  for (const auto& [parameter, node, gradient] : model.parameters) {
    const Shape& shape = parameter->value.shape();
    const NodeId exponent = b.integer(parameter->exponent);
    if (parameter->view.empty()) {
      const NodeId master = slot(kValue, parameter->id, SlotRole::kParameter, DType::int32, shape);
      lowering.leaf(node, {master, exponent, true});
      continue;
    }
    const NodeId view = slot(kView, parameter->id, SlotRole::kView, DType::int8, shape);
    const NodeId view_exponent =
        slot(kViewExponent, parameter->id, SlotRole::kState, DType::int32, {});
    lowering.leaf(node, {b.cast(view, DType::int32), view_exponent}, {view, view_exponent});
  }
}

}  // namespace paragon::train
