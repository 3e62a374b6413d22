// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/gemm/gemm.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <paragon/error.hpp>

#include "backends/cpu/target.hpp"

namespace paragon::cpu {
namespace {

/// An array that ends at an unreadable page: one byte too far and the test dies.
template <class T>
class Guarded {
 public:
  explicit Guarded(size_t count) : count_(count) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t body = (count * sizeof(T) + page - 1) / page * page;
    bytes_ = body + page;
    base_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base_ == MAP_FAILED) throw std::bad_alloc();
    auto* start = static_cast<std::byte*>(base_);
    mprotect(start + body, page, PROT_NONE);
    data_ = reinterpret_cast<T*>(start + body - count * sizeof(T));
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  ~Guarded() { munmap(base_, bytes_); }

  T* data() const { return data_; }
  size_t size() const { return count_; }
  T& operator[](size_t i) const { return data_[i]; }
  void fill(T value) const { std::fill(data_, data_ + count_, value); }

 private:
  size_t count_, bytes_;
  void* base_;
  T* data_;
};

template <class T>
struct Types;
template <>
struct Types<float> {
  using Acc = float;
  static constexpr GemmType kType = GemmType::kFloat32;
};
template <>
struct Types<int8_t> {
  using Acc = int32_t;
  static constexpr GemmType kType = GemmType::kInt8;
};

void randomise(const Guarded<float>& to, std::mt19937& rng) {
  std::uniform_real_distribution<float> value(-1.0f, 1.0f);
  for (size_t i = 0; i < to.size(); ++i) to[i] = value(rng);
}

void randomise(const Guarded<int8_t>& to, std::mt19937& rng) {
  for (size_t i = 0; i < to.size(); ++i) {
    const auto bits = rng();
    // Every fourth value is an extreme: int16 pairs and offsets to unsigned must survive them.
    to[i] =
        bits % 4 == 0 ? (bits & 16 ? int8_t{-128} : int8_t{127}) : static_cast<int8_t>(bits >> 8);
  }
}

/// Copies strips to a matrix and notes how often each element came.
template <class Acc>
struct Collector {
  Acc* out;
  size_t n, row_end;
  std::vector<uint8_t> seen;
  int threads;

  static void run(void* context, const GemmStrip& strip) {
    auto& self = *static_cast<Collector*>(context);
    EXPECT_EQ(strip.acc_stride * sizeof(Acc) % 64, 0u);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(strip.acc) % 64, 0u);
    EXPECT_GE(strip.acc_stride, strip.cols);
    EXPECT_LT(strip.thread, self.threads);
    ASSERT_LE(strip.row + strip.rows, self.row_end);
    ASSERT_LE(strip.col + strip.cols, self.n);
    auto* acc = static_cast<Acc*>(strip.acc);
    for (size_t r = 0; r < strip.rows; ++r) {
      for (size_t j = 0; j < strip.cols; ++j) {
        const size_t at = (strip.row + r) * self.n + strip.col + j;
        self.out[at] = acc[r * strip.acc_stride + j];
        ++self.seen[at];
        acc[r * strip.acc_stride + j] = Acc{77};  // strips may be overwritten
      }
    }
  }
};

/// Runs all threads' parts; really concurrent if `spawn`.
void run_all(const GemmPlan& plan, const void* a, size_t lda, const void* b, size_t ldb, void* c,
             size_t ldc, const GemmEpilogue& epilogue, bool spawn) {
  const auto part = [&](int thread) {
    const Guarded<std::byte> scratch(plan.scratch_bytes_per_thread);
    scratch.fill(std::byte{0xC3});
    run_gemm(plan, thread, a, lda, b, ldb, c, ldc, epilogue, scratch.data());
  };
  if (!spawn) {
    for (int thread = 0; thread < plan.threads; ++thread) part(thread);
    return;
  }
  std::vector<std::thread> team;
  for (int thread = 1; thread < plan.threads; ++thread) team.emplace_back(part, thread);
  part(0);
  for (std::thread& member : team) member.join();
}

struct Dimensions {
  size_t m, n, k;
};

