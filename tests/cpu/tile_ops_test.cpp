// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/tile_ops.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "backends/cpu/target.hpp"
#include "core/fixed_point.hpp"

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

}  // namespace
}  // namespace paragon::cpu
