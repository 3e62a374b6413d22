// SPDX-License-Identifier: Apache-2.0
#include "io/legacy/native.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "core/error.hpp"
#include "network/values.hpp"

namespace paragon::io::legacy {
namespace {

/// Neurons and weights of a network at most. A wired layer stores every neuron's weights as long as
/// the longest list, so that a small file could ask for more memory than there is.
constexpr size_t kMostNativeParts = size_t{1} << 24;

const char* name_of(Activation activation) {
  switch (activation) {
    case Activation::kIdentity:
      return "linear";
    case Activation::kRelu:
      return "relu";
    case Activation::kLeakyRelu:
      return "leaky_relu";
    case Activation::kElu:
      return "elu";
    case Activation::kSigmoid:
      return "sigmoid";
    case Activation::kTanh:
      return "tanh";
  }
  return "linear";
}

class Converter {
 public:
  Converter(const LegacyInfo& info, const Interpreter& old, DType type)
      : info_(info), old_(old), network_({.input = input_shape(info), .type = type}) {
    for (const LegacyLayer& layer : info.layers)
      first_.push_back(first_.back() + layer.width * layer.height);
  }

  Conversion run() {
    if (info_.layers.size() < 2)
      raise("[convert] the file has the input layer only, expected one or more behind it");
    for (size_t l = 1; l < info_.layers.size(); ++l) add(l);
    std::vector<std::string> said = remarks();
    return {std::move(network_), std::move(said)};
  }

 private:
  /// The layers that a layer reads, and how.
  struct Wiring {
    std::vector<size_t> layers;  ///< rising
    size_t longest = 1;          ///< sources of a neuron at most
    bool whole = false;          ///< every neuron reads all of one layer, each neuron of it once
  };

  static std::vector<size_t> input_shape(const LegacyInfo& info) {
    return {info.layers.front().height, info.layers.front().width};
  }
  static std::string layer_name(size_t l) { return l == 0 ? "input" : fmt::format("layer_{}", l); }

  size_t units(size_t l) const { return info_.layers[l].width * info_.layers[l].height; }
  size_t layer_of(uint32_t neuron) const {
    return static_cast<size_t>(std::ranges::upper_bound(first_, neuron) - first_.begin()) - 1;
  }
  std::string place(size_t l, size_t n) const {
    const size_t width = info_.layers[l].width;
    return place_of(l, n % width, n / width);
  }

  Wiring wiring_of(size_t l) const {
    Wiring wiring;
    std::vector<bool> reads(l, false);
    for (size_t n = 0; n < units(l); ++n) {
      const auto sources = old_.sources(first_[l] + n);
      wiring.longest = std::max(wiring.longest, sources.size());
      for (size_t s = 0; s < sources.size(); ++s) {
        const size_t from = layer_of(sources[s]);
        if (from >= l)
          raise("[convert] {}.in[{}].layer is {}, expected 0 .. {}, a layer before its own",
                place(l, n), s, from, l - 1);
        reads[from] = true;
      }
    }
    for (size_t from = 0; from < l; ++from)
      if (reads[from]) wiring.layers.push_back(from);
    if (wiring.layers.empty()) wiring.layers = {l - 1};  // biases only
    wiring.whole = wiring.layers.size() == 1 && reads_whole(l, wiring.layers[0]);
    return wiring;
  }

  bool reads_whole(size_t l, size_t from) const {
    std::vector<size_t> reader(units(from), units(l));  // the neuron that read it last
    for (size_t n = 0; n < units(l); ++n) {
      const auto sources = old_.sources(first_[l] + n);
      if (sources.size() != reader.size()) return false;
      for (const uint32_t source : sources)
        if (std::exchange(reader[source - first_[from]], n) == n) return false;
    }
    return true;
  }

  bool ends_with_softmax(size_t l) const {
    return info_.probabilities && l + 1 == info_.layers.size();
  }

  template <class Config>
  void set_common(Config& config, size_t l) const {
    config.name = layer_name(l);
    config.replay = replay_of(l);
    const auto activation = [&](size_t n) { return old_.activation(first_[l] + n); };
    const bool softmax = ends_with_softmax(l);
    const Activation expected = softmax ? Activation::kIdentity : activation(0);
    size_t other = 0;
    while (other < units(l) && activation(other) == expected) ++other;
    if (other == units(l)) {
      config.activation = softmax ? "softmax" : name_of(expected);
      return;
    }
    if (softmax)
      raise(
          "[convert] {}.a is {}, expected softmax or linear: neuron (0, 0) has softmax, which goes "
          "over the whole layer",
          place(l, other), name_of(activation(other)));
    for (size_t n = 0; n < units(l); ++n) config.activations.emplace_back(name_of(activation(n)));
  }