/// One product's operands, with rows `slack` elements longer than needed, and its exact result.
template <class T>
class Problem {
 public:
  using Acc = typename Types<T>::Acc;

  Problem(Dimensions size, bool a_transposed, bool b_transposed, size_t slack, uint32_t seed)
      : size_(size),
        lda_((a_transposed ? size.m : size.k) + slack),
        ldb_((b_transposed ? size.k : size.n) + slack),
        ldc_(size.n + slack),
        a_(elements(a_transposed ? size.k : size.m, a_transposed ? size.m : size.k, lda_)),
        b_(elements(b_transposed ? size.n : size.k, b_transposed ? size.k : size.n, ldb_)),
        expected_(size.m * size.n),
        magnitude_(size.m * size.n) {
    shape_ = {.type = Types<T>::kType,
              .m = size.m,
              .n = size.n,
              .k = size.k,
              .a_transposed = a_transposed,
              .b_transposed = b_transposed};
    std::mt19937 rng(seed);
    randomise(a_, rng);
    randomise(b_, rng);
    for (size_t i = 0; i < size.m; ++i) {
      for (size_t p = 0; p < size.k; ++p) {
        const double left = a_[a_transposed ? p * lda_ + i : i * lda_ + p];
        for (size_t j = 0; j < size.n; ++j) {
          const double right = b_[b_transposed ? j * ldb_ + p : p * ldb_ + j];
          expected_[i * size.n + j] += left * right;
          magnitude_[i * size.n + j] += std::abs(left * right);
        }
      }
    }
  }

  /// The product as an m x n matrix, checked for stray writes.
  std::vector<Acc> compute(bool b_packed, int threads, bool epilogue, bool spawn = false) const {
    GemmShape shape = shape_;
    shape.b_packed = b_packed;
    const GemmPlan plan = plan_gemm(shape, threads);
    EXPECT_LE(plan.threads, threads);
    EXPECT_EQ(plan.scratch_bytes_per_thread % 64, 0u);
    const Guarded<std::byte> packed(b_packed ? plan.packed_b_bytes : 0);
    if (b_packed) pack_b(plan, b_.data(), ldb_, packed.data());
    const void* b = b_packed ? static_cast<const void*>(packed.data()) : b_.data();

    std::vector<Acc> result(size_.m * size_.n);
    if (epilogue) {
      Collector<Acc> collector{result.data(), size_.n, size_.m, std::vector<uint8_t>(result.size()),
                               plan.threads};
      run_all(plan, a_.data(), lda_, b, ldb_, nullptr, 0, {&Collector<Acc>::run, &collector},
              spawn);
      EXPECT_EQ(std::count(collector.seen.begin(), collector.seen.end(), 1),
                static_cast<std::ptrdiff_t>(result.size()));
    } else {
      constexpr Acc kUntouched = static_cast<Acc>(12345);
      const Guarded<Acc> c(elements(size_.m, size_.n, ldc_));
      c.fill(kUntouched);
      run_all(plan, a_.data(), lda_, b, ldb_, c.data(), ldc_, {}, spawn);
      size_t stray = 0;
      for (size_t at = 0; at < c.size(); ++at) {
        if (at % ldc_ < size_.n) {
          result[at / ldc_ * size_.n + at % ldc_] = c[at];
        } else {
          stray += c[at] != kUntouched;
        }
      }
      EXPECT_EQ(stray, 0u);
    }
    return result;
  }

  /// Number of elements outside the error bound of a sum of k rounded products (0 for integers).
  size_t wrong(const std::vector<Acc>& result) const {
    constexpr double kEpsilon =
        std::is_same_v<T, float> ? std::numeric_limits<float>::epsilon() / 2.0 : 0.0;
    size_t count = 0;
    for (size_t i = 0; i < result.size(); ++i) {
      const double bound = 1.01 * static_cast<double>(size_.k + 1) * kEpsilon * magnitude_[i];
      count += !(std::abs(static_cast<double>(result[i]) - expected_[i]) <= bound);
    }
    return count;
  }

  const T* a() const { return a_.data(); }
  const T* b() const { return b_.data(); }

