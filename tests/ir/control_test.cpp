// SPDX-License-Identifier: Apache-2.0
// Control: scan against the unrolled graph and finite differences, when and what it skips.
#include <gtest/gtest.h>

#include "finite_differences.hpp"
#include "raises.hpp"

namespace paragon {
namespace {

using ir::Builder;
using ir::NodeId;
using ir::Op;
using testing::expect_gradient;
using testing::GraphMaker;
using testing::GraphRunner;
using Nodes = std::vector<NodeId>;

/// What is repeated: inputs (carried, scanned, constants) -> next carried, stacked.
struct Loop {
  const char* name;
  std::vector<Shape> inputs;  ///< of the body
  size_t carried, scanned;
  std::function<Nodes(Builder&, const Nodes&)> body;
};

// Two repetitions of s' = 0.5 s + v inside of a body.
Nodes nested(Builder& b, const Nodes& v) {
  ir::Graph inner;
  const DType type = b.type(v[0]);
  const NodeId s = inner.read(inner.add_slot({"s", 0, ir::SlotRole::kInput, type, {2, 3}}));
  const NodeId k = inner.read(inner.add_slot({"k", 0, ir::SlotRole::kInput, type, {2, 3}}));
  Builder in(inner);
  const NodeId next = in.add(in.mul(in.mul(s, s), in.real(0.5, type)), k);
  const std::vector<NodeId> outputs = {next, in.mul(next, k)};
  const NodeId scan = b.scan(ir::make_body(std::move(inner), outputs), {v[0], v[1]}, 2, 1, 0);
  return {b.get(scan, 0), b.sum(b.unstack(b.get(scan, 1), 1), 0)};
}

const std::vector<Loop>& loops() {
  static const std::vector<Loop> table = {
      {"carried",
       {{2, 3}},
       1,
       0,
       [](Builder& b, const Nodes& v) {
         return Nodes{b.mul(v[0], b.add(v[0], b.constant(0.5, v[0])))};
       }},
      {"two carried values that swap",
       {{2, 3}, {2, 3}},
       2,
       0,
       [](Builder& b, const Nodes& v) {
         return Nodes{b.mul(v[1], b.constant(0.75, v[1])), b.add(v[0], v[1]), v[0]};
       }},
      {"scalars",
       {{}, {}},
       1,
       1,
       [](Builder& b, const Nodes& v) {
         return Nodes{b.add(b.mul(v[0], v[1]), v[1]), b.mul(v[0], v[1])};
       }},
      {"carried, scanned, constant, stacked",
       {{2, 3}, {2, 3}, {3, 3}, {1, 3}},
       1,
       1,
       [](Builder& b, const Nodes& v) {
         const NodeId next = b.leaky_relu(b.add(b.add(b.contract(v[0], v[2]), v[1]), v[3]), 0.25);
         return Nodes{next, b.mul(v[0], next), b.sum(next, 1)};
       }},
      {"nothing carried",
       {{2, 3}, {1, 3}},
       0,
       1,
       [](Builder& b, const Nodes& v) { return Nodes{b.mul(v[0], v[1])}; }},
      {"a scan in a scan", {{2, 3}, {2, 3}}, 1, 1, nested},
  };
  return table;
}

constexpr size_t kTrips = 3;

Nodes scanned_results(Builder& b, const Loop& loop, const Nodes& x, bool reverse) {
  ir::Graph body;
  Builder in(body);
  Nodes inputs;
  for (size_t i = 0; i < loop.inputs.size(); ++i)
    inputs.push_back(body.read(body.add_slot(
        {"in" + std::to_string(i), 0, ir::SlotRole::kInput, b.type(x[0]), loop.inputs[i]})));
  const Nodes outputs = loop.body(in, inputs);
  const NodeId scan = b.scan(ir::make_body(std::move(body), outputs), x, kTrips, loop.carried,
                             loop.scanned, reverse);
  Nodes results;
  for (size_t i = 0; i < outputs.size(); ++i) results.push_back(b.get(scan, i));
  return results;
}

Nodes unrolled_results(Builder& b, const Loop& loop, const Nodes& x, bool reverse) {
  Nodes state(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(loop.carried));
  std::vector<Nodes> stacks;
  for (size_t trip = 0; trip < kTrips; ++trip) {
    const size_t at = reverse ? kTrips - 1 - trip : trip;
    Nodes inputs = x;
    for (size_t i = 0; i < loop.carried; ++i) inputs[i] = state[i];
    for (size_t i = loop.carried; i < loop.carried + loop.scanned; ++i)
      inputs[i] = b.unstack(x[i], static_cast<int64_t>(at));
    const Nodes outputs = loop.body(b, inputs);
    for (size_t i = 0; i < loop.carried; ++i) state[i] = outputs[i];
    stacks.resize(outputs.size() - loop.carried, Nodes(kTrips));
    for (size_t i = 0; i < stacks.size(); ++i) stacks[i][at] = outputs[loop.carried + i];
  }
  for (const Nodes& stack : stacks) state.push_back(b.stack(stack));
  return state;
}

std::vector<Shape> outer_shapes(const Loop& loop) {
  std::vector<Shape> shapes = loop.inputs;
  for (size_t i = loop.carried; i < loop.carried + loop.scanned; ++i) {
    std::vector<size_t> dims = {kTrips};
    dims.insert(dims.end(), shapes[i].dims().begin(), shapes[i].dims().end());
    shapes[i] = Shape(dims);
  }
  return shapes;
}

TEST(Scan, EqualsTheUnrolledGraph) {
  for (const Loop& loop : loops())
    for (const bool reverse : {false, true})
      for (const char* device : {"ref", "cpu"}) {
        SCOPED_TRACE(std::string(loop.name) + (reverse ? " reverse " : " forward ") + device);
        GraphMaker maker;
        Builder b = maker.b();
        Nodes x;
        const std::vector<Shape> shapes = outer_shapes(loop);
        const DType type = DType::float32;
        for (size_t i = 0; i < shapes.size(); ++i)
          x.push_back(maker.input("x" + std::to_string(i), type, shapes[i]));
        const Nodes got = scanned_results(b, loop, x, reverse),
                    expected = unrolled_results(b, loop, x, reverse);
        ASSERT_EQ(got.size(), expected.size());
        for (size_t i = 0; i < got.size(); ++i) {
          maker.output("got" + std::to_string(i), got[i]);
          maker.output("expected" + std::to_string(i), expected[i]);
        }
        maker.finish();
        GraphRunner runner(maker.graph, device);
        for (size_t i = 0; i < x.size(); ++i)
          runner.set("x" + std::to_string(i), testing::uniform(type, shapes[i], -1, 1, i + 1));
        runner.run();
        for (size_t i = 0; i < got.size(); ++i) {
          const Tensor expected_value = runner.get("expected" + std::to_string(i));
          EXPECT_TRUE(testing::same_bytes(runner.get("got" + std::to_string(i)), expected_value))
              << "result " << i;
          double sum = 0;
          for (size_t k = 0; k < expected_value.elements(); ++k)
            sum += std::abs(testing::element(expected_value, k));
          EXPECT_GT(sum, 0) << "a result of zeros shows nothing";
        }
      }
}

TEST(Scan, Gradient) {
  for (const Loop& loop : loops())
    for (const bool reverse : {false, true}) {
      size_t results = 0;
      expect_gradient({outer_shapes(loop),
                       [&](Builder& b, const Nodes& x) {
                         const Nodes all = scanned_results(b, loop, x, reverse);
                         results = all.size();
                         const auto total = [&](NodeId v) {
                           return b.sum(b.reshape(v, {b.shape(v).rows(), b.shape(v).cols()}), 2);
                         };
                         NodeId y = total(all[0]);
                         for (size_t i = 1; i < results; ++i)  // all results at once
                           y = b.add(b.mul(y, b.constant(2, y)), total(all[i]));
                         return y;
                       },
                       -0.8, 0.9});
      for (size_t i = 0; i < results; ++i) {
        SCOPED_TRACE(std::string(loop.name) + (reverse ? " reverse, result " : ", result ") +
                     std::to_string(i));
        expect_gradient(
            {outer_shapes(loop),
             [&](Builder& b, const Nodes& x) { return scanned_results(b, loop, x, reverse)[i]; },
             -0.8, 0.9});
      }
    }
}

TEST(Scan, RefusesWhatDoesNotFit) {
  GraphMaker maker;
  Builder b = maker.b();
  ir::Graph body;
  const NodeId s = body.read(body.add_slot({"s", 0, ir::SlotRole::kInput, DType::float32, {2, 3}}));
  const NodeId sum = Builder(body).sum(s, 1);
  const auto bad_carry = ir::make_body(std::move(body), {sum});
  const NodeId x = maker.input("x", DType::float32, {2, 3});
  const auto message = testing::message_of([&] { b.scan(bad_carry, {x}, 2, 1, 0); });
  EXPECT_TRUE(testing::contains(message, "[2,1]")) << message;
  EXPECT_TRUE(testing::contains(message, "expected float32 [2,3]")) << message;
  EXPECT_TRUE(
      testing::contains(testing::message_of([&] { b.scan(bad_carry, {x}, 2, 0, 1); }), "[2,2,3]"));
  EXPECT_TRUE(testing::contains(testing::message_of([&] { b.scan(bad_carry, {x}, 0, 0, 0); }),
                                "at least 1"));
  EXPECT_TRUE(testing::contains(testing::message_of([&] { b.get(x, 0); }), "expected a scan"));
}

/// y = condition ? f(x) : x, and z = condition ? f(x) + other uses.
GraphMaker choice(Op op, bool shared) {
  GraphMaker maker;
  Builder b = maker.b();
  const NodeId x = maker.input("x", DType::float32, {40, 40}),
               condition = maker.input("condition", DType::int32, {});
  const NodeId product = b.contract(x, x), value = b.add(b.exp(b.mul(product, b.real(0.01))), x);
  maker.output("y", b.graph().make(op, {condition, value, x}));
  if (shared) maker.output("z", b.sum(product, 1));
  maker.finish();
  return maker;
}

const runtime::Dispatch& product_of(const runtime::Program& program) {
  for (const runtime::Dispatch& dispatch : program.phases[0].dispatches)
    if (dispatch.op == Op::contract) return dispatch;
  raise("[test] the program has no product");
}

TEST(When, ChoosesAndSkipsWithoutChangingABit) {
  const Tensor x = testing::uniform(DType::float32, {40, 40}, -1, 1, 3);
  for (const char* device : {"ref", "cpu"})
    for (const int threads : {1, 2})
      for (const bool fuse : {false, true})
        for (const bool shared : {false, true}) {
          GraphRunner when(choice(Op::when, shared).graph, device, threads, fuse);
          GraphRunner select(choice(Op::select, shared).graph, device, threads, fuse);
          const runtime::BufferId condition = when.program().find_slot(0, "condition");
          // The product is skipped with the condition unless somebody else reads it.
          EXPECT_EQ(product_of(when.program()).when, shared ? runtime::kNoBuffer : condition);
          EXPECT_EQ(product_of(select.program()).when, runtime::kNoBuffer);
          for (const int value : {1, 0, 5, 0, -1}) {
            for (GraphRunner* runner : {&when, &select}) {
              runner->set("x", x);
              runner->set("condition",
                          testing::filled(DType::int32, {}, {static_cast<double>(value)}));
              runner->run();
            }
            EXPECT_TRUE(testing::same_bytes(when.get("y"), select.get("y")))
                << device << " condition " << value;
            EXPECT_EQ(testing::same_bytes(when.get("y"), x), value == 0);
            EXPECT_TRUE(!shared || testing::same_bytes(when.get("z"), select.get("z")));
          }
        }
}

TEST(When, NestedAndComputedConditions) {
  for (const char* device : {"ref", "cpu"}) {
    GraphMaker maker;
    Builder b = maker.b();
    const NodeId x = maker.input("x", DType::float32, {4, 4}),
                 n = maker.input("n", DType::int32, {});
    const NodeId above0 = b.greater(n, b.integer(0)), above1 = b.greater(n, b.integer(1));
    const NodeId inner = b.when(above1, b.exp(b.contract(x, x)), b.neg(x));
    maker.output("y", b.when(above0, b.mul(inner, b.real(2)), x));
    maker.finish();
    GraphRunner runner(maker.graph, device);
    size_t conditional = 0;
    for (const auto& dispatch : runner.program().phases[0].dispatches)
      conditional += dispatch.when != runtime::kNoBuffer;
    EXPECT_GE(conditional, 2u);
    const Tensor value = testing::filled(DType::float32, {4, 4}, {0.25, -0.5, 1});
    runner.set("x", value);
    for (const int count : {0, 1, 2, 0, 2, 1}) {
      runner.set("n", testing::filled(DType::int32, {}, {static_cast<double>(count)}));
      runner.run();
      const Tensor y = runner.get("y");
      for (size_t i = 0; i < 16; ++i) {
        double product = 0;
        for (size_t k = 0; k < 4; ++k)
          product +=
              testing::element(value, i / 4 * 4 + k) * testing::element(value, k * 4 + i % 4);
        const double v = testing::element(value, i);
        const double expected = count == 0 ? v : count == 1 ? -2 * v : 2 * std::exp(product);
        EXPECT_NEAR(testing::element(y, i), expected, 1e-5)
            << device << " n = " << count << " element " << i;
      }
    }
  }
}

}  // namespace
}  // namespace paragon
