// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/gemm/gemm.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include <paragon/error.hpp>

#include "cpu/gemm_problem.hpp"

namespace paragon::cpu {
namespace {

class GemmTest : public testing::TestWithParam<Target> {
 protected:
  void SetUp() override { force_target(GetParam()); }
  void TearDown() override { force_target(available_targets().back()); }
};

template <class T>
void check_dimensions(Dimensions size, size_t slack, const std::vector<int>& thread_counts,
                      bool spawn) {
  for (const bool a_transposed : {false, true}) {
    for (const bool b_transposed : {false, true}) {
      const auto seed = static_cast<uint32_t>(size.m * 31 + size.n * 7 + size.k);
      const Problem<T> problem(size, a_transposed, b_transposed, slack, seed);
      const auto plain = problem.compute(false, 1, false);
      ASSERT_TRUE(same_bits(plain, problem.expected())) << problem.name();
      EXPECT_TRUE(same_bits(plain, problem.compute(true, 1, a_transposed))) << problem.name();
      if (b_transposed) {
        EXPECT_TRUE(same_bits(plain, problem.compute(false, 1, true))) << problem.name();
      }
      for (const int threads : thread_counts) {
        for (const bool b_packed : {false, true}) {
          const bool epilogue = (threads % 2 == 0) == b_packed;
          EXPECT_TRUE(same_bits(plain, problem.compute(b_packed, threads, epilogue, spawn)))
              << problem.name() << " threads " << threads << (b_packed ? " packed" : "")
              << (epilogue ? " epilogue" : "");
        }
      }
    }
  }
}

// Sanitizers and unoptimised builds are many times slower: they see a part of the cases.
#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kStep = 9;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr size_t kStep = 9;
#else
constexpr size_t kStep = 1;
#endif
#else
constexpr size_t kStep = 1;
#endif

template <class T>
void check_small() {
  constexpr std::array<size_t, 12> kSizes = {0, 1, 2, 3, 15, 16, 17, 31, 33, 64, 65, 100};
  size_t count = 0;
  for (const size_t m : kSizes) {
    for (const size_t n : kSizes) {
      for (const size_t k : kSizes) {
        // A third of the cases for each type, not the same ones.
        const auto type = static_cast<size_t>(GemmTraits<T>::kType);
        if (m * n * k > 40000 || (++count + type) % (3 * kStep) != 0) continue;
        check_dimensions<T>({m, n, k}, count / 3 % 3 * 2, {}, false);
      }
    }
  }
}

template <class T>
void check_threads() {
  std::vector<Dimensions> sizes = {{64, 10, 256},  {64, 256, 10},  {1, 1000, 33}, {29, 65, 301},
                                   {13, 1090, 70}, {150, 300, 29}, {3, 5, 20000}};
  if (kStep == 1) {
    sizes.insert(sizes.end(), {{64, 256, 784},
                               {784, 256, 64},
                               {256, 10, 64},
                               {1, 1024, 784},
                               {2, 130, 3000},
                               {100, 33, 4100},
                               {150, 300, 129},
                               {29, 65, 3001}});
  }
  for (const Dimensions size : sizes) check_dimensions<T>(size, 1, {2, 3, 8}, false);
}

TEST_P(GemmTest, SmallShapes) {
  for_each_type([]<class T>(T*) { check_small<T>(); });
}
TEST_P(GemmTest, AnyThreadCount) {
  for_each_type([]<class T>(T*) { check_threads<T>(); });
}
TEST_P(GemmTest, ConcurrentThreads) {
  for_each_type([]<class T>(T*) { check_dimensions<T>({64, 256, 784}, 0, {2, 3}, true); });
}

TEST_P(GemmTest, ScratchIsBoundedAndPartitionsAreSane) {
  for_each_type([]<class T>(T*) {
    constexpr GemmType kType = GemmTraits<T>::kType;
    // A weight gradient: threads that shared its rows would update the same rows of weights.
    EXPECT_EQ(
        plan_gemm({.type = kType, .m = 784, .n = 256, .k = 64, .a_transposed = true}, 2).threads_m,
        size_t{2});
    const GemmPlan tiny = plan_gemm({.type = kType, .m = 1, .n = 4, .k = 4}, 8);
    EXPECT_EQ(tiny.threads, 1);
    EXPECT_LT(tiny.scratch_bytes_per_thread, size_t{4096});
    for (const Dimensions size :
         {Dimensions{64, 256, 784}, Dimensions{2048, 2048, 2048}, Dimensions{7, 100000, 3},
          Dimensions{100000, 7, 3}, Dimensions{5, 5, 1000000}}) {
      const GemmPlan plan = plan_gemm({.type = kType, .m = size.m, .n = size.n, .k = size.k}, 6);
      EXPECT_GT(plan.threads, 1);
      EXPECT_LE(plan.threads, 6);
      EXPECT_EQ(static_cast<size_t>(plan.threads), plan.threads_m * plan.threads_n);
      EXPECT_LT(plan.scratch_bytes_per_thread, size_t{16} << 20);
    }
  });
}

TEST_P(GemmTest, PackedBIsTheSameForAllRowsAndThreads) {
  for_each_type([]<class T>(T*) {
    constexpr size_t kColumns = 130, kDepth = 77;
    std::vector<T> b(kColumns * kDepth);
    for (size_t i = 0; i < b.size(); ++i) b[i] = static_cast<T>(i % 101);
    std::vector<std::vector<std::byte>> packed;
    for (const size_t m : {size_t{1}, size_t{300}}) {
      const GemmPlan plan = plan_gemm({.type = GemmTraits<T>::kType,
                                       .m = m,
                                       .n = kColumns,
                                       .k = kDepth,
                                       .b_packed = true,
                                       .shift = m == 1 ? 0 : 3},
                                      m == 1 ? 1 : 4);
      const Guarded<std::byte> out(plan.packed_b_bytes);
      out.fill(std::byte{0});
      pack_b(plan, b.data(), kColumns, out.data());
      packed.emplace_back(out.data(), out.data() + out.size());
    }
    EXPECT_EQ(packed[0], packed[1]);
  });
}

TEST_P(GemmTest, ElementDoesNotDependOnItsTile) {
  // One row alone gives the bits that it has as part of a large product.
  for_each_type([]<class T>(T*) {
    using Acc = typename GemmTraits<T>::Acc;
    const Problem<T> large({100, 100, 300}, false, false, 0, 5);
    GemmShape shape = large.shape();
    shape.m = 1;
    const GemmPlan plan = plan_gemm(shape, 1);
    const Guarded<std::byte> scratch(plan.scratch_bytes_per_thread);
    std::vector<Acc> row(100);
    for (const size_t i : {size_t{0}, size_t{57}, size_t{99}}) {
      run_gemm(plan, 0, large.a() + i * 300, 300, large.b(), 100, row.data(), 100, {},
               scratch.data());
      EXPECT_EQ(std::memcmp(row.data(), large.expected().data() + i * 100, 100 * sizeof(Acc)), 0);
    }
  });
}

TEST_P(GemmTest, ExtremesOfIntegers) {
  for_each_type([]<class T>(T*) {
    if constexpr (std::is_integral_v<T>) {
      // The wide ones as deep as promised.
      constexpr size_t kSize = 20, kDepth = sizeof(T) == 1 ? 3001 : 65536;
      constexpr auto kLow = static_cast<T>(-GemmTraits<T>::kLargest);
      constexpr auto kHigh = static_cast<T>(sizeof(T) == 1 ? 127 : GemmTraits<T>::kLargest);
      constexpr int kShift = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 16 : 33;
      for (const T left : {kLow, kHigh}) {
        for (const T right : {kLow, kHigh}) {
          std::vector<T> a(kSize * kDepth, left), b(kDepth * kSize, right);
          std::vector<int32_t> c(kSize * kSize);
          const GemmPlan plan = plan_gemm(
              {.type = GemmTraits<T>::kType, .m = kSize, .n = kSize, .k = kDepth, .shift = kShift},
              1);
          const Guarded<std::byte> scratch(plan.scratch_bytes_per_thread);
          run_gemm(plan, 0, a.data(), kDepth, b.data(), kSize, c.data(), kSize, {}, scratch.data());
          const int64_t sum = int64_t{left} * right * static_cast<int64_t>(kDepth);
          const auto expected = static_cast<int32_t>(fixed::round_shift(sum, kShift));
          EXPECT_EQ(std::count(c.begin(), c.end(), expected),
                    static_cast<std::ptrdiff_t>(c.size()));
        }
      }
    }
  });
}

/// A product whose operands are all the same, but for the sign of every `period`-th k of A.
template <class T>
void check_constant(T left, T right, size_t depth, size_t period) {
  constexpr size_t kRows = 3, kColumns = 40;
  std::vector<T> a(kRows * depth, left), b(depth * kColumns, right);
  int64_t sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (i % depth % period == period - 1) a[i] = static_cast<T>(-a[i]);
    if (i < depth) sum += int64_t{a[i]} * right;
  }
  const int shift = std::max(fixed::bit_length(fixed::magnitude(sum)) - 29, 0);
  const GemmPlan plan = plan_gemm(
      {.type = GemmTraits<T>::kType, .m = kRows, .n = kColumns, .k = depth, .shift = shift}, 1);
  const Guarded<std::byte> scratch(plan.scratch_bytes_per_thread);
  std::vector<int32_t> c(kRows * kColumns);
  run_gemm(plan, 0, a.data(), depth, b.data(), kColumns, c.data(), kColumns, {}, scratch.data());
  const auto expected = static_cast<int32_t>(fixed::round_shift(sum, shift));
  EXPECT_EQ(std::count(c.begin(), c.end(), expected), static_cast<std::ptrdiff_t>(c.size()))
      << target_name(active_target()) << ": " << left << " * " << right << ", k " << depth;
}

TEST_P(GemmTest, DigitsAtTheirLimitsAroundTheBorderOfABlock) {
  // The largest operands, and those with the largest digits and sums of digits.
  const auto check = []<class T>(const std::vector<T>& values) {
    for (const size_t depth : {1, 2, 127, 128, 129, 255, 256, 257, 511, 512, 513, 1023, 1025})
      for (const T left : values)
        for (const T right : values)
          for (const size_t period : {size_t{1} << 20, size_t{7}})
            check_constant<T>(left, right, depth, period);
  };
  check(std::vector<int16_t>{32639, -32639, 32384, -32384, 128, -128});
  check(std::vector<int32_t>{8355711, -8355711, 2039 * 4096 + 2047, -2039 * 4096 - 2048, 2048,
                             -2048, 2047});
}

template <class T>
void check_rounding() {
  // One product each, so that every remainder of a small shift occurs, halves of both signs too.
  constexpr size_t kSize = 64;
  std::vector<T> a(kSize), b(kSize);
  for (size_t i = 0; i < kSize; ++i) {
    a[i] = static_cast<T>(static_cast<int>(i) - 32);
    b[i] = static_cast<T>(i);
  }
  for (const int shift : {0, 1, 2, 7, 8, 9, 31, 32, 33, 40}) {
    const GemmPlan plan = plan_gemm(
        {.type = GemmTraits<T>::kType, .m = kSize, .n = kSize, .k = 1, .shift = shift}, 1);
    const Guarded<std::byte> scratch(plan.scratch_bytes_per_thread);
    std::vector<int32_t> c(kSize * kSize);
    run_gemm(plan, 0, a.data(), 1, b.data(), kSize, c.data(), kSize, {}, scratch.data());
    for (size_t i = 0; i < kSize; ++i)
      for (size_t j = 0; j < kSize; ++j)
        ASSERT_EQ(c[i * kSize + j], fixed::round_shift(int64_t{a[i]} * b[j], shift))
            << a[i] << " * " << b[j] << " >> " << shift;
  }
}

TEST_P(GemmTest, RoundsHalvesAwayFromZero) {
  check_rounding<int16_t>();
  check_rounding<int32_t>();
}

TEST_P(GemmTest, RefusesImpossibleShifts) {
  for (const int shift : {-1, 41})
    EXPECT_THROW(plan_gemm({.type = GemmType::kInt16, .m = 1, .n = 1, .k = 1, .shift = shift}, 1),
                 Error);
}

INSTANTIATE_TEST_SUITE_P(Targets, GemmTest, testing::ValuesIn(available_targets()),
                         [](const auto& of) { return std::string(target_name(of.param)); });

}  // namespace
}  // namespace paragon::cpu