  std::string name() const {
    return std::string(target_name(active_target())) + " " + std::to_string(size_.m) + "x" +
           std::to_string(size_.n) + "x" + std::to_string(size_.k) +
           (shape_.a_transposed ? " A^T" : "") + (shape_.b_transposed ? " B^T" : "");
  }

 private:
  static size_t elements(size_t rows, size_t cols, size_t stride) {
    return rows == 0 || cols == 0 ? 0 : (rows - 1) * stride + cols;
  }

  Dimensions size_;
  size_t lda_, ldb_, ldc_;
  Guarded<T> a_, b_;
  std::vector<double> expected_, magnitude_;
  GemmShape shape_;
};

template <class Acc>
bool same_bits(const std::vector<Acc>& x, const std::vector<Acc>& y) {
  return x.size() == y.size() &&
         (x.empty() || std::memcmp(x.data(), y.data(), x.size() * sizeof(Acc)) == 0);
}

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
      ASSERT_EQ(problem.wrong(plain), 0u) << problem.name();
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
        if (m * n * k > 40000 || ++count % kStep != 0) continue;
        check_dimensions<T>({m, n, k}, count % 3 * 2, {}, false);
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

TEST_P(GemmTest, Float32SmallShapes) {
  check_small<float>();
}
TEST_P(GemmTest, Int8SmallShapes) {
  check_small<int8_t>();
}
TEST_P(GemmTest, Float32AnyThreadCount) {
  check_threads<float>();
}
TEST_P(GemmTest, Int8AnyThreadCount) {
  check_threads<int8_t>();
}
TEST_P(GemmTest, ConcurrentThreads) {
  check_dimensions<float>({64, 256, 784}, 0, {2, 3}, true);
  check_dimensions<int8_t>({64, 256, 784}, 0, {2, 3}, true);
}

TEST_P(GemmTest, ScratchIsBoundedAndPartitionsAreSane) {
  for (const GemmType type : {GemmType::kFloat32, GemmType::kInt8}) {
    const GemmPlan tiny = plan_gemm({.type = type, .m = 1, .n = 4, .k = 4}, 8);
    EXPECT_EQ(tiny.threads, 1);
    EXPECT_LT(tiny.scratch_bytes_per_thread, size_t{4096});
    for (const Dimensions size :
         {Dimensions{64, 256, 784}, Dimensions{2048, 2048, 2048}, Dimensions{7, 100000, 3},
          Dimensions{100000, 7, 3}, Dimensions{5, 5, 1000000}}) {
      const GemmPlan plan = plan_gemm({.type = type, .m = size.m, .n = size.n, .k = size.k}, 6);
      EXPECT_GT(plan.threads, 1);
      EXPECT_LE(plan.threads, 6);
      EXPECT_EQ(static_cast<size_t>(plan.threads), plan.threads_m * plan.threads_n);
      EXPECT_LT(plan.scratch_bytes_per_thread, size_t{16} << 20);
    }
  }
}

TEST_P(GemmTest, PackedBIsTheSameForAllRowsAndThreads) {
  for (const GemmType type : {GemmType::kFloat32, GemmType::kInt8}) {
    constexpr size_t kColumns = 130, kDepth = 77;
    std::vector<float> b(kColumns * kDepth);  // read as int8, any bytes will do
    for (size_t i = 0; i < b.size(); ++i) b[i] = static_cast<float>(i % 101);
    std::vector<std::vector<std::byte>> packed;
    for (const size_t m : {size_t{1}, size_t{300}}) {
      const GemmPlan plan = plan_gemm(
          {.type = type, .m = m, .n = kColumns, .k = kDepth, .b_packed = true}, m == 1 ? 1 : 4);
      const Guarded<std::byte> out(plan.packed_b_bytes);
      out.fill(std::byte{0});
      pack_b(plan, b.data(), kColumns, out.data());
      packed.emplace_back(out.data(), out.data() + out.size());
    }
    EXPECT_EQ(packed[0], packed[1]);
  }
}

