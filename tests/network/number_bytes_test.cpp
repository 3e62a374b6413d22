// SPDX-License-Identifier: Apache-2.0
// The bytes of golden hashes: their order, and what does not change them.
#include <gtest/gtest.h>

#include <bit>

#include <paragon/diagnostics.hpp>

#include "network/state.hpp"

namespace paragon::detail {
namespace {

/// The numbers of which the bytes are made.
std::vector<int64_t> numbers(const Network& network) {
  const std::vector<uint8_t> bytes = number_bytes(network);
  EXPECT_EQ(bytes.size() % 8, 0u);
  std::vector<int64_t> result;
  for (size_t i = 0; i < bytes.size(); i += 8) {
    uint64_t number = 0;
    for (size_t k = 0; k < 8; ++k) number |= uint64_t{bytes[i + k]} << (8 * k);
    result.push_back(static_cast<int64_t>(number));
  }
  return result;
}

// The example of docs/model-format.md.
TEST(NumberBytes, HoldEveryNumberOfANetworkInOrder) {
  Network network = parse_network("2 dense:1:relu", uint8);
  EXPECT_EQ(numbers(network),
            (std::vector<int64_t>{1, 0,  // contract, input
                                  1,     // layer
                                  2, 2, 1, -23, -6, 11099125, 27 * (1 << 17) + 1654,  // weights
                                  3, 1, 1, -24, 0, 0,                                 // bias
                                  0}));                                               // exponents
  network.state().input_exponent = 4;
  network.state().layers[0].output_exponents = {{256, -3}, {0, -5}};
  const std::vector<int64_t> changed = numbers(network);
  EXPECT_EQ(changed[1], 4);
  EXPECT_EQ(std::vector<int64_t>(changed.end() - 5, changed.end()),
            (std::vector<int64_t>{2, 0, -5, 256, -3}));
}

TEST(NumberBytes, TwinsAreEqualAndWidthsAreNot) {
  const auto of = [](DType type) {
    return numbers(parse_network("3x3 local:2x2:elu:field=2 dense:2:softmax", type));
  };
  EXPECT_EQ(of(int8), of(uint8));
  EXPECT_EQ(of(int64), of(uint_));
  EXPECT_NE(of(int8), of(int16));
  EXPECT_NE(of(int32), of(int64));
}

TEST(NumberBytes, FloatingPointGivesItsBits) {
  Network single = parse_network("1 dense:1:linear", float32),
          wide = parse_network("1 dense:1:linear", float64);
  single.state().layers[0].parameters[0].value.as<float>()[0] = -1.5f;
  wide.state().layers[0].parameters[0].value.as<double>()[0] = -1.5;
  EXPECT_EQ(numbers(single)[8], 0xBFC00000);
  EXPECT_EQ(numbers(wide)[8], std::bit_cast<int64_t>(-1.5));
}

}  // namespace
}  // namespace paragon::detail
