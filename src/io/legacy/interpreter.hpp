// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/legacy/arithmetic.hpp"
#include "io/legacy/file.hpp"

namespace paragon::io::legacy {

/// What a replay multiplies values by.
inline constexpr double kReplayGain = 1.1;

/// Runs a file's network in its own type. The neurons' values stay from sample to sample. Neurons
/// are counted through the file, input neurons first.
class Interpreter {
 public:
  virtual ~Interpreter() = default;
  virtual std::unique_ptr<Interpreter> clone() const = 0;  ///< shares the weights

  /// One forward pass; `sample` has a value for each neuron of the first layer.
  virtual void run(std::span<const double> sample) = 0;

  // What a neuron computes, in the network's type: activation(bias + sum of weight * source).
  virtual double bias(size_t neuron) const = 0;
  virtual Activation activation(size_t neuron) const = 0;
  virtual std::span<const uint32_t> sources(size_t neuron) const = 0;  ///< the neurons read
  virtual double weight(size_t neuron, size_t source) const = 0;

  virtual double value(size_t neuron) const = 0;
  virtual std::string text(size_t neuron) const = 0;  ///< exact, in the network's type
};

struct TypeInfo {
  const char* name;
  bool integer;
  double unit;  ///< what stands for 1.0
};

/// Raises if there is no such type.
const TypeInfo& type_info(const std::string& name);

/// Raises if the file's type is unknown.
std::unique_ptr<Interpreter> make_interpreter(const File& file);

}  // namespace paragon::io::legacy
