// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <paragon/network.hpp>

#include "raises.hpp"

namespace paragon {
namespace {

using testing::contains;
using testing::message_of;

std::string error_of(std::string_view spec, DType type = float32) {
  return message_of([&] { parse_network(spec, type); });
}

TEST(Spec, DescribesANetwork) {
  const Network network =
      parse_network("  30x28 local:16x15:leaky_relu:field=4\tdense:10:softmax ", int8, 7);
  EXPECT_EQ(network.type(), int8);
  EXPECT_EQ(network.input_shape(), (std::vector<size_t>{28, 30}));  // {height, width}
  const std::vector<LayerInfo> layers = network.layers();
  ASSERT_EQ(layers.size(), 2u);
  const auto& local = std::get<LocallyConnected>(layers[0].config);
  EXPECT_EQ(local.grid, (std::array<size_t, 2>{16, 15}));
  EXPECT_EQ(local.field, 4u);
  EXPECT_EQ(local.activation, "leaky_relu");
  EXPECT_EQ(layers[0].shape, (std::vector<size_t>{15, 16}));
  EXPECT_EQ(keyword(layers[1].config), "dense");
  EXPECT_EQ(std::get<Dense>(layers[1].config).units, 10u);
  EXPECT_EQ(network.outputs(), 10u);
  EXPECT_EQ(network.parameters(), 16u * 15 * (16 + 1) + 10 * (240 + 1));
}

TEST(Spec, FieldHasItsDefault) {
  const Network network = parse_network("28x28 local:16x16:relu dense:10:softmax", float32);
  EXPECT_EQ(std::get<LocallyConnected>(network.layers()[0].config).field, 5u);
}

TEST(Spec, PrintsWhatItReads) {
  for (const char* spec :
       {"784 dense:256:relu dense:10:softmax", "28x30 local:16x16:leaky_relu dense:10:softmax",
        "28x28 local:16x16:leaky_relu:field=4 dense:10:softmax",
        "9x9 local:2x2:relu dense:2:softmax", "4 dense:2:linear"})
    EXPECT_EQ(to_spec(parse_network(spec, float32)), spec);
  EXPECT_EQ(to_spec(parse_network("28x28 local:16x16:relu:field=5 dense:2:softmax", float32)),
            "28x28 local:16x16:relu dense:2:softmax");
}

TEST(Spec, ErrorsNameTheWordAndWhatWasExpected) {
  EXPECT_TRUE(contains(error_of(""), "the input's shape"));
  EXPECT_TRUE(contains(error_of("784"), "no layer"));
  EXPECT_TRUE(contains(error_of("28x28x3 dense:2:relu"), "word 1 '28x28x3'"));
  EXPECT_TRUE(contains(error_of("dense:2:relu"), "word 1 'dense:2:relu'"));
  EXPECT_TRUE(contains(error_of("0x28 dense:2:relu"), "is '0', expected a whole number from 1"));
  EXPECT_TRUE(contains(error_of("-4 dense:2:relu"), "is '-4'"));
  EXPECT_TRUE(contains(error_of("4 dens:2:relu"), "did you mean 'dense'?"));
  EXPECT_TRUE(contains(error_of("4 dense:2:relu lokal:2x2:relu"), "word 3"));
  EXPECT_TRUE(contains(error_of("4 dense:2:reluu"), "did you mean 'relu'?"));
  EXPECT_TRUE(contains(error_of("4 dense:two:relu"), "units is 'two'"));
  EXPECT_TRUE(contains(error_of("4 dense:2"), "activation is missing, expected dense:UNITS"));
  EXPECT_TRUE(contains(error_of("4 dense"), "units is missing"));
  EXPECT_TRUE(contains(error_of("4 dense:2:"), "activation is empty"));
  EXPECT_TRUE(contains(error_of("4 dense:2:relu:3"), "'3' does not belong there"));
  EXPECT_TRUE(contains(error_of("9x9 local:3:relu"), "grid is '3', expected WIDTHxHEIGHT"));
  EXPECT_TRUE(contains(error_of("9x9 local:3x3:relu:fild=3"), "local:WxH:ACTIVATION[:field=5]"));
  EXPECT_TRUE(contains(error_of("9x9 local:3x3:relu:field=3:field=4"), "'field=4'"));
}

TEST(Spec, HostileSpecsAreCutShortAndRefused) {
  EXPECT_LT(error_of(std::string(1'000'000, 'x')).size(), 300u);
  EXPECT_LT(error_of("4 " + std::string(1'000'000, 'y')).size(), 300u);
  EXPECT_TRUE(contains(error_of("99999999999999999999 dense:2:relu"), "word 1"));
  EXPECT_TRUE(contains(error_of("4 dense:99999999999999999999:relu"), "units"));
}

TEST(Spec, ImpossibleShapesAreRefusedBeforeTheyCostMemory) {
  // Products that overflow 64 bits or fill any machine's memory.
  for (const char* spec :
       {"2000000000x2000000000 dense:2000000000:relu", "2000000000 dense:2000000000:relu",
        "4 dense:2000000000:relu dense:2000000000:relu",
        "2000000000x2000000000 local:2000000000x2000000000:relu"})
    EXPECT_NE(error_of(spec), "") << spec;
  EXPECT_TRUE(contains(error_of("16000000 dense:100:relu"), "expected at most 268435456"));
  std::string long_spec = "1";
  for (int i = 0; i < 100'000; ++i) long_spec += " dense:1:relu";
  EXPECT_TRUE(contains(error_of(long_spec), "100000 layers, expected at most 4096"));
  EXPECT_NE(error_of("28x28 local:2x2:relu dense:10:softmax"), "");  // windows would skip inputs
  EXPECT_NE(error_of("784 local:2x2:relu"), "");                     // no grid to look at
  EXPECT_NE(error_of("3x3 local:2x2:relu:field=4"), "");             // window larger than the input
}

}  // namespace
}  // namespace paragon
