// SPDX-License-Identifier: Apache-2.0
// Gradients of every operation of ops.def in float64 against finite differences.
#include <gtest/gtest.h>

#include <map>

#include "finite_differences.hpp"

namespace paragon {
namespace {

using ir::Builder;
using ir::Differentiable;
using ir::NodeId;
using ir::Op;
using testing::DifferentiableCase;
using testing::expect_gradient;
using Nodes = std::vector<NodeId>;
using Cases = std::vector<DifferentiableCase>;

// Matrices, rows, columns, one element, a vector, a scalar.
const std::vector<Shape> kShapes = {{3, 4}, {1, 5}, {5, 1}, {1, 1}, {4}, {}};
// Pairs that broadcast in all ways.
const std::vector<std::vector<Shape>> kPairs = {
    {{3, 4}, {3, 4}}, {{3, 4}, {1, 4}}, {{1, 4}, {3, 4}}, {{3, 4}, {3, 1}}, {{3, 1}, {3, 4}},
    {{3, 4}, {}},     {{}, {3, 4}},     {{3, 1}, {1, 4}}, {{1, 4}, {3, 1}}, {{}, {}},
    {{4}, {3, 4}},    {{4}, {4}},       {{5}, {}},        {{1, 1}, {2, 3}}, {{1, 5}, {5}}};

Cases unary(Op op, double low, double high, double slope = 0) {
  Cases cases;
  for (const Shape& shape : kShapes)
    cases.push_back(
        {{shape},
         [=](Builder& b, const Nodes& x) { return b.graph().make(op, {x[0]}, {.real = slope}); },
         low,
         high});
  return cases;
}

Cases curve_cases() {
  Cases cases;
  for (size_t which = 0; which < kCurves; ++which)
    for (const Shape& shape : kShapes)
      cases.push_back(
          {{shape},
           [=](Builder& b, const Nodes& x) { return b.curve(x[0], static_cast<Curve>(which)); },
           -4,
           4});
  return cases;
}

Cases binary(Op op, double low, double high) {
  Cases cases;
  for (const auto& pair : kPairs)
    cases.push_back(
        {pair, [=](Builder& b, const Nodes& x) { return b.binary(op, x[0], x[1]); }, low, high});
  return cases;
}

Cases cast_cases() {
  // float32 has 24 bits: wider steps, a wider tolerance.
  const auto narrow = [](Builder& b, const Nodes& x) {
    return b.cast(b.cast(b.mul(x[0], x[0]), DType::float32), DType::float64);
  };
  return {{{{3, 4}}, narrow, -1.5, 1.5, 1e-2, 2e-4}, {{{}}, narrow, -1.5, 1.5, 1e-2, 2e-4}};
}

Cases select_cases() {
  Cases cases;
  const std::vector<std::vector<Shape>> triples = {
      {{3, 4}, {3, 4}, {3, 4}}, {{3, 1}, {3, 4}, {1, 4}}, {{1, 4}, {}, {3, 4}},
      {{}, {3, 4}, {3, 1}},     {{3, 4}, {}, {}},         {{}, {}, {}},
      {{4}, {4}, {3, 4}}};
  for (const auto& shapes : triples) {
    cases.push_back({shapes, [](Builder& b, const Nodes& x) {
                       const NodeId chosen = b.greater(x[0], b.constant(0, x[0]));
                       return b.select(chosen, x[1], x[2]);
                     }});
    cases.push_back({{shapes[1], shapes[2]}, [mask = shapes[0]](Builder& b, const Nodes& x) {
                       NodeId chosen = b.integer(1);
                       if (!mask.is_scalar()) {
                         chosen = b.iota({1, mask.elements()}, 1);
                         chosen = b.reshape(b.greater(chosen, b.integer(1)), mask);
                       }
                       return b.select(chosen, x[0], x[1]);
                     }});
  }
  return cases;
}

Cases reductions(Op op) {
  Cases cases;
  for (const Shape& shape : kShapes)
    for (int64_t axis = 0; axis < 3; ++axis)
      cases.push_back({{shape}, [=](Builder& b, const Nodes& x) {
                         return b.graph().make(op, {x[0]}, {.a = axis});
                       }});
  return cases;
}

Cases contract_cases() {
  Cases cases;
  for (const auto& [m, n, k] : {std::array<size_t, 3>{2, 3, 4}, {1, 5, 1}, {3, 1, 2}, {1, 1, 6}})
    for (const bool ta : {false, true})
      for (const bool tb : {false, true})
        cases.push_back(
            {{ta ? Shape{k, m} : Shape{m, k}, tb ? Shape{n, k} : Shape{k, n}},
             [=](Builder& b, const Nodes& x) { return b.contract(x[0], x[1], ta, tb); }});
  return cases;
}

Cases gather_dot_cases(Op op) {
  Cases cases;
  const auto gaps = ir::make_index_table({0, 2, -1, 2, 2, 1, -1, -1, -1}, 3, 3, 4);
  const auto one = ir::make_index_table({1}, 1, 1, 2);
  for (const auto& table : {gaps, one})
    for (const size_t batch : {size_t{1}, size_t{3}}) {
      const Shape x{table->features, batch}, w{table->units, table->taps}, y{table->units, batch};
      const std::vector<Shape> shapes = op == Op::gather_dot         ? std::vector<Shape>{x, w}
                                        : op == Op::gather_dot_wgrad ? std::vector<Shape>{x, y}
                                                                     : std::vector<Shape>{y, w};
      cases.push_back({shapes, [=](Builder& b, const Nodes& v) {
                         return b.gather_dot(op, v[0], v[1], table);
                       }});
    }
  return cases;
}

Cases stack_cases() {
  Cases cases;
  for (const Shape& part : {Shape{2, 3}, Shape{3}, Shape{}, Shape{2, 2, 2}})
    cases.push_back({{part, part, part}, [](Builder& b, const Nodes& x) {
                       return b.stack({x[0], b.mul(x[1], x[2]), x[0], x[2]});
                     }});
  return cases;
}

Cases unstack_cases() {
  Cases cases;
  for (const Shape& whole : {Shape{3, 4}, Shape{3}, Shape{3, 2, 2}})
    for (const int64_t element : {0, 1, 2})
      cases.push_back(
          {{whole}, [=](Builder& b, const Nodes& x) { return b.unstack(x[0], element); }});
  cases.push_back({{{3, 4}}, [](Builder& b, const Nodes& x) {
                     return b.mul(b.unstack(x[0], 0), b.unstack(x[0], 2));
                   }});
  return cases;
}

Cases concat_cases() {
  Cases cases;
  for (const size_t columns : {1, 3})
    cases.push_back({{{2, columns}, {1, columns}, {3, columns}}, [](Builder& b, const Nodes& x) {
                       return b.concat({x[0], b.mul(x[2], x[2]), x[1], x[0]});
                     }});
  cases.push_back({{{2, 3}}, [](Builder& b, const Nodes& x) { return b.concat({x[0]}); }});
  return cases;
}

Cases rows_cases() {
  Cases cases;
  for (const auto& [first, count] :
       std::vector<std::pair<size_t, size_t>>{{0, 1}, {0, 5}, {1, 3}, {4, 1}, {2, 3}})
    for (const size_t columns : {1, 4})
      cases.push_back({{{5, columns}}, [=, from = first, rows = count](Builder& b, const Nodes& x) {
                         return b.rows(b.mul(x[0], x[0]), from, rows);
                       }});
  return cases;
}

Cases squared_error_cases() {
  Cases cases;
  for (const Shape& shape : {Shape{4, 3}, Shape{1, 1}, Shape{1, 5}, Shape{6, 1}})
    cases.push_back({{shape, shape}, [](Builder& b, const Nodes& x) {
                       return b.binary(Op::squared_error, x[0], x[1]);
                     }});
  return cases;
}

Cases reshape_cases() {
  Cases cases;
  const std::vector<std::pair<Shape, Shape>> pairs = {{{3, 4}, {2, 6}},  {{3, 4}, {12}},
                                                      {{12}, {3, 2, 2}}, {{}, {1, 1}},
                                                      {{1, 1}, {}},      {{2, 3}, {3, 2}}};
  for (const auto& [from, to] : pairs)
    cases.push_back({{from}, [target = to](Builder& b, const Nodes& x) {
                       return b.reshape(b.mul(x[0], x[0]), target);
                     }});
  return cases;
}

// Row numbers that repeat, leave rows out and lie outside of five rows: 0, 3, 3, 1, -1, 6, ...
NodeId row_numbers(Builder& b, size_t count) {
  std::vector<NodeId> rows;
  const int64_t numbers[] = {0, 3, 3, 1, -1, 6};
  for (size_t i = 0; i < count; ++i) rows.push_back(b.integer(numbers[i % 6]));
  return b.stack(rows);
}

Cases gather_cases() {
  Cases cases;
  for (const size_t count : {1, 4, 6})
    for (const size_t columns : {1, 3})
      cases.push_back({{{5, columns}}, [=](Builder& b, const Nodes& x) {
                         return b.gather(x[0], row_numbers(b, count));
                       }});
  return cases;
}

Cases scatter_cases() {
  Cases cases;
  for (const size_t count : {1, 4, 6})
    for (const size_t columns : {1, 3})
      cases.push_back({{{count, columns}}, [=](Builder& b, const Nodes& x) {
                         return b.scatter_add(x[0], row_numbers(b, count), 5);
                       }});
  return cases;
}

Cases cross_entropy_cases() {
  Cases cases;
  for (const Shape& shape : {Shape{4, 3}, Shape{1, 2}, Shape{6, 5}})
    cases.push_back({{shape}, [=](Builder& b, const Nodes& x) {
                       const NodeId label = b.min(b.iota({shape[0], 1}, 0),
                                                  b.integer(static_cast<int64_t>(shape[1]) - 1));
                       return b.cross_entropy(x[0], label);
                     }});
  return cases;
}

Cases softmax_cases() {
  Cases cases;
  for (const Shape& shape : {Shape{3, 4}, Shape{1, 5}, Shape{4, 1}})
    cases.push_back({{shape}, [](Builder& b, const Nodes& x) { return b.softmax(x[0]); }, -4, 4});
  return cases;
}

// h' = leaky(h w + x), stacking h h': carried, scanned, constant; control_test.cpp has more.
Cases scan_cases() {
  ir::Graph body;
  const auto slot = [&](const char* name, const Shape& shape) {
    return body.read(body.add_slot({name, 0, ir::SlotRole::kInput, DType::float64, shape}));
  };
  const NodeId h = slot("h", {2, 3}), x = slot("x", {2, 3}), w = slot("w", {3, 3});
  Builder b(body);
  const NodeId next = b.leaky_relu(b.add(b.contract(h, w), x), 0.25);
  const std::vector<NodeId> outputs = {next, b.mul(h, next)};
  const auto shared = ir::make_body(std::move(body), outputs);
  Cases cases;
  for (const size_t result : {0, 1})
    cases.push_back({{{2, 3}, {4, 2, 3}, {3, 3}},
                     [=](Builder& outer, const Nodes& v) {
                       return outer.get(outer.scan(shared, v, 4, 1, 1), result);
                     },
                     -0.7,
                     0.8});
  return cases;
}

Cases when_cases() {
  Cases cases;
  for (const int64_t condition : {0, 1, -7})
    for (const Shape& shape : {Shape{3, 4}, Shape{}})
      cases.push_back({{shape, shape}, [=](Builder& b, const Nodes& x) {
                         return b.when(b.integer(condition), b.mul(x[0], x[1]), b.exp(x[1]));
                       }});
  return cases;
}

const std::map<Op, Cases>& all_cases() {
  static const std::map<Op, Cases> cases = {
      {Op::slot, {{{{3, 4}}, [](Builder&, const Nodes& x) { return x[0]; }}}},
      {Op::cast, cast_cases()},
      {Op::neg, unary(Op::neg, -1, 1)},
      {Op::abs, unary(Op::abs, -1, 1)},
      {Op::exp, unary(Op::exp, -2, 2)},
      {Op::log, unary(Op::log, 0.5, 3)},
      {Op::sqrt, unary(Op::sqrt, 0.5, 3)},
      {Op::leaky_relu, unary(Op::leaky_relu, -1, 1, 0.125)},
      {Op::curve, curve_cases()},
      {Op::add, binary(Op::add, -1, 1)},
      {Op::sub, binary(Op::sub, -1, 1)},
      {Op::mul, binary(Op::mul, -1, 1)},
      {Op::div, binary(Op::div, 0.5, 2)},
      {Op::max, binary(Op::max, -1, 1)},
      {Op::min, binary(Op::min, -1, 1)},
      {Op::select, select_cases()},
      {Op::sum, reductions(Op::sum)},
      {Op::maximum, reductions(Op::maximum)},
      {Op::contract, contract_cases()},
      {Op::gather_dot, gather_dot_cases(Op::gather_dot)},
      {Op::gather_dot_wgrad, gather_dot_cases(Op::gather_dot_wgrad)},
      {Op::gather_dot_xgrad, gather_dot_cases(Op::gather_dot_xgrad)},
      {Op::transpose,
       {{{{3, 4}}, [](Builder& b, const Nodes& x) { return b.transpose(x[0]); }},
        {{{1, 5}}, [](Builder& b, const Nodes& x) { return b.transpose(x[0]); }}}},
      {Op::reshape, reshape_cases()},
      {Op::stack, stack_cases()},
      {Op::unstack, unstack_cases()},
      {Op::concat, concat_cases()},
      {Op::rows, rows_cases()},
      {Op::squared_error, squared_error_cases()},
      {Op::gather, gather_cases()},
      {Op::scatter_add, scatter_cases()},
      {Op::softmax, softmax_cases()},
      {Op::cross_entropy, cross_entropy_cases()},
      {Op::scan, scan_cases()},
      {Op::get, scan_cases()},
      {Op::when, when_cases()},
  };
  return cases;
}

class EveryOp : public ::testing::TestWithParam<size_t> {};

TEST_P(EveryOp, Gradient) {
  const Op op = static_cast<Op>(GetParam());
  const auto it = all_cases().find(op);
  if (info(op).gradient != Differentiable::kGrad) {
    EXPECT_EQ(it, all_cases().end()) << "is not differentiable by ops.def";
    return;
  }
  ASSERT_NE(it, all_cases().end()) << "a differentiable operation without a case in this test";
  for (const DifferentiableCase& c : it->second) {
    std::string shapes;
    for (const Shape& shape : c.shapes) shapes += to_string(shape);
    SCOPED_TRACE(shapes);
    const ir::Graph graph = expect_gradient(c);
    bool found = false;
    for (NodeId id = 0; id < graph.size(); ++id) found = found || graph[id].op == op;
    EXPECT_TRUE(found) << "the case does not use its operation";
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, EveryOp, ::testing::Range(size_t{0}, ir::kOpCount),
                         [](const auto& param) {
                           return std::string(ir::info(static_cast<Op>(param.param)).name);
                         });

}  // namespace
}  // namespace paragon
