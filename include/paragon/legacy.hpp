// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <paragon/export.hpp>
#include <paragon/network.hpp>

namespace paragon {

struct Conversion;

/// The replay settings of a layer, as its file has them.
struct LegacyReplay {
  bool enabled = false;
  std::int64_t offset = 0;
  std::string phase = {};  ///< "before", "after" or anything else: none
  std::int64_t max = 0;
  std::int64_t budget = 0;
};

struct LegacyLayer {
  std::size_t width, height;
  std::size_t connections;
  std::map<std::string, std::size_t> activations;  ///< number of neurons by activation
  LegacyReplay replay;
  bool replays;  ///< the settings have an effect
};

struct LegacyInfo {
  std::string type;  ///< "int", "uint8", "float32", ...
  bool integer;      ///< its values are whole numbers
  double unit;       ///< the value that stood for 1.0: 1, or the largest number of 32 bits at most
  bool probabilities;               ///< the outputs are a softmax, times the unit
  std::vector<LegacyLayer> layers;  ///< the input is the first one
  std::size_t parameters;           ///< connections, and the biases behind the input
  /// Connections that read a neuron computed later, or their own: they see its value of the sample
  /// before (0 at first).
  std::size_t late_connections;
  std::vector<std::string> inert;  ///< what the file has and the original did not compute, in words
};

/// A network in a file of the Go framework that Paragon rebuilds. It computes what that framework
/// computed after loading the file: integers to the bit, with their overflows; floating point in
/// the same order. An interpreter, for files as they are; it does not train: convert() gives a
/// network that does. One thread at a time.
///
/// As in the original, neurons keep their values from one sample to the next. That matters only
/// where `late_connections` is not 0; a copy has values of its own.
class PARAGON_API LegacyNetwork {
 public:
  /// Raises Error naming the file, the path in it (layer, neuron, connection), what was got and
  /// what was expected.
  static LegacyNetwork load(const std::string& path);

  /// Whether a file is one for load() rather than for Network::load(). Reads its start only; false
  /// for files that are neither. Raises if it cannot be read.
  static bool is_legacy(const std::string& path);

  LegacyNetwork(const LegacyNetwork& other);
  LegacyNetwork(LegacyNetwork&& other) noexcept;
  LegacyNetwork& operator=(const LegacyNetwork& other);
  LegacyNetwork& operator=(LegacyNetwork&& other) noexcept;
  ~LegacyNetwork();

  const LegacyInfo& info() const;
  std::size_t inputs() const;   ///< values of a sample: the first layer's width * height
  std::size_t outputs() const;  ///< values of the last layer

  /// Outputs of `count` samples of count * inputs() values, row-major. Whole numbers of more than
  /// 53 bits are rounded.
  std::vector<double> predict(std::span<const double> samples);

  /// The same as text: all digits of whole numbers, and as many of the others as it takes to read
  /// the same number of the network's type ("nan", "inf" and "-inf" where there is none).
  std::vector<std::string> predict_text(std::span<const double> samples);

 private:
  friend PARAGON_API Conversion convert(const LegacyNetwork& legacy, std::optional<DType> type);

  struct Impl;
  explicit LegacyNetwork(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// A native network made from a legacy one.
struct Conversion {
  Network network;
  std::vector<std::string> remarks;  ///< what was left out or computes something else, in words
};

/// Makes a network of Paragon that computes the same in real numbers: for floating point up to
/// rounding (tanh apart, which the original approximated); for integers what their weights stood
/// for, weight / unit, which is not what the original's overflowing arithmetic made of them.
///
/// Behind the input, layer l of the file becomes layer "layer_<l>": Dense where every neuron reads
/// the whole of one layer once, Wired otherwise. Activations per neuron, irregular wirings, sources
/// named twice (their weights add up) and replays stay; activations without a formula there become
/// linear.
///
/// Without a type it is the file's own ("int8" becomes fixed point of 8 bits). Raises Error naming
/// the neuron and connection that reads no earlier layer, and the neuron whose activation cannot
/// stand beside the softmax of the outputs; and if a type cannot hold a weight, or the network is
/// too large.
PARAGON_API Conversion convert(const LegacyNetwork& legacy, std::optional<DType> type = {});

}  // namespace paragon
