// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>

#include <paragon/network.hpp>

#include "core/error.hpp"
#include "core/tensor.hpp"
#include "train/bindings.hpp"
#include "train/model_graph.hpp"
#include "train/place.hpp"
#include "train/programs.hpp"

namespace paragon {

struct Predictor::Impl {
  size_t batch, features, outputs, rows = 0;  // rows: of the last call
  bool fixed_point;
  int input_exponent;
  std::shared_ptr<const runtime::Program> program;
  std::unique_ptr<runtime::Instance> instance;
  uint32_t input_slot, output_slot, exponent_slot = 0;
  size_t phase;
  Tensor input, output;  // staging, of the slots' types
  const fixed::Format* format = nullptr;
  struct Repetitions {
    std::string layer;
    uint32_t slot;
    Tensor counts;
  };
  std::vector<Repetitions> repetitions;  // of the layers with dynamic replay

  Impl(const Network& network, const PredictorOptions& options) {
    const detail::NetworkState& state = network.state();
    train::check_place("predictor", options.batch, options.threads);
    batch = options.batch;
    outputs = network.outputs();
    fixed_point = info(network.type()).arithmetic == Arithmetic::kFixed;
    input_exponent = state.input_exponent;
    const runtime::Backend& backend = runtime::find_backend(options.device);
    program = runtime::compile_cached(train::inference(state, batch), backend.compile_options());
    instance = backend.instantiate(program, train::thread_count(options.threads));
    train::upload_parameters(state, *program, *instance);
    phase = program->find_phase(train::kForward);
    input_slot = program->find_slot(0, train::kFeatures);
    output_slot = program->find_slot(0, train::kOutput);
    if (fixed_point) exponent_slot = program->find_slot(0, train::kOutputExponent);
    input = Tensor(program->slots[input_slot].type, program->slots[input_slot].shape);
    output = Tensor(program->slots[output_slot].type, program->slots[output_slot].shape);
    features = input.shape().cols();
    if (fixed_point) format = &fixed::format_of(state.type);
    for (uint32_t i = 0; i < program->slots.size(); ++i)
      if (const ir::Slot& slot = program->slots[i]; slot.name == train::kRepetitions)
        repetitions.push_back({state.by_id(slot.id).name, i, Tensor(slot.type, slot.shape)});
  }

  template <class T>
  void run(std::span<const float> in, std::span<T> out) {
    const size_t count = in.size() / features;
    if (in.size() % features != 0 || count > batch)
      raise("[predictor] got {} features, expected up to {} samples of {}", in.size(), batch,
            features);
    if (out.size() != count * outputs)
      raise("[predictor] got room for {} outputs, expected {}", out.size(), count * outputs);
    rows = count;
    encode(in);
    // The padding repeats the first sample: an untrained fixed-point network takes its exponents
    // from the whole batch, and repetitions change none of them.
    const size_t row_bytes = features * size_of(input.type());
    for (size_t row = rows; row < batch && rows > 0; ++row)
      std::memcpy(input.data() + row * row_bytes, input.data(), row_bytes);
    instance->upload(input_slot, {input.data(), input.bytes()});
    instance->run(phase);
    instance->download(output_slot, {output.data(), output.bytes()});
    decode(out);
  }

  void encode(std::span<const float> in) {
    if (fixed_point)
      train::encode_features(in, *format, input_exponent, input);
    else if (input.type() == DType::float64)
      std::copy(in.begin(), in.end(), input.as<double>().begin());
    else
      std::copy(in.begin(), in.end(), input.as<float>().begin());
  }

  template <class T>
  void decode(std::span<T> out) {
    if (!fixed_point) {
      for (size_t i = 0; i < out.size(); ++i)
        out[i] = output.type() == DType::float64 ? static_cast<T>(output.as<double>()[i])
                                                 : static_cast<T>(output.as<float>()[i]);
      return;
    }
    const int exponent = instance->get<int32_t>(exponent_slot);
    for (size_t i = 0; i < out.size(); ++i)
      out[i] = std::ldexp(static_cast<T>(output.as<int32_t>()[i]), exponent);
  }
};

Predictor::Predictor(const Network& network, PredictorOptions options)
    : impl_(std::make_unique<Impl>(network, options)) {}
Predictor::Predictor(Predictor&&) noexcept = default;
Predictor& Predictor::operator=(Predictor&&) noexcept = default;
Predictor::~Predictor() = default;

void Predictor::run(std::span<const float> features, std::span<float> outputs) {
  impl_->run(features, outputs);
}

void Predictor::run(std::span<const float> features, std::span<double> outputs) {
  impl_->run(features, outputs);
}

std::vector<std::string> Predictor::replayed_layers() const {
  std::vector<std::string> names;
  for (const auto& layer : impl_->repetitions) names.push_back(layer.layer);
  return names;
}

std::vector<std::size_t> Predictor::repetitions(std::size_t layer) {
  auto& entry = impl_->repetitions.at(layer);
  impl_->instance->download(entry.slot, {entry.counts.data(), entry.counts.bytes()});
  std::vector<std::size_t> counts(impl_->rows);
  for (size_t i = 0; i < counts.size(); ++i)
    counts[i] =
        entry.counts.type() == DType::int32     ? static_cast<size_t>(entry.counts.as<int32_t>()[i])
        : entry.counts.type() == DType::float32 ? static_cast<size_t>(entry.counts.as<float>()[i])
                                                : static_cast<size_t>(entry.counts.as<double>()[i]);
  return counts;
}

std::vector<float> Network::predict(std::span<const float> features) const {
  const size_t per_sample = state().features();
  if (features.empty() || features.size() % per_sample != 0)
    raise("[network] got {} features, expected a multiple of {}", features.size(), per_sample);
  const size_t count = features.size() / per_sample, classes = outputs();
  const size_t batch = std::min<size_t>(count, 256);
  Predictor predictor(*this, {.batch = batch});
  std::vector<float> result(count * classes);
  for (size_t first = 0; first < count; first += batch) {
    const size_t rows = std::min(batch, count - first);
    predictor.run(features.subspan(first * per_sample, rows * per_sample),
                  std::span(result).subspan(first * classes, rows * classes));
  }
  return result;
}

std::vector<std::string> devices() {
  std::vector<std::string> names;
  for (const runtime::Backend* backend : runtime::backends()) names.emplace_back(backend->name());
  return names;
}

}  // namespace paragon
