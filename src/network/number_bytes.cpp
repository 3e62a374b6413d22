// SPDX-License-Identifier: Apache-2.0
#include <bit>

#include <paragon/diagnostics.hpp>

#include "network/state.hpp"

namespace paragon {
namespace {

/// Whole numbers, each as 8 bytes, the lowest one first.
class Numbers {
 public:
  void add(int64_t number) {
    const auto bits = static_cast<uint64_t>(number);
    for (int shift = 0; shift < 64; shift += 8)
      bytes_.push_back(static_cast<uint8_t>(bits >> shift));
  }
  void add(const Tensor& tensor) {
    if (tensor.type() == DType::float32) {
      for (const float value : tensor.as<float>()) add(std::bit_cast<uint32_t>(value));
    } else if (tensor.type() == DType::float64) {
      for (const double value : tensor.as<double>()) add(std::bit_cast<int64_t>(value));
    } else {
      visit_signed(tensor, [&](const auto& values) {
        for (const int64_t value : values) add(value);
      });
    }
  }
  std::vector<uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace

std::vector<uint8_t> number_bytes(const Network& network) {
  const detail::NetworkState& state = network.state();
  Numbers numbers;
  numbers.add(static_cast<int64_t>(contract_version()));
  numbers.add(state.input_exponent);
  for (const detail::Layer& layer : state.layers) {
    numbers.add(static_cast<int64_t>(layer.id));
    for (const detail::Parameter& parameter : layer.parameters) {
      numbers.add(static_cast<int64_t>(parameter.id));
      for (const size_t extent : parameter.value.shape().dims())
        numbers.add(static_cast<int64_t>(extent));
      numbers.add(parameter.exponent);
      numbers.add(parameter.view_exponent);
      numbers.add(parameter.value);
    }
    numbers.add(static_cast<int64_t>(layer.output_exponents.size()));
    for (const auto& [repetition, exponent] : layer.output_exponents) {
      numbers.add(repetition);
      numbers.add(exponent);
    }
  }
  return numbers.take();
}

}  // namespace paragon
