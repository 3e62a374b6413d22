// SPDX-License-Identifier: Apache-2.0
// The optimizers' formulas, which the CPU computes in one pass: the bits of the single operations,
// whatever the factors, the extremes of the values, and the shape of the pieces they come in.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "backends/cpu/target.hpp"
#include "core/mean_square.hpp"
#include "graph_runner.hpp"

namespace paragon {
namespace {

using ir::Builder;
using ir::NodeId;
using ir::Op;
using testing::GraphMaker;
using testing::GraphRunner;

constexpr int64_t kLimit = (1 << 30) - 1;

/// An update of the states "value", "first" and "second" by a gradient.
struct Formula {
  const char* name;
  DType type;
  std::function<void(GraphMaker&, Builder&, NodeId gradient)> build;
};

const std::vector<Formula>& formulas() {
  static const std::vector<Formula> table = [] {
    std::vector<Formula> all;
    for (const DType type : {DType::float32, DType::float64}) {
      const auto sgd = [](GraphMaker& m, Builder& b, NodeId gradient) {
        const NodeId mean = b.mul(gradient, b.read(0, "factor"));
        const NodeId first = b.read(0, "first");
        const NodeId velocity = b.add(b.mul(first, b.constant(0.9, first)), mean);
        m.assign("first", velocity);
        m.assign("value", b.sub(b.read(0, "value"), b.mul(velocity, b.read(0, "rate"))));
      };
      const auto adam = [](GraphMaker& m, Builder& b, NodeId gradient) {
        const NodeId g = b.mul(gradient, b.read(0, "factor"));
        const auto weighted = [&](NodeId x, double factor) {
          return b.mul(x, b.constant(factor, x));
        };
        const NodeId mean = b.add(weighted(b.read(0, "first"), 0.9), weighted(g, 0.1));
        const NodeId variance =
            b.add(weighted(b.read(0, "second"), 0.999), weighted(b.mul(g, g), 0.001));
        m.assign("first", mean);
        m.assign("second", variance);
        const NodeId root = b.unary(Op::sqrt, variance);
        const NodeId ratio = b.div(mean, b.add(root, b.constant(1e-4, root)));
        m.assign("value", b.sub(b.read(0, "value"), b.mul(ratio, b.read(0, "rate"))));
      };
      all.push_back({"sgd", type, sgd});
      all.push_back({"adam", type, adam});
    }
    for (const DType view : {DType::int32, DType::int8, DType::int16})
      for (const bool momentum : {false, true}) {
        const auto write = [=](GraphMaker& m, Builder& b, NodeId gradient) {
          const auto number = [&](int64_t value) { return b.integer(value, DType::int32); };
          NodeId step = b.mul_shift(gradient, b.read(0, "factor"), b.read(0, "shift"), kLimit);
          if (momentum) {
            const NodeId kept = b.mul_shift(b.read(0, "first"), number(29491), number(15), kLimit);
            step = b.clamp(b.add(kept, step), -kLimit, kLimit);
            m.assign("first", step);
          }
          step = b.mul_shift(step, b.read(0, "rate"), b.read(0, "rate_shift"), kLimit);
          const NodeId value = b.clamp(b.sub(b.read(0, "value"), step), -kLimit, kLimit);
          m.assign("value", value);
          if (view == DType::int32) return;
          m.output("view", b.requantise(value, b.read(0, "view_shift"),
                                        view == DType::int8 ? 127 : 32639, view));
          m.output("bits", b.or_bits(value));
        };
        all.push_back({momentum ? "velocity" : "write", DType::int32, write});
      }
    all.push_back({"ratio", DType::int32, [](GraphMaker& m, Builder& b, NodeId gradient) {
                     const auto number = [&](int64_t value) { return b.integer(value); };
                     const NodeId g =
                         b.mul_shift(gradient, b.read(0, "factor"), b.read(0, "shift"), kLimit);
                     const NodeId before = b.read(0, "first");
                     const NodeId change =
                         b.mul_shift(b.sub(g, before), number(3277), number(15), kLimit);
                     const NodeId mean = b.add(before, change);
                     const NodeId square = b.mean_square(b.read(0, "second"), g, 10);
                     m.assign("first", mean);
                     m.assign("second", square);
                     const NodeId ratio = b.mul_rsqrt(mean, square, fixed::square_code(9));
                     const NodeId step =
                         b.mul_shift(ratio, b.read(0, "rate"), b.read(0, "rate_shift"), kLimit);
                     m.assign("value", b.clamp(b.sub(b.read(0, "value"), step), -kLimit, kLimit));
                   }});
    return all;
  }();
  return table;
}

/// The graph: a gradient [rows, cols], given or as a product of [rows, terms] and [terms, cols].
ir::Graph graph_of(const Formula& formula, const Shape& shape, size_t terms) {
  GraphMaker m;
  Builder b = m.b();
  const DType operand = formula.type == DType::int32 ? DType::int8 : formula.type;
  const NodeId given = m.input("gradient", formula.type, shape);
  const NodeId left = m.input("left", operand, {shape[0], std::max<size_t>(terms, 1)}),
               right = m.input("right", operand, {std::max<size_t>(terms, 1), shape[1]});
  for (const char* name : {"value", "first", "second"}) m.state(name, formula.type, shape);
  for (const char* name : {"factor", "rate"}) m.input(name, formula.type, {});
  for (const char* name : {"shift", "rate_shift", "view_shift"}) m.input(name, DType::int32, {});
  formula.build(m, b, terms > 0 ? b.contract(left, right) : given);
  m.finish();
  return std::move(m.graph);
}

/// Numbers for three steps; `round` picks the factors.
void set_all(GraphRunner& run, const Formula& formula, const Shape& shape, size_t terms,
             int round) {
  const bool whole = formula.type == DType::int32;
  const double most = whole ? kLimit : 2;
  const auto values = [&](uint64_t seed) {
    Tensor tensor = testing::uniform(formula.type, shape, -most, most, seed);
    if (whole) {  // the ends of the range and halves
      const double edges[] = {most, -most, 0, 1, -1, 8192, -8192, 16384, -16384, 1 << 29};
      for (size_t i = 0; i < tensor.elements(); i += 3)
        testing::set_element(tensor, i, edges[(i / 3 + seed) % std::size(edges)]);
    }
    return tensor;
  };
  run.set("gradient", values(1));
  run.set("value", values(2));
  run.set("first", values(3));
  run.set("second", testing::uniform(formula.type, shape, 0, whole ? most : 1, 4));
  const DType operand = whole ? DType::int8 : formula.type;
  run.set("left", testing::uniform(operand, {shape[0], std::max<size_t>(terms, 1)}, -127, 127, 5));
  run.set("right", testing::uniform(operand, {std::max<size_t>(terms, 1), shape[1]}, -127, 127, 6));
  const auto scalar = [&](const char* name, DType type, double value) {
    run.set(name, testing::filled(type, {}, {value}));
  };
  struct Factor {
    int factor, shift;
  };
  // By shifts to both sides, in 32 bits, and in 64.
  static constexpr Factor kFactors[] = {{16384, 20}, {16384, 14}, {16384, 9},  {16384, -80},
                                        {29491, 15}, {20000, 16}, {20000, 19}, {32767, 46},
                                        {20000, 11}, {20000, 50}, {40000, 17}, {1 << 20, 30},
                                        {0, 15},     {16384, 70}, {3, -2}};
  const Factor a = kFactors[static_cast<size_t>(round) % std::size(kFactors)],
               c = kFactors[static_cast<size_t>(round * 7 + 6) % std::size(kFactors)];
  scalar("factor", formula.type, whole ? a.factor : 1.0 / (round + 1));
  scalar("rate", formula.type, whole ? c.factor : 0.01 * (round + 1));
  scalar("shift", DType::int32, a.shift);
  scalar("rate_shift", DType::int32, c.shift);
  scalar("view_shift", DType::int32, std::vector<int>{23, 1, 31, 0, 40, -3}[round % 6]);
}

TEST(Updates, GiveTheBitsOfTheirOperations) {
  const cpu::Target before = cpu::active_target();
  for (const cpu::Target target : cpu::available_targets()) {
    cpu::force_target(target);
    for (const Formula& formula : formulas())
      for (const size_t terms : {0, 1, 3})
        for (const Shape& shape : {Shape{1, 37}, Shape{5, 7}, Shape{9, 1300}, Shape{70, 200}}) {
          const ir::Graph graph = graph_of(formula, shape, terms);
          GraphRunner single(graph, "cpu", 1, false), fused(graph, "cpu", 2, true);
          for (int round = 0; round < 15; ++round) {
            set_all(single, formula, shape, terms, round);
            set_all(fused, formula, shape, terms, round);
            for (int step = 0; step < 2; ++step) {
              single.run();
              fused.run();
            }
            for (const ir::Slot& slot : fused.program().slots) {
              const bool written =
                  slot.role == ir::SlotRole::kState || slot.role == ir::SlotRole::kOutput;
              if (!written) continue;
              EXPECT_TRUE(testing::same_bytes(single.get(slot.name), fused.get(slot.name)))
                  << formula.name << " " << name(formula.type) << " " << slot.name << " round "
                  << round << " terms " << terms << " " << shape[0] << "x" << shape[1] << " "
                  << cpu::target_name(target);
            }
          }
        }
  }
  cpu::force_target(before);
}

}  // namespace
}  // namespace paragon
