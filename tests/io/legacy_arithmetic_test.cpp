// SPDX-License-Identifier: Apache-2.0
#include "io/legacy/arithmetic.hpp"

#include <gtest/gtest.h>

namespace paragon::io::legacy {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// What a program of Go 1.26 on amd64 printed for T(value).
TEST(LegacyArithmetic, ConvertsAsGoDoesOnAmd64) {
  struct Row {
    double value;
    int8_t i8;
    int16_t i16;
    int32_t i32;
    int64_t i64;
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
  };
  constexpr int32_t kLow32 = std::numeric_limits<int32_t>::min();
  constexpr int64_t kLow64 = std::numeric_limits<int64_t>::min();
  constexpr uint64_t kHalf = uint64_t{1} << 63;
  const Row rows[] = {
      {-0.5, 0, 0, 0, 0, 0, 0, 0, 0},
      {-1.5, -1, -1, -1, -1, 255, 65535, 4294967295u, 18446744073709551615u},
      {300.7, 44, 300, 300, 300, 44, 300, 300, 300},
      {-300.7, -44, -300, -300, -300, 212, 65236, 4294966996u, 18446744073709551316u},
      {128, -128, 128, 128, 128, 128, 128, 128, 128},
      {255.9, -1, 255, 255, 255, 255, 255, 255, 255},
      {70000, 112, 4464, 70000, 70000, 112, 4464, 70000, 70000},
      {-70000, -112, -4464, -70000, -70000, 144, 61072, 4294897296u, 18446744073709481616u},
      {2147483647.5, -1, -1, 2147483647, 2147483647, 255, 65535, 2147483647, 2147483647},
      {2147483648.0, 0, 0, kLow32, 2147483648, 0, 0, 2147483648u, 2147483648u},
      {-2147483648.9, 0, 0, kLow32, -2147483648, 0, 0, 2147483648u, 18446744071562067968u},
      {-2147483649.0, 0, 0, kLow32, -2147483649, 0, 0, 2147483647u, 18446744071562067967u},
      {4294967296.0, 0, 0, kLow32, 4294967296, 0, 0, 0, 4294967296u},
      {1e10, 0, 0, kLow32, 10000000000, 0, 0, 1410065408u, 10000000000u},
      {9.223372036854775e+18, 0, 0, kLow32, 9223372036854774784, 0, 0, 4294966272u,
       9223372036854774784u},
      {0x1p63, 0, 0, kLow32, kLow64, 0, 0, 0, kHalf},
      {-0x1p63, 0, 0, kLow32, kLow64, 0, 0, 0, kHalf},
      {-9.3e18, 0, 0, kLow32, kLow64, 0, 0, 0, kHalf},
      {1.844674407370955e+19, 0, 0, kLow32, kLow64, 0, 0, 0, 18446744073709549568u},
      {0x1p64, 0, 0, kLow32, kLow64, 0, 0, 0, kHalf},
      {1e300, 0, 0, kLow32, kLow64, 0, 0, 0, kHalf},
      {kInfinity, 0, 0, kLow32, kLow64, 0, 0, 0, kHalf},
      {-kInfinity, 0, 0, kLow32, kLow64, 0, 0, 0, kHalf},
      {kNan, 0, 0, kLow32, kLow64, 0, 0, 0, kHalf}};
  for (const Row& row : rows) {
    EXPECT_EQ(convert<int8_t>(row.value), row.i8) << row.value;
    EXPECT_EQ(convert<int16_t>(row.value), row.i16) << row.value;
    EXPECT_EQ(convert<int32_t>(row.value), row.i32) << row.value;
    EXPECT_EQ(convert<int64_t>(row.value), row.i64) << row.value;
    EXPECT_EQ(convert<uint8_t>(row.value), row.u8) << row.value;
    EXPECT_EQ(convert<uint16_t>(row.value), row.u16) << row.value;
    EXPECT_EQ(convert<uint32_t>(row.value), row.u32) << row.value;
    EXPECT_EQ(convert<uint64_t>(row.value), row.u64) << row.value;
  }
  EXPECT_EQ(convert<float>(0.1), 0.1f);
}

TEST(LegacyArithmetic, WholeNumbersWrapAround) {
  EXPECT_EQ(multiply<int8_t>(100, 3), 44);
  EXPECT_EQ(add<int8_t>(127, 1), -128);
  EXPECT_EQ(multiply<uint16_t>(65535, 65535), 1);
  EXPECT_EQ(multiply<int32_t>(65536, 65536), 0);
  EXPECT_EQ(add<uint32_t>(4294967295u, 2), 1u);
  EXPECT_EQ(multiply<int64_t>(std::numeric_limits<int64_t>::min(), -1),
            std::numeric_limits<int64_t>::min());
  EXPECT_EQ(multiply<uint64_t>(uint64_t{1} << 63, 3), uint64_t{1} << 63);
}

template <class T>
T act(std::string_view name, T x) {
  return activate(activation_named(name), x);
}

TEST(LegacyArithmetic, ActivationsOfFloatingPoint) {
  EXPECT_EQ(act("relu", -2.0f), 0);
  EXPECT_EQ(act("leaky_relu", -2.0f), static_cast<float>(0.01 * -2.0));
  EXPECT_EQ(act("leaky_relu", 3.0), 3);
  EXPECT_DOUBLE_EQ(act("elu", -1.0), std::exp(-1.0) - 1);
  EXPECT_DOUBLE_EQ(act("elu", -50.0), std::exp(-10.0) - 1);
  EXPECT_TRUE(std::isnan(act("elu", kNan)));
  EXPECT_EQ(act("elu", 0.0), 0);
  EXPECT_DOUBLE_EQ(act("sigmoid", 1.0), 1 / (1 + std::exp(-1.0)));
  for (const char* name : {"linear", "softmax", "swish", "gelu", "Relu", "", "anything"})
    EXPECT_EQ(act(name, -1.5), -1.5) << name;
}

TEST(LegacyArithmetic, TanhIsARationalFunction) {
  for (const auto& [x, y] : {std::pair{0.125f, 0.125f},
                             {-0.125f, -0.125f},
                             {1.5f, 1.0f},
                             {-1.5f, -1.0f},
                             {0.5f, 0.0f},
                             {0.25f, 1 - 2 / 1.5f},
                             {-0.25f, 2 / 1.5f - 1},
                             {1.0f, 1 - 2 / 3.0f}})
    EXPECT_EQ(act("tanh", x), y) << x;
  EXPECT_EQ(act("tanh", 0.75), static_cast<double>(1 - 2 / 2.5f));  // float64 takes this way, too
  EXPECT_EQ(act<int16_t>("tanh", 300), 1);
  EXPECT_EQ(act<int16_t>("tanh", -300), -1);
  for (const int small : {-1, 0, 1}) EXPECT_EQ(act<int32_t>("tanh", small), 0);
}

TEST(LegacyArithmetic, ActivationsOfWholeNumbers) {
  EXPECT_EQ(act<int8_t>("relu", -5), 0);
  EXPECT_EQ(act<uint8_t>("relu", 200), 200);
  EXPECT_EQ(act<int16_t>("leaky_relu", -250), -2);
  EXPECT_EQ(act<int16_t>("leaky_relu", -99), -1);  // 0 becomes -1
  EXPECT_EQ(act<int16_t>("leaky_relu", 0), 0);
  EXPECT_EQ(act<uint64_t>("leaky_relu", ~uint64_t{0}), ~uint64_t{0});  // counts as -1
  EXPECT_EQ(act<int8_t>("elu", -5), -2);
  EXPECT_EQ(act<int8_t>("elu", -1), 0);
  EXPECT_EQ(act<int8_t>("elu", -127), -127);
  EXPECT_EQ(act<int8_t>("elu", -128), -127);
  EXPECT_EQ(act<int64_t>("elu", -5'000'000'000), -2147483647);
  EXPECT_EQ(act<uint64_t>("elu", uint64_t{1} << 63), static_cast<uint64_t>(-4294967295));
  EXPECT_EQ(act<int8_t>("sigmoid", 0), 64);  // 63.5, half away from zero
  EXPECT_EQ(act<int8_t>("sigmoid", 127), 93);
  EXPECT_EQ(act<int64_t>("sigmoid", std::numeric_limits<int64_t>::max()), 2147483647);
  EXPECT_EQ(act<int64_t>("sigmoid", std::numeric_limits<int64_t>::min()), 0);
  EXPECT_EQ(act<uint32_t>("sigmoid", 0), 2147483648u);
}

TEST(LegacyArithmetic, WhatStandsForOne) {
  EXPECT_EQ(unit<int8_t>(), 127);
  EXPECT_EQ(unit<uint16_t>(), 65535);
  EXPECT_EQ(unit<int64_t>(), 2147483647);
  EXPECT_EQ(unit<uint64_t>(), 4294967295);
  EXPECT_EQ(unit<float>(), 1);
}

}  // namespace
}  // namespace paragon::io::legacy
