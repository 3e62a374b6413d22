// SPDX-License-Identifier: Apache-2.0
#include <paragon/diagnostics.hpp>

#include "core/error.hpp"
#include "runtime/backend.hpp"
#include "train/model_graph.hpp"
#include "train/programs.hpp"
#include "train/slot_names.hpp"

namespace paragon {
namespace {

struct Stage {
  std::string name;
  std::string (*text)(const Network& network, const TrainerOptions& options);
};

ir::Graph training_graph(const Network& network, const TrainerOptions& options) {
  // The number of samples is part of the program; one batch stands for any data set.
  return train::back_propagation({network.state(),
                                  options.optimizer,
                                  options.batch,
                                  options.batch,
                                  DType::uint8,
                                  options.clip,
                                  {parse_loss(options.loss), false},
                                  0,
                                  train::parse_exponent_mode(options.exponents)});
}

const std::vector<Stage>& stages() {
  static const std::vector<Stage> table = {
      {"model",
       [](const Network& network, const TrainerOptions& options) {
         train::ModelGraph model =
             train::build_model(network.state(), options.batch, train::graph_type(network.type()),
                                {parse_loss(options.loss), false});
         train::add_gradients(model);
         ir::Phase phase{"gradients", {}};
         const auto output = [&](const char* name, uint64_t id, ir::NodeId value) {
           const ir::Node& node = model.graph[value];
           phase.assignments.push_back(
               {model.graph.add_slot({name, id, ir::SlotRole::kOutput, node.type, node.shape}),
                value});
         };
         output("prediction", 0, model.prediction);
         output("losses", 0, model.losses);
         for (const auto& parameter : model.parameters)
           output("gradient", parameter.parameter->id, parameter.gradient);
         model.graph.phases().push_back(std::move(phase));
         return ir::to_text(model.graph);
       }},
      {"inference",
       [](const Network& network, const TrainerOptions& options) {
         return ir::to_text(train::inference(network.state(), options.batch));
       }},
      {"training",
       [](const Network& network, const TrainerOptions& options) {
         return ir::to_text(training_graph(network, options));
       }},
      {"program",
       [](const Network& network, const TrainerOptions& options) {
         const runtime::Backend& backend = runtime::find_backend(options.device);
         return runtime::to_text(
             *runtime::compile(training_graph(network, options), backend.compile_options()));
       }},
  };
  return table;
}

}  // namespace

std::vector<KernelTime> time_kernels(const Network& network, const TrainerOptions& options) {
  constexpr size_t kRepetitions = 200;
  const runtime::Backend& backend = runtime::find_backend(options.device);
  const auto program =
      runtime::compile(training_graph(network, options), backend.compile_options());
  const auto instance = backend.instantiate(program, 1);
  for (size_t phase = 0; phase < program->phases.size(); ++phase)
    if (program->phases[phase].name == train::kStep)
      return instance->time_kernels(phase, kRepetitions);
  return {};
}

std::vector<std::string> dump_stages() {
  std::vector<std::string> names;
  for (const Stage& stage : stages()) names.push_back(stage.name);
  return names;
}

std::string dump(const Network& network, const TrainerOptions& options, std::string_view stage) {
  for (const Stage& candidate : stages())
    if (candidate.name == stage) return candidate.text(network, options);
  raise_unknown("stage", stage, dump_stages());
}

}  // namespace paragon
