// SPDX-License-Identifier: Apache-2.0
// Scores of rows by a function of the user, on both devices that run on the host.
#include "runtime/host_score.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

#include "graph_runner.hpp"
#include "raises.hpp"

namespace paragon {
namespace {

using ir::NodeId;
using ir::Op;
using testing::GraphMaker;
using testing::GraphRunner;

double sum_of(std::span<const float> row) {
  double sum = 0;
  for (const float value : row) sum += value;
  return sum;
}

TEST(HostScore, SeesTheValuesOfEachRow) {
  for (const char* device : {"ref", "cpu"})
    for (const DType type : {DType::float32, DType::float64, DType::int32}) {
      SCOPED_TRACE(std::string(device) + " " + std::string(name(type)));
      GraphMaker maker;
      const NodeId x = maker.input("x", type, {3, 4});
      const NodeId exponent = maker.input("exponent", DType::int32, {});
      const auto function = std::make_shared<const ir::HostFunction>(sum_of);
      maker.output("y", maker.graph.make(Op::host_score, {x, exponent}, {.function = function}));
      maker.finish();
      GraphRunner runner(maker.graph, device, 3);
      const bool fixed = type == DType::int32;
      runner.set("x", testing::filled(type, {3, 4}, {1, 2, 3, 4, -8, 0, 0, 1, 5, 5, 5, 5}));
      runner.set("exponent", testing::filled(DType::int32, {}, {fixed ? -2.0 : 0.0}));
      for (int run = 0; run < 2; ++run) runner.run();
      const double unit = fixed ? 65536 / 4.0 : 1;  // Q16 of quarters
      for (const auto& [row, sum] : {std::pair<size_t, double>{0, 10}, {1, -7}, {2, 20}})
        EXPECT_EQ(testing::element(runner.get("y"), row), sum * unit);
    }
}

TEST(HostScore, FixedScoresAreClippedAndNeverUndefined) {
  const auto score = [](double value) {
    const int32_t x = 0;
    int32_t result = 1;
    runtime::host_score([value](std::span<const float>) { return value; }, DType::int32,
                        reinterpret_cast<const std::byte*>(&x), 1, 1, 0,
                        reinterpret_cast<std::byte*>(&result));
    return result;
  };
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr int32_t kLimit = (1 << 30) - 1;
  EXPECT_EQ(score(1.5), 98304);
  EXPECT_EQ(score(-0.5 / 65536), -1) << "halves go away from zero";
  EXPECT_EQ(score(1e300), kLimit);
  EXPECT_EQ(score(kInfinity), kLimit);
  EXPECT_EQ(score(-kInfinity), -kLimit);
  EXPECT_EQ(score(std::nan("")), 0);
  const std::byte bytes[8] = {};
  std::byte result[8];
  EXPECT_TRUE(testing::contains(testing::message_of([&] {
                                  runtime::host_score(sum_of, DType::int64, bytes, 1, 1, 0, result);
                                }),
                                "int64"));
}

// The function may throw in the middle of a phase that a team of threads runs.
TEST(HostScore, WhatTheFunctionThrowsPassesThrough) {
  for (const char* device : {"ref", "cpu"})
    for (const int threads : {1, 3}) {
      GraphMaker maker;
      auto b = maker.b();
      const NodeId x = maker.input("x", DType::float32, {200, 500});
      bool fails = true;
      const NodeId scores = b.host_score(b.exp(x), [&fails](std::span<const float> row) {
        if (fails) throw std::out_of_range("too much");
        return double{row[0]};
      });
      maker.output("y", b.mul(b.exp(x), scores));
      maker.finish();
      GraphRunner runner(maker.graph, device, threads);
      runner.set("x", Tensor(DType::float32, {200, 500}));
      EXPECT_THROW(runner.run(), std::out_of_range);
      fails = false;
      runner.run();
      EXPECT_EQ(testing::element(runner.get("y"), 0), 1) << "usable afterwards";
    }
}

}  // namespace
}  // namespace paragon
