// SPDX-License-Identifier: Apache-2.0
// Results below the normal numbers are 0 on the CPU, on every thread, and only while a program
// runs.
#include <gtest/gtest.h>

#include <limits>

#include "graph_runner.hpp"

namespace paragon {
namespace {

using ir::Builder;
using ir::NodeId;
using testing::element;
using testing::GraphMaker;
using testing::GraphRunner;

TEST(Subnormals, AreZeroOnEveryThread) {
#if !defined(__SSE2__) && !defined(__aarch64__)
  GTEST_SKIP() << "this processor is not told to flush them";
#endif
  for (const DType type : {DType::float32, DType::float64})
    for (const int threads : {1, 2, 3}) {
      const double smallest = type == DType::float32 ? double{std::numeric_limits<float>::min()}
                                                     : std::numeric_limits<double>::min();
      const Shape shape{300, 400};
      GraphMaker m;
      Builder b = m.b();
      const NodeId x = m.input("x", type, shape);
      m.output("half", b.mul(x, b.constant(0.5, x)));
      m.output("twice", b.mul(x, b.constant(2, x)));
      m.finish();
      GraphRunner runner(m.graph, "cpu", threads, true);
      runner.set("x", testing::filled(type, shape, std::vector<double>(300 * 400, smallest)));
      runner.run();
      const Tensor half = runner.get("half"), twice = runner.get("twice");
      for (size_t i = 0; i < half.elements(); ++i) {
        ASSERT_EQ(element(half, i), 0) << name(type) << " " << threads << " threads, element " << i;
        ASSERT_EQ(element(twice, i), 2 * smallest);
      }
      volatile float caller = std::numeric_limits<float>::min();
      caller = caller * 0.5f;
      EXPECT_GT(caller, 0) << "the caller's own arithmetic is as it was";
    }
}

}  // namespace
}  // namespace paragon
