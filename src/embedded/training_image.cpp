// SPDX-License-Identifier: Apache-2.0
#include "embedded/training_image.hpp"

#include "core/error.hpp"
#include "embedded/image.hpp"
#include "passes/mantissa15.hpp"
#include "train/bindings.hpp"
#include "train/optimizer.hpp"
#include "train/programs.hpp"
#include "train/rate_schedule.hpp"
#include "train/training_data.hpp"

namespace paragon::embedded {

std::vector<std::byte> training_image(const Network& network, const TrainerOptions& options,
                                      const data::Dataset& data) {
  if (info(network.type()).arithmetic != Arithmetic::kFixed)
    raise("[image] the network's type is {}, expected an integer type", name(network.type()));
  Optimizer optimizer = options.optimizer;
  if (options.rate) train::set_rate(optimizer, *options.rate);
  Network copy = network;  // the data set may set its input exponent
  const Loss loss = parse_loss(options.loss);
  const train::TrainingData samples(copy.state(), data, loss);
  const ir::Graph graph = train::back_propagation({copy.state(),
                                                   optimizer,
                                                   options.batch,
                                                   samples.rows(),
                                                   samples.feature_type(),
                                                   options.clip,
                                                   {loss, samples.has_targets()},
                                                   samples.target_exponent()});
  const runtime::Backend& backend = runtime::find_backend("ref");
  const auto program = runtime::compile_cached(graph, backend.compile_options());
  const auto instance = backend.instantiate(program, 1);
  train::upload_parameters(copy.state(), *program, *instance);
  train::upload_initial_state(*program, *instance);
  samples.bind(*program, *instance);
  return write_image(
      *program,
      {options.seed, samples.rows(), options.batch, options.epochs,
       fixed::to_mantissa15(train::rate(optimizer)), train::integer_schedule(options.schedule)},
      *instance);
}

}  // namespace paragon::embedded
