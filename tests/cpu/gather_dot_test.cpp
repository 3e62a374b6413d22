// SPDX-License-Identifier: Apache-2.0
// The indexed contraction against plain loops: exact for integers, within k * eps * sum |a b| in
// floating point.
#include "backends/cpu/gather_dot/gather_dot.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include <paragon/error.hpp>

#include "backends/cpu/target.hpp"
#include "cpu/gather_dot_problem.hpp"

namespace paragon::cpu {
namespace {

template <class T>
class GatherDot : public ::testing::Test {
 protected:
  void TearDown() override { force_target(before_); }

 private:
  Target before_ = active_target();
};

using Types = ::testing::Types<float, double, int8_t, int16_t, int32_t>;
TYPED_TEST_SUITE(GatherDot, Types);

TYPED_TEST(GatherDot, EqualsPlainLoopsForEveryShapeAndThreadCount) {
  using T = TypeParam;
  for (const Table& table : tables()) {
    for (const size_t batch : {1, 2, 15, 16, 17, 31, 33, 63, 64, 65, 100}) {
      const auto w = random_values<T>(table.units * table.taps, 1);
      const auto x = random_values<T>(table.features * batch, 2);
      const auto dy = random_values<T>(table.units * batch, 3);
      for (const GatherDotOp op : kOps) {
        const auto& a = op == GatherDotOp::kWeightGradient ? dy : w;
        const auto& b = op == GatherDotOp::kInputGradient ? dy : x;
        const auto expected = plain(table, op, batch, a, b);
        const int shift = shift_of(expected);
        for (const Target target : available_targets()) {
          force_target(target);
          const std::string what = table.name + ", batch " + std::to_string(batch) + ", op " +
                                   std::to_string(static_cast<int>(op)) + ", " +
                                   std::string(target_name(target));
          const GatherDotPlan plan =
              plan_gather_dot(shape_of<T>(table, op, batch, shift), table.index.data(), 1);
          const auto single = run(plan, a, b, false);
          check<T>(single, expected, shift, what);
          ASSERT_EQ(run(plan, a, b, true), single) << what << ", epilogue";
          for (const int threads : {2, 3, 8}) {
            const GatherDotPlan shared = with_threads(plan, threads);
            ASSERT_EQ(run(shared, a, b, threads == 3), single)
                << what << ", " << threads << " threads";
          }
        }
      }
    }
  }
}

/// Wide enough for several strips, several column panels and the planner's own partition.
TYPED_TEST(GatherDot, LargeProductsUseThreadsStripsAndPanels) {
  using T = TypeParam;
  const Table table = random_table("large", 120, 30, 400, 5);
  const size_t batch = 1000;
  const auto w = random_values<T>(table.units * table.taps, 1);
  const auto x = random_values<T>(table.features * batch, 2);
  const auto dy = random_values<T>(table.units * batch, 3);
  for (const GatherDotOp op : kOps) {
    const auto& a = op == GatherDotOp::kWeightGradient ? dy : w;
    const auto& b = op == GatherDotOp::kInputGradient ? dy : x;
    const auto expected = plain(table, op, batch, a, b);
    const int shift = shift_of(expected);
    for (const Target target : available_targets()) {
      force_target(target);
      std::vector<typename GemmTraits<T>::Acc> single;
      for (const int threads : {1, 2, 3, 8}) {
        const GatherDotPlan plan =
            plan_gather_dot(shape_of<T>(table, op, batch, shift), table.index.data(), threads);
        ASSERT_EQ(plan.threads, threads);
        const auto got = run(plan, a, b, threads == 2);
        if (threads == 1) {
          single = got;
          check<T>(got, expected, shift, std::string(target_name(target)));
        }
        ASSERT_EQ(got, single) << target_name(target) << ", " << threads << " threads";
      }
    }
  }
}

TYPED_TEST(GatherDot, AcceptsZeroSizes) {
  using T = TypeParam;
  const std::vector<int32_t> gaps(6, -1);
  struct Size {
    size_t units, taps, features, batch;
  };
  for (const auto& [units, taps, features, batch] :
       {Size{0, 4, 5, 6}, Size{4, 0, 5, 6}, Size{2, 3, 5, 0}, Size{2, 3, 0, 7}, Size{0, 0, 0, 0}}) {
    const Table table{"zero", units, taps, features, gaps};
    for (const GatherDotOp op : kOps) {
      const GatherDotPlan plan = plan_gather_dot(shape_of<T>(table, op, batch, 0), gaps.data(), 8);
      EXPECT_EQ(plan.threads, 1);
      const size_t a_size = op == GatherDotOp::kWeightGradient ? units * batch : units * taps;
      const size_t b_size = op == GatherDotOp::kInputGradient ? units * batch : features * batch;
      const auto got = run(plan, random_values<T>(a_size, 1), random_values<T>(b_size, 2), false);
      EXPECT_EQ(got, decltype(got)(plan.rows * plan.cols, 0));
    }
  }
}

/// Small products with every shift that has a path of its own: halves of both signs occur.
TYPED_TEST(GatherDot, RoundsHalvesAwayFromZero) {
  using T = TypeParam;
  if constexpr (std::is_integral_v<T> && sizeof(T) > 1) {
    const Table table = random_table("small", 20, 3, 10, 0);
    const size_t batch = 40;
    const auto small = [](size_t n, int step) {
      std::vector<T> values(n);
      for (size_t i = 0; i < n; ++i)
        values[i] = static_cast<T>(static_cast<int>(i) * step % 33 - 16);
      return values;
    };
    const auto w = small(60, 7), x = small(400, 5), dy = small(800, 11);
    for (const GatherDotOp op : kOps) {
      const auto& a = op == GatherDotOp::kWeightGradient ? dy : w;
      const auto& b = op == GatherDotOp::kInputGradient ? dy : x;
      const auto expected = plain(table, op, batch, a, b);
      for (const int shift : {0, 1, 2, 7, 8, 9, 10, 31, 32, 33, 40}) {
        for (const Target target : available_targets()) {
          force_target(target);
          const GatherDotPlan plan =
              plan_gather_dot(shape_of<T>(table, op, batch, shift), table.index.data(), 1);
          check<T>(run(plan, a, b, false), expected, shift,
                   std::string(target_name(target)) + " shift " + std::to_string(shift));
        }
      }
    }
  }
}

/// Sums whose operands are all the largest, as long as the blocks in which digits are summed and
/// about as long.
TYPED_TEST(GatherDot, ExtremesAroundTheBorderOfABlock) {
  using T = TypeParam;
  if constexpr (std::is_integral_v<T>) {
    constexpr auto kHigh =
        static_cast<T>(std::min<int64_t>(GemmTraits<T>::kLargest, std::numeric_limits<T>::max()));
    constexpr auto kLow = static_cast<T>(-GemmTraits<T>::kLargest);
    for (const size_t length : {size_t{511}, size_t{512}, size_t{513}, size_t{1025}}) {
      for (const GatherDotOp op : kOps) {
        // The sums run over taps, over the batch, or over the neurons that read a feature.
        const Table table{"extremes", op == GatherDotOp::kInputGradient ? length : 3,
                          op == GatherDotOp::kForward ? length : 1, 1,
                          std::vector<int32_t>(op == GatherDotOp::kWeightGradient ? 3
                                               : op == GatherDotOp::kForward      ? 3 * length
                                                                                  : length)};
        const size_t batch = op == GatherDotOp::kWeightGradient ? length : 40;
        const size_t a_size =
            table.units * (op == GatherDotOp::kWeightGradient ? batch : table.taps);
        const size_t b_size =
            batch * (op == GatherDotOp::kInputGradient ? table.units : table.features);
        for (const T left : {kLow, kHigh}) {
          for (const T right : {kLow, kHigh}) {
            const std::vector<T> a(a_size, left), b(b_size, right);
            const auto expected = plain(table, op, batch, a, b);
            const int shift = shift_of(expected);
            for (const Target target : available_targets()) {
              force_target(target);
              const GatherDotPlan plan =
                  plan_gather_dot(shape_of<T>(table, op, batch, shift), table.index.data(), 1);
              check<T>(run(plan, a, b, false), expected, shift,
                       std::string(target_name(target)) + ", length " + std::to_string(length) +
                           ", op " + std::to_string(static_cast<int>(op)));
            }
          }
        }
      }
    }
  }
}

TEST(GatherDotPlanner, KeepsSmallProductsOnOneThread) {
  const Table table = window_table(10, 4);
  const auto threads = [&](size_t batch) {
    return plan_gather_dot(shape_of<float>(table, GatherDotOp::kForward, batch, 0),
                           table.index.data(), 8)
        .threads;
  };
  EXPECT_EQ(threads(64), 1);
  EXPECT_EQ(threads(10000), 8);
}

TEST(GatherDotPlanner, RaisesOnBadTables) {
  const auto plan = [](std::vector<int32_t> index, size_t taps) {
    const Table table{"bad", index.size() / taps, taps, 3, index};
    plan_gather_dot(shape_of<int8_t>(table, GatherDotOp::kForward, 4, 0), index.data(), 1);
  };
  EXPECT_NO_THROW(plan({0, 1, 2, -1}, 2));
  EXPECT_THROW(plan({0, 1, 3, -1}, 2), Error);
  EXPECT_THROW(plan({0, 1, -2, 0}, 2), Error);
  EXPECT_THROW(plan(std::vector<int32_t>(200000, 0), 200000), Error);
}

}  // namespace
}  // namespace paragon::cpu
