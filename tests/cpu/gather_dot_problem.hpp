// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tables, operands and results by plain loops, for the tests of the indexed contraction.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "backends/cpu/gather_dot/gather_dot.hpp"
#include "core/fixed_point.hpp"
#include "cpu/gemm_problem.hpp"

namespace paragon::cpu {

struct Table {
  std::string name;
  size_t units = 0, taps = 0, features = 0;
  std::vector<int32_t> index;
};

/// A `side` x `side` grid of neurons with a 5 x 5 window each on an `in` x `in` grid.
inline Table window_table(size_t in, size_t side) {
  Table table{
      .name = "windows", .units = side * side, .taps = 25, .features = in * in, .index = {}};
  for (size_t n = 0; n < table.units; ++n) {
    const size_t top = (n / side) * (in - 5) / (side - 1),
                 left = (n % side) * (in - 5) / (side - 1);
    for (size_t t = 0; t < 25; ++t) {
      table.index.push_back(static_cast<int32_t>((top + t / 5) * in + left + t % 5));
    }
  }
  return table;
}

inline Table random_table(std::string name, size_t units, size_t taps, size_t features,
                          int gaps_percent) {
  std::mt19937 random(static_cast<unsigned>(units * 31 + taps));
  Table table{
      .name = std::move(name), .units = units, .taps = taps, .features = features, .index = {}};
  for (size_t i = 0; i < units * taps; ++i) {
    const bool gap = static_cast<int>(random() % 100) < gaps_percent;
    table.index.push_back(gap ? -1 : static_cast<int32_t>(random() % features));
  }
  return table;
}

inline std::vector<Table> tables() {
  std::vector<Table> all;
  all.push_back(window_table(10, 4));
  all.push_back(random_table("repeats", 13, 37, 11, 0));
  all.push_back(random_table("gaps", 9, 19, 40, 40));  // leaves features that nobody reads
  all.push_back(random_table("one tap", 21, 1, 8, 0));
  all.push_back(random_table("one unit", 1, 70, 30, 10));
  all.push_back(random_table("long sums", 2, 1100, 9, 2));
  all.push_back({.name = "one feature",
                 .units = 3,
                 .taps = 2,
                 .features = 1,
                 .index = {0, -1, -1, -1, 0, 0}});
  return all;
}

inline constexpr GatherDotOp kOps[] = {GatherDotOp::kForward, GatherDotOp::kWeightGradient,
                                       GatherDotOp::kInputGradient};

/// Integers are extremes every fourth time: products must neither saturate nor lose a carry.
template <class T>
std::vector<T> random_values(size_t n, unsigned seed) {
  std::mt19937 random(seed);
  const Guarded<T> values(n);
  randomise(values, random);
  return {values.data(), values.data() + n};
}

/// A sum of products; integers exactly, floating point nearly so and with the sum of |a b|.
template <class T>
struct Sum {
  using Value = std::conditional_t<std::is_floating_point_v<T>, long double, int64_t>;
  Value value = 0, magnitude = 0;
  size_t terms = 0;

  void add(T a, T b) {
    const Value product = static_cast<Value>(a) * static_cast<Value>(b);
    value += product;
    magnitude += product < 0 ? -product : product;
    ++terms;
  }
};

template <class T>
std::vector<Sum<T>> plain(const Table& table, GatherDotOp op, size_t batch, const std::vector<T>& a,
                          const std::vector<T>& b) {
  const size_t rows = op == GatherDotOp::kInputGradient ? table.features : table.units;
  const size_t cols = op == GatherDotOp::kWeightGradient ? table.taps : batch;
  std::vector<Sum<T>> sums(rows * cols);
  for (size_t n = 0; n < table.units; ++n) {
    for (size_t t = 0; t < table.taps; ++t) {
      const size_t entry = n * table.taps + t;
      if (table.index[entry] < 0) continue;
      const auto f = static_cast<size_t>(table.index[entry]);
      for (size_t i = 0; i < batch; ++i) {
        switch (op) {
          case GatherDotOp::kForward:
            sums[n * batch + i].add(a[entry], b[f * batch + i]);
            break;
          case GatherDotOp::kWeightGradient:
            sums[entry].add(a[n * batch + i], b[f * batch + i]);
            break;
          case GatherDotOp::kInputGradient:
            sums[f * batch + i].add(a[entry], b[n * batch + i]);
            break;
        }
      }
    }
  }
  return sums;
}

/// The least shift that makes all results fit.
template <class T>
int shift_of(const std::vector<Sum<T>>& sums) {
  uint64_t bits = 0;
  if constexpr (std::is_integral_v<T> && sizeof(T) > 1) {
    for (const Sum<T>& sum : sums) bits |= fixed::magnitude(sum.value);
  }
  return std::max(fixed::bit_length(bits) - 29, 0);
}

inline constexpr size_t kGuard = 64;
inline constexpr unsigned char kGuardByte = 0xa5;

/// What the epilogue sees: it copies strips to `out` and then spoils them, as it may.
template <class Acc>
struct Copy {
  Acc* out;
  size_t rows, cols;