  Replay replay_of(size_t l) const {
    const LegacyLayer& layer = info_.layers[l];
    if (!layer.replays) return {};
    const size_t span = l - replay_start(layer.replay, l);
    if (span == 0 && layer.replay.phase == "before") return {};  // its own turn undoes it
    return {.span = span, .phase = layer.replay.phase, .times = 1, .gain = kReplayGain};
  }

  void add(size_t l) {
    const Wiring wiring = wiring_of(l);
    parts_ += units(l) * (wiring.longest + 1);
    if (parts_ > kMostNativeParts)
      raise(
          "[convert] layers 1 to {} have {} neurons and weights when every neuron has as many as "
          "the "
          "one with most in its layer, expected at most {}",
          l, parts_, kMostNativeParts);
    wiring.whole ? add_dense(l, wiring) : add_wired(l, wiring);
    std::vector<double> biases;
    for (size_t n = 0; n < units(l); ++n) biases.push_back(old_.bias(first_[l] + n) / info_.unit);
    set_last(1, biases);
  }

  void add_dense(size_t l, const Wiring& wiring) {
    const size_t from = wiring.layers[0];
    Dense config{.units = units(l)};
    set_common(config, l);
    network_.add(std::move(config), layer_name(from));
    std::vector<double> weights(units(from) * units(l));
    for (size_t n = 0; n < units(l); ++n) {
      const auto sources = old_.sources(first_[l] + n);
      for (size_t s = 0; s < sources.size(); ++s)
        weights[(sources[s] - first_[from]) * units(l) + n] = weight(l, n, s);
    }
    set_last(0, weights);
  }

  void add_wired(size_t l, const Wiring& wiring) {
    const LegacyLayer& layer = info_.layers[l];
    Wired config{.grid = {layer.width, layer.height}};
    set_common(config, l);
    std::vector<std::string> inputs;
    std::map<size_t, uint32_t> position;
    for (const size_t from : wiring.layers) {
      position[from] = static_cast<uint32_t>(inputs.size());
      inputs.push_back(layer_name(from));
    }
    std::vector<double> weights(units(l) * wiring.longest);
    for (size_t n = 0; n < units(l); ++n) {
      const auto sources = old_.sources(first_[l] + n);
      auto& list = config.sources.emplace_back();
      list.reserve(sources.size());
      for (size_t s = 0; s < sources.size(); ++s) {
        const size_t from = layer_of(sources[s]);
        list.push_back({position.at(from), static_cast<uint32_t>(sources[s] - first_[from])});
        weights[n * wiring.longest + s] = weight(l, n, s);
      }
    }
    network_.add_reading(config, inputs);
    set_last(0, weights);
  }

  double weight(size_t l, size_t n, size_t s) const {
    const bool reads_input = old_.sources(first_[l] + n)[s] < first_[1];
    const double scale = reads_input ? detail::feature_scale(network_.type()) : 1;
    return old_.weight(first_[l] + n, s) / (info_.unit * scale);
  }

  void set_last(size_t parameter, const std::vector<double>& values) {
    detail::NetworkState& state = network_.state();
    detail::set_values(state, state.layers.back().parameters[parameter], values);
  }

  std::vector<std::string> remarks() const {
    std::vector<std::string> remarks;
    if (info_.integer)
      remarks.push_back(
          fmt::format("whole numbers were divided by {:.0f}, which stood for 1; the original "
                      "multiplied them without a scale and saw inputs between 0 and 1 as 0",
                      info_.unit));
    if (!is_float(network_.type()))
      remarks.push_back(
          "fixed point: inputs beyond -1 .. 1 are cut off, and until it is trained the rounding of "
          "a "
          "sample depends on the others of its batch");
    for (size_t l = 1; l < info_.layers.size(); ++l)
      if (const auto found = info_.layers[l].activations.find("tanh");
          found != info_.layers[l].activations.end())
        remarks.push_back(fmt::format(
            "layer {}: tanh is the real one; the original computed a rough approximation (neurons: "
            "{})",
            l, found->second));
    remarks.insert(remarks.end(), info_.inert.begin(), info_.inert.end());
    return remarks;
  }

  const LegacyInfo& info_;
  const Interpreter& old_;
  Network network_;
  std::vector<size_t> first_ = {0};  ///< neuron of each layer, and one more where they end
  size_t parts_ = 0;                 ///< neurons and weights so far
};

}  // namespace

Conversion make_native(const LegacyInfo& info, const Interpreter& neurons, DType type) {
  return Converter(info, neurons, type).run();
}

}  // namespace paragon::io::legacy
