// SPDX-License-Identifier: Apache-2.0
#pragma once

// Operands and exact results of matrix products, for the tests of the GEMM.

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "backends/cpu/gemm/gemm.hpp"
#include "backends/cpu/target.hpp"
#include "core/fixed_point.hpp"

namespace paragon::cpu {

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

/// Operand type, result type, largest operand (integers).
template <class T>
struct GemmTraits;
template <>
struct GemmTraits<float> {
  using Acc = float;
  static constexpr GemmType kType = GemmType::kFloat32;
};
template <>
struct GemmTraits<double> {
  using Acc = double;
  static constexpr GemmType kType = GemmType::kFloat64;
};
template <>
struct GemmTraits<int8_t> {
  using Acc = int32_t;
  static constexpr GemmType kType = GemmType::kInt8;
  static constexpr int64_t kLargest = 128;
};
template <>
struct GemmTraits<int16_t> {
  using Acc = int32_t;
  static constexpr GemmType kType = GemmType::kInt16;
  static constexpr int64_t kLargest = 127 * (1 + 256);
};
template <>
struct GemmTraits<int32_t> {
  using Acc = int32_t;
  static constexpr GemmType kType = GemmType::kInt32;
  static constexpr int64_t kLargest = 127 * (1 + 256 + 65536);
};

/// Calls visit(T*) for the type of every product.
template <class Visit>
void for_each_type(const Visit& visit) {
  visit(static_cast<float*>(nullptr));
  visit(static_cast<double*>(nullptr));
  visit(static_cast<int8_t*>(nullptr));
  visit(static_cast<int16_t*>(nullptr));
  visit(static_cast<int32_t*>(nullptr));
}

/// Integers are extremes every fourth time: pairs, offsets and digits must survive them.
template <class T>
void randomise(const Guarded<T>& to, std::mt19937& rng) {
  for (size_t i = 0; i < to.size(); ++i) {
    if constexpr (std::is_floating_point_v<T>) {
      to[i] = std::uniform_real_distribution<T>(-1, 1)(rng);
    } else {
      constexpr int64_t kLargest = GemmTraits<T>::kLargest;
      const int64_t bits = rng();
      int64_t value = bits % (2 * kLargest + 1) - kLargest;
      if (bits % 4 == 0) value = bits & 16 ? kLargest : -kLargest;
      to[i] = static_cast<T>(std::min<int64_t>(value, std::numeric_limits<T>::max()));
    }
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
inline void run_all(const GemmPlan& plan, const void* a, size_t lda, const void* b, size_t ldb,
                    void* c, size_t ldc, const GemmEpilogue& epilogue, bool spawn) {
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

/// One product's operands, with rows `slack` elements longer than needed, and its result by
/// definition on the active target.
template <class T>
class Problem {
 public:
  using Acc = typename GemmTraits<T>::Acc;

  Problem(Dimensions size, bool a_transposed, bool b_transposed, size_t slack, uint32_t seed)
      : size_(size),
        lda_((a_transposed ? size.m : size.k) + slack),
        ldb_((b_transposed ? size.k : size.n) + slack),
        ldc_(size.n + slack),
        a_(elements(a_transposed ? size.k : size.m, a_transposed ? size.m : size.k, lda_)),
        b_(elements(b_transposed ? size.n : size.k, b_transposed ? size.k : size.n, ldb_)),
        expected_(size.m * size.n) {
    shape_ = {.type = GemmTraits<T>::kType,
              .m = size.m,
              .n = size.n,
              .k = size.k,
              .a_transposed = a_transposed,
              .b_transposed = b_transposed};
    std::mt19937 rng(seed);
    randomise(a_, rng);
    randomise(b_, rng);
    if constexpr (std::is_floating_point_v<T>) {
      sum_chains();
    } else {
      sum_exactly(seed);
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

  const std::vector<Acc>& expected() const { return expected_; }
  const GemmShape& shape() const { return shape_; }
  const T* a() const { return a_.data(); }
  const T* b() const { return b_.data(); }

  std::string name() const {
    return std::string(target_name(active_target())) + " " + std::to_string(size_.m) + "x" +
           std::to_string(size_.n) + "x" + std::to_string(size_.k) +
           (shape_.a_transposed ? " A^T" : "") + (shape_.b_transposed ? " B^T" : "") + " shift " +
           std::to_string(shape_.shift);
  }

 private:
  static size_t elements(size_t rows, size_t cols, size_t stride) {
    return rows == 0 || cols == 0 ? 0 : (rows - 1) * stride + cols;
  }

  T left(size_t i, size_t p) const { return a_[shape_.a_transposed ? p * lda_ + i : i * lda_ + p]; }
  T right(size_t p, size_t j) const {
    return b_[shape_.b_transposed ? j * ldb_ + p : p * ldb_ + j];
  }

  /// Every element is one chain of multiply-adds, fused but on the scalar target.
  void sum_chains() {
    const bool fused = active_target() != Target::kScalar;
    for (size_t i = 0; i < size_.m; ++i) {
      for (size_t p = 0; p < size_.k; ++p) {
        const T x = left(i, p);
        for (size_t j = 0; j < size_.n; ++j) {
          Acc& sum = expected_[i * size_.n + j];
          sum = fused ? std::fma(x, right(p, j), sum) : sum + x * right(p, j);
        }
      }
    }
  }

  /// Exact sums; the wide types' are shifted so that they fit, sometimes by more.
  void sum_exactly(uint32_t seed) {
    std::vector<int64_t> sums(expected_.size());
    for (size_t i = 0; i < size_.m; ++i) {
      for (size_t p = 0; p < size_.k; ++p) {
        const int64_t x = left(i, p);
        for (size_t j = 0; j < size_.n; ++j) sums[i * size_.n + j] += x * right(p, j);
      }
    }
    if constexpr (sizeof(T) > 1) {
      uint64_t bits = 0;
      for (const int64_t sum : sums) bits |= fixed::magnitude(sum);
      shape_.shift = std::max(fixed::bit_length(bits) - 29, 0) + static_cast<int>(seed % 3);
    }
    for (size_t i = 0; i < sums.size(); ++i)
      expected_[i] = static_cast<Acc>(fixed::round_shift(sums[i], shape_.shift));
  }

  Dimensions size_;
  size_t lda_, ldb_, ldc_;
  Guarded<T> a_, b_;
  std::vector<Acc> expected_;
  GemmShape shape_;
};

template <class Acc>
bool same_bits(const std::vector<Acc>& x, const std::vector<Acc>& y) {
  return x.size() == y.size() &&
         (x.empty() || std::memcmp(x.data(), y.data(), x.size() * sizeof(Acc)) == 0);
}

}  // namespace paragon::cpu
