// SPDX-License-Identifier: Apache-2.0
// Random graphs: `ref`, and `cpu` on every SIMD target and with teams, fused and unfused, agree.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "backends/cpu/target.hpp"
#include "graph_runner.hpp"

namespace paragon {
namespace {

using ir::Builder;
using ir::NodeId;
using ir::Op;
using testing::GraphMaker;
using testing::GraphRunner;
using Nodes = std::vector<NodeId>;

// Small whole numbers: float arithmetic is exact, so every order and every fusion gives equal bits.
GraphMaker random_graph(uint32_t seed, size_t scale) {
  std::mt19937 random(seed);
  GraphMaker maker;
  Builder b = maker.b();
  const auto pick = [&](size_t n) { return static_cast<size_t>(random() % n); };
  const size_t rows = (1 + pick(9)) * scale, cols = (1 + pick(20)) * scale;
  const NodeId shift = maker.input("shift", DType::int32, {});
  Nodes pools[2];  // float32, int32
  for (const int kind : {0, 1}) {
    const DType type = kind == 0 ? DType::float32 : DType::int32;
    for (const Shape& shape :
         {Shape{rows, cols}, Shape{rows, cols}, Shape{1, cols}, Shape{rows, 1}, Shape{}})
      pools[kind].push_back(maker.input(
          "x" + std::to_string(kind) + "." + std::to_string(pools[kind].size()), type, shape));
  }
  const auto bounded = [&](NodeId x) {
    return b.max(b.min(x, b.constant(4, x)), b.constant(-4, x));
  };
  for (int step = 0; step < 14; ++step) {
    const size_t kind = pick(2);
    Nodes& pool = pools[kind];
    const NodeId x = pool[pick(pool.size())], y = pool[pick(pool.size())],
                 z = pool[pick(pool.size())];
    const bool matrices = b.shape(x).rank() == 2 && b.shape(x) == b.shape(y);
    NodeId result = x;
    switch (pick(12)) {
      case 0:
        result = b.add(x, y);
        break;
      case 1:
        result = b.sub(x, y);
        break;
      case 2:
        result = bounded(b.mul(x, y));
        break;
      case 3:
        result = b.max(x, b.neg(y));
        break;
      case 4:
        result = b.select(b.greater(x, y), y, z);
        break;
      case 5:
        result = b.equal(x, y);
        break;
      case 6:
        result = kind == 0 ? b.leaky_relu(x, 0) : b.unary(Op::abs, x);
        break;
      case 7:
        result = b.graph().make(Op::sum, {x}, {.a = static_cast<int64_t>(pick(3))});
        break;
      case 8:
        result = b.graph().make(Op::maximum, {x}, {.a = static_cast<int64_t>(pick(3))});
        break;
      case 9:
        if (matrices && kind == 0)
          result = b.contract(b.contract(bounded(x), bounded(y), false, true), bounded(x));
        if (matrices && kind == 1) {
          const NodeId bits = b.unary(Op::bit_length, b.or_bits(x));
          const NodeId narrow =
              b.requantise(x, b.max(b.sub(bits, b.integer(3)), shift), 7, DType::int8);
          result = b.cast(narrow, DType::int32);
          if (pick(2) == 0)
            result = b.mul(b.sum(b.contract(narrow, narrow, false, true), 1),
                           b.cast(narrow, DType::int32));
        }
        break;
      case 10:
        result = b.when(b.greater(shift, b.integer(static_cast<int64_t>(pick(3)))), bounded(x), x);
        break;
      default:
        result = b.cast(bounded(pools[1 - kind][pick(pools[1 - kind].size())]),
                        kind == 0 ? DType::float32 : DType::int32);
        break;
    }
    pool.push_back(kind == 0 ? bounded(result) : result);
  }
  for (const size_t kind : {0, 1})
    for (size_t i = 5; i < pools[kind].size(); ++i) {
      const std::string name = "y" + std::to_string(pools[kind][i]);
      const bool wanted = pick(3) == 0 || i + 1 == pools[kind].size();
      if (wanted && !maker.graph.has_slot(0, name)) maker.output(name, pools[kind][i]);
    }
  maker.finish();
  return maker;
}

void fuzz(size_t graphs, size_t scale, const std::vector<int>& team_sizes) {
  for (uint32_t seed = 1; seed <= graphs; ++seed) {
    SCOPED_TRACE("graph " + std::to_string(seed));
    const GraphMaker maker = random_graph(seed, scale);
    struct Way {
      std::string name;
      GraphRunner runner;
    };
    std::vector<Way> ways;
    ways.push_back({"ref", GraphRunner(maker.graph, "ref")});
    ways.push_back({"ref fused", GraphRunner(maker.graph, "ref", 1, true)});
    for (const cpu::Target target : cpu::available_targets()) {
      cpu::force_target(target);
      for (const int threads : team_sizes)
        for (const bool fuse : {true, false})
          ways.push_back({std::string(cpu::target_name(target)) +
                              (fuse ? " fused x" : " unfused x") + std::to_string(threads),
                          GraphRunner(maker.graph, "cpu", threads, fuse)});
    }
    const auto& slots = ways[0].runner.program().slots;
    for (const int shift : {0, 1, 2}) {
      for (Way& way : ways) {
        for (const ir::Slot& slot : slots)
          if (slot.role == ir::SlotRole::kInput)
            way.runner.set(slot.name, testing::uniform(slot.type, slot.shape, -4, 4.999,
                                                       seed + slot.name.size() +
                                                           static_cast<size_t>(slot.name.back())));
        for (const ir::Slot& slot : slots)  // floats without a fraction
          if (slot.role == ir::SlotRole::kInput && slot.type == DType::float32) {
            Tensor whole = way.runner.get(slot.name);
            for (float& value : whole.as<float>()) value = std::floor(value);
            way.runner.set(slot.name, whole);
          }
        way.runner.set("shift", testing::filled(DType::int32, {}, {static_cast<double>(shift)}));
        way.runner.run();
      }
      for (const ir::Slot& slot : slots) {
        if (slot.role != ir::SlotRole::kOutput) continue;
        const Tensor expected = ways[0].runner.get(slot.name);
        for (Way& way : ways) {
          const Tensor got = way.runner.get(slot.name);
          for (size_t i = 0; i < expected.elements(); ++i)  // by value: 0 equals -0
            ASSERT_EQ(testing::element(got, i), testing::element(expected, i))
                << way.name << " slot " << slot.name << to_string(slot.shape) << " element " << i
                << " shift " << shift;
        }
      }
    }
  }
}

class RandomGraphs : public ::testing::Test {
 protected:
  void TearDown() override { cpu::force_target(cpu::available_targets().back()); }
};

TEST_F(RandomGraphs, Small) {
  fuzz(400, 1, {1});
}
TEST_F(RandomGraphs, LargeOnTeams) {
  fuzz(12, 9, {1, 2, 3, 8});
}

TEST_F(RandomGraphs, ChainsOfNarrowTypesFuse) {
  // A value that leaves its narrow type and comes back must wrap, in registers as in memory.
  for (const DType type : {DType::int8, DType::uint8})
    for (const char* device : {"ref", "cpu"})
      for (const bool fuse : {false, true}) {
        GraphMaker maker;
        Builder b = maker.b();
        const NodeId x = maker.input("x", DType::int32, {1, 4});
        maker.output("y", b.add(b.cast(b.cast(x, type), DType::int32), b.integer(1)));
        maker.finish();
        GraphRunner runner(maker.graph, device, 1, fuse);
        runner.set("x", testing::filled(DType::int32, {1, 4}, {300, -300, 5, 128}));
        runner.run();
        const std::vector<double> expected = type == DType::int8
                                                 ? std::vector<double>{45, -43, 6, -127}
                                                 : std::vector<double>{45, 213, 6, 129};
        EXPECT_TRUE(
            testing::same_bytes(runner.get("y"), testing::filled(DType::int32, {1, 4}, expected)))
            << device << (fuse ? " fused " : " ") << name(type);
      }
}

}  // namespace
}  // namespace paragon
