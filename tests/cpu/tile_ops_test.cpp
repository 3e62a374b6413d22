// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/tile_ops.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include "backends/cpu/target.hpp"
#include "core/fixed_point.hpp"
#include "core/random.hpp"
#include "core/real_curve.hpp"
#include "core/tensor.hpp"

namespace paragon::cpu {
namespace {

// The product with one factor for all has paths by the size of the factor and of the shift; every
// one of them must give the definition's bits, at the ends of the number range above all.
TEST(TileOps, ProductsAndShiftsFollowTheirDefinition) {
  constexpr int32_t kLargest = std::numeric_limits<int32_t>::max();
  const Target before = active_target();
  for (Target target : available_targets()) {
    force_target(target);
    const TileKernel kernel = tile_kernel(ir::Op::mul_shift, DType::int32, DType::int32);
    ASSERT_NE(kernel, nullptr);
    std::mt19937_64 random(7);
    const auto below = [&](uint64_t n) { return static_cast<int32_t>(random() % n); };
    for (int round = 0; round < 20000; ++round) {
      std::vector<int32_t> a(37), result(37);
      for (int32_t& value : a) {
        switch (below(6)) {
          case 0:
            value = kLargest;
            break;
          case 1:
            value = -kLargest;
            break;
          case 2:
            value = below(65536) - 32768;
            break;
          case 3:
            value = 1 << below(31);
            break;
          case 4:
            value = -(1 << below(31));
            break;
          default:
            value = std::max(static_cast<int32_t>(random()), -kLargest);
        }
      }
      const int32_t factor = below(4) == 0 ? 1 << below(15) : below(32768);
      const int32_t shift = below(52);
      ir::Attrs attrs;
      attrs.a = std::vector<int64_t>{127, (1 << 30) - 1, kLargest}[static_cast<size_t>(below(3))];
      TileArgs args;
      args.result = result.data();
      args.x[0] = a.data();
      args.x[1] = &factor;
      args.x[2] = &shift;
      args.scalars = 6;
      args.n = a.size();
      args.attrs = &attrs;
      kernel(args);
      for (size_t i = 0; i < a.size(); ++i)
        ASSERT_EQ(result[i], fixed::mul_shift(a[i], factor, shift, attrs.a))
            << target_name(target) << ": " << a[i] << " * " << factor << " >> " << shift;
    }
  }
  force_target(before);
}

/// A kernel of one floating-point operand, and its formula.
struct RealOp {
  ir::Op op;
  int64_t curve;
  std::function<long double(long double)> exact;
  double from, to;
};

std::vector<RealOp> real_ops() {
  std::vector<RealOp> all = {
      {ir::Op::exp, 0, [](long double x) { return std::exp(x); }, -87, 88},
      {ir::Op::log, 0, [](long double x) { return std::log(x); }, 1e-30, 20}};
  for (size_t i = 0; i < kCurves; ++i) {
    const auto which = static_cast<Curve>(i);
    const auto a = static_cast<int64_t>(i);
    const auto value = [which](long double x) { return curve(which, x); };
    const auto slope = [which](long double x) { return curve_slope(which, x); };
    all.push_back({ir::Op::curve, a, value, -40, 40});
    all.push_back({ir::Op::curve, a, value, -1e-3, 1e-3});
    all.push_back({ir::Op::curve_slope, a, slope, -40, 40});
  }
  return all;
}

template <class T>
void check_real(double relative, double absolute) {
  constexpr DType type = sizeof(T) == 4 ? DType::float32 : DType::float64;
  constexpr size_t kCount = 50000;
  const Target before = active_target();
  for (const RealOp& row : real_ops()) {
    std::vector<T> x(kCount);
    for (size_t i = 0; i < kCount; ++i) {
      const double unit = static_cast<double>(random::bits64(3, i) >> 11) * 0x1p-53;
      const bool shrunk = i % 2 == 1;  // small arguments of all sizes, too
      x[i] = static_cast<T>(row.from + (row.to - row.from) * unit) *
             (shrunk ? static_cast<T>(std::ldexp(1.0, -static_cast<int>(i % 40))) : T(1));
    }
    std::vector<T> first;
    for (const Target target : available_targets()) {
      force_target(target);
      const TileKernel kernel = tile_kernel(row.op, type, type);
      ASSERT_NE(kernel, nullptr);
      std::vector<T> y(kCount);
      ir::Attrs attrs;
      attrs.a = row.curve;
      TileArgs args;
      args.result = y.data();
      args.x[0] = x.data();
      args.n = kCount;
      args.attrs = &attrs;
      kernel(args);
      if (first.empty()) first = y;
      ASSERT_EQ(std::memcmp(first.data(), y.data(), kCount * sizeof(T)), 0)
          << info(row.op).name << " " << row.curve << ": other bits on " << target_name(target);
    }
    for (size_t i = 0; i < kCount; ++i) {
      const long double exact = row.exact(x[i]);
      const long double bound = std::max(std::abs(exact) * relative,
                                         row.op == ir::Op::curve || row.op == ir::Op::curve_slope
                                             ? static_cast<long double>(absolute)
                                             : 0);
      ASSERT_LE(std::abs(first[i] - exact), bound)
          << info(row.op).name << " " << row.curve << " of " << x[i] << ": " << first[i];
    }
  }
  force_target(before);
}

// exp, log and the curves: 4 units in the last place or nearly nothing, the same bits everywhere.
TEST(TileOps, FloatFormulasStayWithinTheirErrors) {
  check_real<float>(4 * 0x1p-23, 2e-7);
}
TEST(TileOps, DoubleFormulasStayWithinTheirErrors) {
  check_real<double>(8 * 0x1p-52, 5e-16);
}

}  // namespace
}  // namespace paragon::cpu
