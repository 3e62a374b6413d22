// SPDX-License-Identifier: Apache-2.0
#include "network/values.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "passes/fixed_format.hpp"
#include "raises.hpp"

namespace paragon::detail {
namespace {

using paragon::testing::contains;
using paragon::testing::message_of;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Two inputs, two neurons: a layer "a" of four weights and two biases.
Network network(DType type) {
  Network net({.input = {2}, .type = type});
  net.add(Dense{.units = 2, .name = "a"});
  return net;
}

Parameter& parameter(Network& net, size_t index) {
  return net.state().layers[0].parameters[index];
}

std::vector<double> set(Network& net, size_t index, const std::vector<double>& values) {
  set_values(net.state(), parameter(net, index), values);
  return net.values(index == 0 ? "a.weights" : "a.bias");
}

TEST(SetValues, FloatingPointTakesThemAsTheyAre) {
  Network wide = network(float64), narrow = network(float32);
  const std::vector<double> values = {0.1, -1e-30, 0, 7e30};
  EXPECT_EQ(set(wide, 0, values), values);
  EXPECT_EQ(set(narrow, 0, values),
            (std::vector<double>{double{0.1f}, double{-1e-30f}, 0, double{7e30f}}));
}

TEST(SetValues, FixedPointRoundsToTheMastersUnit) {
  for (const DType type : network_types()) {
    if (is_float(type)) continue;
    const fixed::Format& format = fixed::format_of(type);
    // Headroom of 6 bits above the power of two that covers the largest.
    const int fraction = format.master_bits - fixed::kMasterHeadroom;
    for (const double largest : {0x1p-20, 0.3, 0.5, 1.0, 1.5, 100.0, 1e20}) {
      Network net = network(type);
      const std::vector<double> values = {largest, -largest / 3, largest * 1e-4, 0};
      const std::vector<double> got = set(net, 0, values);
      const int bound = static_cast<int>(std::ceil(std::log2(largest)));
      EXPECT_EQ(parameter(net, 0).exponent, bound - fraction) << name(type) << largest;
      const double half_unit = std::ldexp(0.5, bound - fraction);
      for (size_t i = 0; i < values.size(); ++i)
        EXPECT_NEAR(got[i], values[i], half_unit) << name(type) << largest;
      EXPECT_EQ(got[3], 0);
    }
  }
}

TEST(SetValues, PureWeightsRoundToTheirOwnUnit) {
  for (const DType type : {int8, uint16, int32, int64}) {
    Network net({.input = {2}, .type = type, .storage = "pure"});
    net.add(Dense{.units = 2, .name = "a"});
    const std::vector<double> values = {0.7, -0.2, 0.01, 0.3};
    const std::vector<double> got = set(net, 0, values);
    const fixed::Format& format = fixed::format_of(type);
    EXPECT_EQ(parameter(net, 0).exponent, format.pure_headroom - format.operand_bits);
    EXPECT_EQ(parameter(net, 0).value.type(), format.operand);
    for (size_t i = 0; i < values.size(); ++i)
      EXPECT_NEAR(got[i], values[i], std::ldexp(0.5, parameter(net, 0).exponent)) << name(type);
    EXPECT_EQ(set(net, 1, {0.25, -1}), (std::vector<double>{0.25, -1}));  // biases as always
  }
}

TEST(SetValues, TheViewFollows) {
  // The second largest is above the limit of 127/128 of a power of two, and is not clipped.
  for (const auto& [type, largest] :
       {std::pair{int8, 0.7}, {uint16, 0.7}, {uint16, 0.9999}, {int64, 0.7}, {int64, 0.99999}}) {
    Network net = network(type);
    const std::vector<double> values = {largest, -0.2, 0.01, 0.3};
    set(net, 0, values);
    const Parameter& weights = parameter(net, 0);
    const double unit = std::ldexp(1, weights.view_exponent);
    visit_signed(weights.view, [&]<class V>(std::span<const V> view) {
      for (size_t i = 0; i < values.size(); ++i)
        EXPECT_NEAR(static_cast<double>(view[i]) * unit, values[i], unit / 2);
    });
    // One bit fewer where the bitwise or of all is above the limit.
    const fixed::Format& format = fixed::format_of(type);
    const int bits = format.operand_bits - (format.is_limited() ? 2 : 1);
    EXPECT_GE(largest / unit, std::ldexp(1, bits));
  }
}

TEST(SetValues, BiasesKeepTheirExponentWhileThereIsRoom) {
  Network net = network(int8);
  const int usual = parameter(net, 1).exponent;
  EXPECT_EQ(set(net, 1, {0.25, -1}), (std::vector<double>{0.25, -1}));
  EXPECT_EQ(parameter(net, 1).exponent, usual);
  EXPECT_EQ(set(net, 1, {1000, -3}), (std::vector<double>{1000, -3}));
  EXPECT_EQ(parameter(net, 1).exponent, usual + 10);
  EXPECT_TRUE(parameter(net, 1).view.empty());
}

TEST(SetValues, ZerosAndTheSmallest) {
  Network net = network(int16);
  const int before = parameter(net, 0).exponent;
  EXPECT_EQ(set(net, 0, {0, 0, 0, 0}), (std::vector<double>(4)));
  EXPECT_EQ(parameter(net, 0).exponent, before);
  // Below 2^-31 the unit stays what it is there.
  EXPECT_EQ(set(net, 0, {1e-300, 0x1p-40, 0, 0}), (std::vector<double>{0, 0x1p-40, 0, 0}));
}

TEST(SetValues, RefusesWhatTheTypeCannotHold) {
  const auto refused = [](DType type, std::vector<double> values) {
    Network net = network(type);
    const std::vector<double> before = net.values("a.weights");
    const std::string message = message_of([&] { set(net, 0, values); });
    EXPECT_EQ(net.values("a.weights"), before);
    return message;
  };
  EXPECT_TRUE(contains(refused(float32, {0, 0, 0, 1e39}), "a.weights[3] is 1e+39"));
  EXPECT_TRUE(contains(refused(float64, {kInfinity, 0, 0, 0}), "a.weights[0] is inf"));
  EXPECT_TRUE(contains(refused(int8, {0, std::nan(""), 0, 0}), "a.weights[1] is nan"));
  EXPECT_TRUE(contains(refused(int64, {0, -1e39, 0, 0}), "which is what int64 holds"));
  EXPECT_TRUE(contains(refused(int8, {1, 2}), "a.weights got 2 values, expected 4"));
}

}  // namespace
}  // namespace paragon::detail