  static void run(void* context, const GemmStrip& strip) {
    const Copy& copy = *static_cast<const Copy*>(context);
    Acc* acc = static_cast<Acc*>(strip.acc);
    ASSERT_EQ(strip.acc_stride * sizeof(Acc) % 64, 0U);
    ASSERT_EQ(reinterpret_cast<uintptr_t>(acc) % 64, 0U);
    ASSERT_LE(strip.row + strip.rows, copy.rows);
    ASSERT_LE(strip.col + strip.cols, copy.cols);
    for (size_t r = 0; r < strip.rows; ++r) {
      for (size_t c = 0; c < strip.cols; ++c) {
        copy.out[(strip.row + r) * copy.cols + strip.col + c] = acc[r * strip.acc_stride + c];
        acc[r * strip.acc_stride + c] = Acc{-1};
      }
    }
  }
};

/// Runs a plan on its threads. Operands have no byte to spare, so that the address sanitizer sees a
/// read past them; results and scratch are guarded.
template <class T>
auto run(const GatherDotPlan& plan, const std::vector<T>& a, const std::vector<T>& b,
         bool with_epilogue) {
  using Acc = typename GemmTraits<T>::Acc;
  constexpr auto kUntouched = static_cast<Acc>(1234567);
  const size_t size = plan.rows * plan.cols;
  std::vector<Acc> out(size + kGuard, kUntouched);
  Copy<Acc> copy{.out = out.data(), .rows = plan.rows, .cols = plan.cols};
  const GemmEpilogue epilogue =
      with_epilogue ? GemmEpilogue{.run = &Copy<Acc>::run, .context = &copy} : GemmEpilogue{};
  const auto work = [&](int thread) {
    const size_t bytes = plan.scratch_bytes_per_thread + kGuard;
    auto* scratch = static_cast<unsigned char*>(std::aligned_alloc(64, bytes));
    std::memset(scratch, kGuardByte, bytes);
    run_gather_dot(plan, thread, a.data(), b.data(), with_epilogue ? nullptr : out.data(), epilogue,
                   scratch);
    for (size_t i = plan.scratch_bytes_per_thread; i < bytes; ++i) {
      EXPECT_EQ(scratch[i], kGuardByte) << "scratch overrun";
    }
    std::free(scratch);
  };
  std::vector<std::thread> team;
  for (int thread = 1; thread < plan.threads; ++thread) team.emplace_back(work, thread);
  work(0);
  for (std::thread& member : team) member.join();
  for (size_t i = size; i < out.size(); ++i) EXPECT_EQ(out[i], kUntouched) << "result overrun";
  out.resize(size);
  return out;
}

/// A plan with exactly `threads` threads, however small the product: cuts the rows evenly.
inline GatherDotPlan with_threads(GatherDotPlan plan, int threads) {
  plan.threads = threads;
  plan.thread_row.clear();
  for (int i = 0; i <= threads; ++i) {
    plan.thread_row.push_back(plan.rows * static_cast<size_t>(i) / static_cast<size_t>(threads));
  }
  return plan;
}

template <class T>
void check(const std::vector<typename GemmTraits<T>::Acc>& got, const std::vector<Sum<T>>& expected,
           int shift, const std::string& what) {
  ASSERT_EQ(got.size(), expected.size()) << what;
  for (size_t i = 0; i < got.size(); ++i) {
    if constexpr (std::is_integral_v<T>) {
      ASSERT_EQ(got[i], fixed::round_shift(expected[i].value, shift)) << what << " at " << i;
    } else {
      const long double bound = static_cast<long double>(expected[i].terms) *
                                expected[i].magnitude * std::numeric_limits<T>::epsilon();
      ASSERT_LE(std::abs(static_cast<long double>(got[i]) - expected[i].value), bound)
          << what << " at " << i << ": " << got[i] << " for " << expected[i].value;
    }
  }
}

template <class T>
GatherDotShape shape_of(const Table& table, GatherDotOp op, size_t batch, int shift) {
  return {.op = op,
          .type = GemmTraits<T>::kType,
          .units = table.units,
          .taps = table.taps,
          .features = table.features,
          .batch = batch,
          .shift = shift};
}

}  // namespace paragon::cpu
