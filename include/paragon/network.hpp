// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <paragon/dtype.hpp>
#include <paragon/export.hpp>
#include <paragon/layers.hpp>

namespace paragon {

struct NetworkOptions {
  std::vector<std::size_t> input = {};  ///< shape of one sample: {features} or {height, width}
  DType type = DType::float32;          ///< one of network_types()
  std::uint64_t seed = 1;               ///< of the initial weights
  /// One of storages(), of integer types: "master" trains wide masters of the weights, "pure" the
  /// narrow weights themselves (docs/numerics.md, "Pure storage").
  std::string storage = "master";
};

PARAGON_API std::vector<std::string> storages();  ///< names

/// What the outside may know of a layer.
struct LayerInfo {
  std::uint64_t id;  ///< stable: survives renaming, insertion and saving
  std::string name;
  LayerConfig config;
  std::vector<std::string> inputs;  ///< names of the layers read; "input" is the network's input
  std::vector<std::size_t> shape;   ///< of one sample's output: {units} or {height, width}
  std::size_t parameters;           ///< number of weights and biases
};

namespace detail {
struct NetworkState;
}

/// A network as its user sees it: named layers with their configuration and parameters, and the
/// numeric type. Data, no compute code: Trainer and Predictor build programs from it. Copying
/// copies the parameters. Const use from several threads is safe.
class PARAGON_API Network {
 public:
  explicit Network(NetworkOptions options);
  Network(const Network& other);
  Network(Network&& other) noexcept;
  Network& operator=(const Network& other);
  Network& operator=(Network&& other) noexcept;
  ~Network();

  /// Appends a layer that reads the layer named `input` ("" = the layer before, "input" = the
  /// network's input) and initialises its parameters (He-uniform from the network's seed and the
  /// layer's id). Raises Error on impossible shapes, unknown activations and names in use.
  Network& add(const LayerConfig& config, const std::string& input = "");
  /// The same for a layer that reads several.
  Network& add_reading(const LayerConfig& config, const std::vector<std::string>& inputs);

  DType type() const;
  std::string storage() const;  ///< NetworkOptions::storage
  const std::vector<std::size_t>& input_shape() const;
  std::vector<LayerInfo> layers() const;
  std::size_t parameters() const;  ///< number of weights and biases
  std::size_t outputs() const;     ///< values of the last layer; raises if there is no layer

  /// The values of a parameter ("layer.weights", "layer.bias") as doubles, row-major; integer types
  /// give mantissa * 2^exponent of the full-precision master. Raises on an unknown name.
  std::vector<double> values(const std::string& parameter) const;

  /// Outputs for `count` samples of row-major features (count * product(input_shape) values), as
  /// the last layer's activation gives them (softmax: probabilities). Integer networks encode the
  /// features at the input's fixed exponent first. One call compiles or finds a cached program; for
  /// many small calls make a Predictor.
  std::vector<float> predict(std::span<const float> features) const;

  /// Writes the model as JSON (format "paragon-model"), atomically. Raises if the file cannot be
  /// written. load() gives back an equal network: same types, parameters, exponents, ids.
  void save(const std::string& path) const;
  static Network load(const std::string& path);

  detail::NetworkState& state() { return *state_; }  ///< the library's own access
  const detail::NetworkState& state() const { return *state_; }

 private:
  std::unique_ptr<detail::NetworkState> state_;
};

/// A network described in one line: "28x28 local:16x16:leaky_relu dense:10:softmax". The first word
/// is the input's shape (WxH, or N), then a layer a word: dense:UNITS:ACTIVATION,
/// local:WxH:ACTIVATION[:field=5]. Raises with the word, what was got and what was expected.
PARAGON_API Network parse_network(std::string_view spec, DType type, std::uint64_t seed = 1,
                                  const std::string& storage = "master");

/// The spec of a network that parse_network could have made.
PARAGON_API std::string to_spec(const Network& network);

struct PredictorOptions {
  std::string device = "cpu";  ///< one of devices()
  std::size_t batch = 1;       ///< rows of one call at most
  std::size_t threads = 1;     ///< 0 = all processors
};

/// Forward passes with everything prepared beforehand: program, packed weights, buffers, threads.
/// Holds its own copy of the weights. One thread at a time.
class PARAGON_API Predictor {
 public:
  explicit Predictor(const Network& network, PredictorOptions options = {});
  Predictor(Predictor&&) noexcept;
  Predictor& operator=(Predictor&&) noexcept;
  ~Predictor();

  /// features: rows * features values, rows <= batch; outputs: rows * outputs values. Allocates
  /// nothing.
  void run(std::span<const float> features, std::span<float> outputs);
  /// The same with all digits of networks of float64 and wide integers.
  void run(std::span<const float> features, std::span<double> outputs);

  /// Names of the layers with dynamic replay, and how often the last run() repeated one of them, a
  /// number for each of its rows.
  std::vector<std::string> replayed_layers() const;
  std::vector<std::size_t> repetitions(std::size_t layer);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Names of the devices: "cpu", "ref", and "webgpu" if the library was built with it (webgpu.hpp).
PARAGON_API std::vector<std::string> devices();

}  // namespace paragon
