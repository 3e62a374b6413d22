// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <paragon/export.hpp>

namespace paragon {

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
/// the same order. An interpreter, for files as they are; it does not train. One thread at a time.
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
  struct Impl;
  explicit LegacyNetwork(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace paragon
