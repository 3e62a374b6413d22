// SPDX-License-Identifier: Apache-2.0
#include "io/legacy/interpreter.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace paragon::io::legacy {
namespace {

/// A layer's part of the forward pass.
struct Step {
  uint32_t first_neuron, end_neuron;
  uint32_t replay_from;  ///< first layer of the replay; 0 = there is none
  bool before;           ///< the replay comes before the layer's own turn, not after it
};

template <class T>
struct Code {
  struct Neuron {
    T bias;
    Activation activation;
    uint32_t first_source;
  };
  std::vector<Neuron> neurons;  ///< and one more, where the sources end
  std::vector<uint32_t> sources;
  std::vector<T> weights;
  std::vector<Step> layers;
  size_t inputs = 0;
  size_t first_output = 0;
  bool softmax = false;  ///< over the whole last layer
};

template <class T>
Code<T> translate(const File& file) {
  Code<T> code;
  std::vector<Activation> activations;
  for (const std::string& name : file.activations) activations.push_back(activation_named(name));
  code.neurons.reserve(file.neurons.size() + 1);
  for (const Neuron& neuron : file.neurons)
    code.neurons.push_back(
        {convert<T>(neuron.bias), activations[neuron.activation], neuron.first_source});
  const auto end = static_cast<uint32_t>(file.sources.size());
  code.neurons.push_back({T{0}, Activation::kIdentity, end});
  code.sources.reserve(file.sources.size());
  code.weights.reserve(file.sources.size());
  for (const Source& source : file.sources) {
    code.sources.push_back(static_cast<uint32_t>(file.neuron_of(source)));
    code.weights.push_back(convert<T>(source.weight));
  }
  for (size_t l = 0; l < file.layers.size(); ++l) {
    const Layer& layer = file.layers[l];
    code.layers.push_back(
        {static_cast<uint32_t>(layer.first_neuron),
         static_cast<uint32_t>(layer.first_neuron + layer.neurons()),
         replays(layer.replay, l) ? static_cast<uint32_t>(replay_start(layer.replay, l)) : 0,
         layer.replay.phase == "before"});
  }
  code.inputs = file.layers.front().neurons();
  code.first_output = file.layers.back().first_neuron;
  code.softmax = has_softmax(file);
  return code;
}

template <class T>
class TypedInterpreter : public Interpreter {
 public:
  explicit TypedInterpreter(const File& file)
      : code_(std::make_shared<const Code<T>>(translate<T>(file))), values_(file.neurons.size()) {}

  std::unique_ptr<Interpreter> clone() const override {
    return std::make_unique<TypedInterpreter>(*this);
  }

  void run(std::span<const double> sample) override {
    for (size_t i = 0; i < code_->inputs; ++i) values_[i] = convert<T>(sample[i]);
    for (size_t l = 1; l < code_->layers.size(); ++l) {
      const Step& step = code_->layers[l];
      if (!step.before) compute(step, false);
      if (step.replay_from != 0)
        for (size_t i = step.replay_from; i <= l; ++i) compute(code_->layers[i], true);
      if (step.before) compute(step, false);
    }
    if (code_->softmax) softmax();
  }

  double bias(size_t neuron) const override {
    return static_cast<double>(code_->neurons[neuron].bias);
  }
  Activation activation(size_t neuron) const override { return code_->neurons[neuron].activation; }
  std::span<const uint32_t> sources(size_t neuron) const override {
    const size_t first = code_->neurons[neuron].first_source;
    return std::span(code_->sources)
        .subspan(first, code_->neurons[neuron + 1].first_source - first);
  }
  double weight(size_t neuron, size_t source) const override {
    return static_cast<double>(code_->weights[code_->neurons[neuron].first_source + source]);
  }

  double value(size_t neuron) const override { return static_cast<double>(values_[neuron]); }
  std::string text(size_t neuron) const override {
    const T value = values_[neuron];
    if constexpr (std::floating_point<T>)
      if (std::isnan(value)) return "nan";  // without a sign
    return fmt::format("{}", value);
  }

 private:
  void compute(const Step& layer, bool gain) {
    const Code<T>& code = *code_;
    for (size_t n = layer.first_neuron; n < layer.end_neuron; ++n) {
      const auto& neuron = code.neurons[n];
      T sum = neuron.bias;
      for (size_t s = neuron.first_source; s < code.neurons[n + 1].first_source; ++s)
        sum = add(sum, multiply(values_[code.sources[s]], code.weights[s]));
      const T value = activate(neuron.activation, sum);
      values_[n] = gain ? convert<T>(static_cast<double>(value) * kReplayGain) : value;
    }
  }

  void softmax() {
    const std::span<T> outputs = std::span(values_).subspan(code_->first_output);
    std::vector<double> powers(outputs.begin(), outputs.end());
    const double largest = *std::ranges::max_element(powers);
    double sum = 0;
    for (double& power : powers) sum += power = std::exp(power - largest);
    for (size_t i = 0; i < outputs.size(); ++i) {
      const double share = powers[i] / sum;
      if constexpr (std::floating_point<T>)
        outputs[i] = static_cast<T>(share);
      else
        outputs[i] = static_cast<T>(truncate<int64_t>(std::round(share * unit<T>())));
    }
  }

  std::shared_ptr<const Code<T>> code_;
  std::vector<T> values_;
};

struct Type {
  TypeInfo info;
  std::unique_ptr<Interpreter> (*make)(const File& file);
};

template <class T>
Type type(const char* name) {
  return {{name, std::integral<T>, unit<T>()},
          [](const File& file) -> std::unique_ptr<Interpreter> {
            return std::make_unique<TypedInterpreter<T>>(file);
          }};
}

/// The types of the original; int and uint had 64 bits where it ran.
const std::vector<Type>& types() {
  static const std::vector<Type> kTypes = {
      type<int64_t>("int"),     type<int8_t>("int8"),     type<int16_t>("int16"),
      type<int32_t>("int32"),   type<int64_t>("int64"),   type<uint64_t>("uint"),
      type<uint8_t>("uint8"),   type<uint16_t>("uint16"), type<uint32_t>("uint32"),
      type<uint64_t>("uint64"), type<float>("float32"),   type<double>("float64")};
  return kTypes;
}

const Type& type_named(const std::string& name) {
  for (const Type& type : types())
    if (type.info.name == name) return type;
  std::vector<std::string> names;
  for (const Type& type : types()) names.emplace_back(type.info.name);
  raise_unknown("type", name, names);
}

}  // namespace

const TypeInfo& type_info(const std::string& name) {
  return type_named(name).info;
}

std::unique_ptr<Interpreter> make_interpreter(const File& file) {
  return type_named(file.type).make(file);
}

}  // namespace paragon::io::legacy