TEST_P(GemmTest, FloatElementDoesNotDependOnItsTile) {
  // One row alone gives the bits that it has as part of a large product.
  const Problem<float> large({100, 100, 300}, false, false, 0, 5);
  const std::vector<float> whole = large.compute(false, 1, false);
  const GemmPlan plan = plan_gemm({.m = 1, .n = 100, .k = 300}, 1);
  const Guarded<std::byte> scratch(plan.scratch_bytes_per_thread);
  std::vector<float> row(100);
  for (const size_t i : {size_t{0}, size_t{57}, size_t{99}}) {
    run_gemm(plan, 0, large.a() + i * 300, 300, large.b(), 100, row.data(), 100, {},
             scratch.data());
    EXPECT_EQ(std::memcmp(row.data(), whole.data() + i * 100, 100 * sizeof(float)), 0);
  }
}

TEST_P(GemmTest, Int8Extremes) {
  for (const int8_t left : {int8_t{-128}, int8_t{127}}) {
    for (const int8_t right : {int8_t{-128}, int8_t{127}}) {
      constexpr size_t kSize = 40, kDepth = 3001;
      std::vector<int8_t> a(kSize * kDepth, left), b(kDepth * kSize, right);
      std::vector<int32_t> c(kSize * kSize);
      const GemmPlan plan =
          plan_gemm({.type = GemmType::kInt8, .m = kSize, .n = kSize, .k = kDepth}, 1);
      const Guarded<std::byte> scratch(plan.scratch_bytes_per_thread);
      run_gemm(plan, 0, a.data(), kDepth, b.data(), kSize, c.data(), kSize, {}, scratch.data());
      const int32_t expected = left * right * static_cast<int32_t>(kDepth);
      EXPECT_EQ(std::count(c.begin(), c.end(), expected), static_cast<std::ptrdiff_t>(c.size()));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, GemmTest, testing::ValuesIn(available_targets()),
                         [](const auto& of) { return std::string(target_name(of.param)); });

TEST(TargetTest, AvailableTargetsAreOrderedAndNamed) {
  const std::vector<Target>& targets = available_targets();
  ASSERT_FALSE(targets.empty());
  EXPECT_TRUE(std::is_sorted(targets.begin(), targets.end()));
  for (const Target target : targets) {
    force_target(target);
    EXPECT_EQ(active_target(), target);
    EXPECT_FALSE(target_name(target).empty());
  }
  force_target(targets.back());
}

TEST(TargetTest, TargetThatIsNotAvailableIsRefused) {
  const std::vector<Target>& targets = available_targets();
  for (const Target target :
       {Target::kScalar, Target::kAvx2, Target::kAvx512, Target::kAvx512Vnni}) {
    if (std::find(targets.begin(), targets.end(), target) != targets.end()) continue;
    EXPECT_THROW(force_target(target), Error);
  }
  EXPECT_EQ(active_target(), targets.back());
}

// The variable is read once, so each case needs a process of its own.
TEST(TargetDeathTest, EnvironmentChoosesTheTarget) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  for (const Target target : available_targets()) {
    EXPECT_EXIT(
        {
          setenv("PARAGON_SIMD", std::string(target_name(target)).c_str(), 1);
          std::exit(active_target() == target ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
  }
  EXPECT_EXIT(
      {
        setenv("PARAGON_SIMD", "avx51", 1);
        try {
          active_target();
        } catch (const Error& error) {
          std::fputs(error.what(), stderr);
          std::exit(3);
        }
      },
      testing::ExitedWithCode(3), "did you mean 'avx512'");
}

TEST(TargetTest, SimdTargetsWithFusedMultiplyAddAgreeToTheBit) {
  const Problem<float> problem({30, 70, 500}, false, false, 0, 9);
  std::vector<float> first;
  for (const Target target : available_targets()) {
    if (target == Target::kScalar) continue;
    force_target(target);
    const std::vector<float> result = problem.compute(false, 1, false);
    if (first.empty()) first = result;
    EXPECT_TRUE(same_bits(first, result)) << target_name(target);
  }
  force_target(available_targets().back());
}

}  // namespace
}  // namespace paragon::cpu
