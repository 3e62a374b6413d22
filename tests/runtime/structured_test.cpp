// SPDX-License-Identifier: Apache-2.0
// Reductions, contractions, movement and rows by index on `cpu` against `ref`, on every SIMD target
// and for 1, 2, 3 and 8 threads, and on `webgpu` where there is one.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#include "backends/cpu/target.hpp"
#include "graph_runner.hpp"
#include "passes/fixed_format.hpp"
#include "raises.hpp"

namespace paragon {
namespace {

using ir::Builder;
using ir::NodeId;
using ir::Op;
using testing::GraphMaker;
using testing::GraphRunner;
using Nodes = std::vector<NodeId>;

struct Case {
  std::string name;
  std::vector<std::pair<DType, Shape>> inputs;
  std::function<NodeId(Builder&, const Nodes&)> build;
  size_t terms = 0;  ///< summed into one element; floats differ by terms * eps * sum |term|
  double low = -128, high = 127;
};

class Targets : public ::testing::Test {
 protected:
  void TearDown() override { cpu::force_target(cpu::available_targets().back()); }
};

GraphMaker graph_of(const Case& c) {
  GraphMaker maker;
  Builder b = maker.b();
  Nodes inputs;
  for (size_t i = 0; i < c.inputs.size(); ++i)
    inputs.push_back(maker.input("x" + std::to_string(i), c.inputs[i].first, c.inputs[i].second));
  maker.output("y", c.build(b, inputs));
  maker.finish();
  return maker;
}

Tensor absolute(const Tensor& tensor) {
  Tensor result(tensor.type(), tensor.shape());
  for (size_t i = 0; i < tensor.elements(); ++i)
    testing::set_element(result, i, std::abs(testing::element(tensor, i)));
  return result;
}

/// Results of `device` beside those of `ref`; `magnitude`: the same sums of absolute values.
void expect_close(const std::string& device, const Case& c, const Tensor& got,
                  const Tensor& expected, const Tensor& magnitude) {
  if (!is_float(expected.type()) || c.terms == 0) {
    ASSERT_TRUE(testing::same_bytes(got, expected)) << device;
    return;
  }
  // `ref` sums in double: beside a float64 sum it has an error of the same size.
  const double epsilon = expected.type() == DType::float32 ? 0x1p-24 : 0x1p-52;
  for (size_t i = 0; i < expected.elements(); ++i)
    ASSERT_NEAR(testing::element(got, i), testing::element(expected, i),
                static_cast<double>(c.terms) * epsilon * testing::element(magnitude, i) + 1e-37)
        << device << " element " << i;
}

void expect_as_ref(const Case& c) {
  SCOPED_TRACE(c.name);
  const GraphMaker maker = graph_of(c);
  GraphRunner ref(maker.graph, "ref");
  std::vector<Tensor> values;
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    values.push_back(
        testing::uniform(c.inputs[i].first, c.inputs[i].second, c.low, c.high + 0.999, i + 1));
    ref.set("x" + std::to_string(i), values[i]);
  }
  ref.run();
  const Tensor expected = ref.get("y");
  Tensor magnitude = expected;
  const bool real = info(expected.type()).kind == DTypeKind::kFloat && c.terms > 0;
  if (real) {  // the same sums over absolute values
    for (size_t i = 0; i < values.size(); ++i)
      if (info(values[i].type()).kind == DTypeKind::kFloat)
        ref.set("x" + std::to_string(i), absolute(values[i]));
    ref.run();
    magnitude = ref.get("y");
  }
  for (const cpu::Target target : cpu::available_targets()) {
    cpu::force_target(target);
    Tensor first;
    for (const int threads : {1, 2, 3, 8}) {
      GraphRunner cpu(maker.graph, "cpu", threads);
      for (size_t i = 0; i < values.size(); ++i) cpu.set("x" + std::to_string(i), values[i]);
      for (int run = 0; run < 2; ++run) cpu.run();
      const Tensor got = cpu.get("y");
      if (threads == 1) first = got;
      ASSERT_TRUE(testing::same_bytes(got, first))
          << cpu::target_name(target) << ": " << threads << " threads change bits";
    }
    expect_close(std::string(cpu::target_name(target)), c, first, expected, magnitude);
    if (::testing::Test::HasFatalFailure()) return;
  }
  if (!testing::webgpu_is_there()) return;
  GraphRunner gpu(maker.graph, "webgpu");
  for (size_t i = 0; i < values.size(); ++i) gpu.set("x" + std::to_string(i), values[i]);
  for (int run = 0; run < 2; ++run) gpu.run();
  expect_close("webgpu", c, gpu.get("y"), expected, magnitude);
}

TEST_F(Targets, Reductions) {
  const Shape shapes[] = {{0, 5},  {5, 0},  {1, 1},   {1, 15},  {1, 16},   {1, 33},   {15, 1},
                          {33, 1}, {7, 13}, {31, 32}, {33, 17}, {5, 3000}, {3000, 5}, {260, 300}};
  for (const Op op : {Op::sum, Op::maximum})
    for (const DType type :
         {DType::float32, DType::float64, DType::int32, DType::int64, DType::int8, DType::int16})
      for (const Shape& shape : shapes)
        for (const int64_t axis : {0, 1, 2}) {
          const size_t terms = op == Op::maximum ? 0
                               : axis == 0       ? shape[0]
                               : axis == 1       ? shape[1]
                                                 : shape.elements();
          expect_as_ref(
              {std::string(info(op).name) + " " + std::string(name(type)) + to_string(shape) +
                   " axis " + std::to_string(axis),
               {{type, shape}},
               [=](Builder& b, const Nodes& x) { return b.graph().make(op, {x[0]}, {.a = axis}); },
               terms});
          if (HasFatalFailure()) return;
        }
  for (const Shape& shape : shapes)
    expect_as_ref({"or_bits " + to_string(shape),
                   {{DType::int32, shape}},
                   [](Builder& b, const Nodes& x) { return b.or_bits(x[0]); },
                   0,
                   -2147483648.0,
                   2147483646});
}

/// Range of what products of a type read, and the shift of their sums.
struct Products {
  DType type;
  double low, high;
  int bits;  // magnitude bits of integers; 0: floating point
};

const Products kProducts[] = {{DType::float32, -100, 100, 0},
                              {DType::float64, -100, 100, 0},
                              {DType::int8, -127, 127, 7},
                              {DType::int16, -32639, 32639, 15},
                              {DType::int32, -8355711, 8355711, 23}};

TEST_F(Targets, Contractions) {
  const std::array<size_t, 3> sizes[] = {
      {1, 1, 1},     {1, 1, 3000},   {15, 16, 17},  {16, 17, 15},  {31, 33, 32},
      {7, 13, 5},    {33, 17, 3000}, {1, 300, 784}, {300, 1, 100}, {130, 70, 40},
      {64, 128, 64}, {0, 5, 3},      {5, 0, 3},     {5, 3, 0}};
  for (const auto& [type, low, high, bits] : kProducts)
    for (const auto& [m, n, k] : sizes)
      for (const int flags : {0, 1, 2, 3}) {
        const bool ta = flags & 1, tb = flags & 2;
        const int64_t shift = bits == 0 ? 0 : fixed::sum_shift(2 * bits, k);
        expect_as_ref(
            {"contract " + std::string(name(type)) + " " + std::to_string(m) + "x" +
                 std::to_string(n) + "x" + std::to_string(k) + " flags " + std::to_string(flags),
             {{type, ta ? Shape{k, m} : Shape{m, k}}, {type, tb ? Shape{n, k} : Shape{k, n}}},
             [=](Builder& b, const Nodes& x) { return b.contract(x[0], x[1], ta, tb, shift); },
             k,
             low,
             high});
        if (HasFatalFailure()) return;
      }
}

std::shared_ptr<const ir::IndexTable> random_table(size_t units, size_t taps, size_t features) {
  std::mt19937 random(static_cast<unsigned>(units + taps));
  std::vector<int32_t> index(units * taps);
  for (int32_t& entry : index)
    entry = random() % 5 == 0 ? -1 : static_cast<int32_t>(random() % features);
  return ir::make_index_table(std::move(index), units, taps, features);
}

TEST_F(Targets, IndexedContractions) {
  for (const auto& [type, low, high, bits] : kProducts)
    for (const auto& table : {random_table(1, 1, 1), random_table(13, 9, 20),
                              random_table(64, 25, 100), random_table(3, 200, 7)})
      for (const size_t batch : {1, 15, 16, 17, 33, 64})
        for (const Op op : {Op::gather_dot, Op::gather_dot_wgrad, Op::gather_dot_xgrad}) {
          const Shape x{table->features, batch}, w{table->units, table->taps},
              y{table->units, batch};
          const size_t terms = op == Op::gather_dot         ? table->taps
                               : op == Op::gather_dot_wgrad ? batch
                                                            : table->index.size();
          const int64_t shift = bits == 0 ? 0 : fixed::sum_shift(2 * bits, terms);
          expect_as_ref({std::string(info(op).name) + " " + std::string(name(type)) + to_string(w) +
                             " batch " + std::to_string(batch),
                         {{type, op == Op::gather_dot_xgrad ? y : x},
                          {type, op == Op::gather_dot_wgrad ? y : w}},
                         [=](Builder& b, const Nodes& v) {
                           return b.graph().make(op, {v[0], v[1]}, {.c = shift, .table = table});
                         },
                         terms,
                         low,
                         high});
          if (HasFatalFailure()) return;
        }
}

TEST_F(Targets, Movement) {
  const Shape shapes[] = {{1, 1}, {1, 33}, {33, 1}, {7, 13}, {16, 32}, {64, 784}, {0, 5}, {5, 0}};
  const DType types[] = {DType::float32, DType::float64, DType::int8, DType::uint8,
                         DType::int16,   DType::int32,   DType::int64};
  for (const DType type : types)
    for (const Shape& shape : shapes) {
      const std::string text = " " + std::string(name(type)) + to_string(shape);
      const double low = type == DType::uint8 ? 0 : -128;
      expect_as_ref({"transpose" + text,
                     {{type, shape}},
                     [](Builder& b, const Nodes& x) { return b.transpose(x[0]); },
                     0,
                     low});
      expect_as_ref({"concat" + text,
                     {{type, shape}, {type, {3, shape[1]}}, {type, shape}},
                     [](Builder& b, const Nodes& x) {
                       return b.concat({x[2], x[1], x[0], x[1]});
                     },
                     0,
                     low});
      for (const size_t first : {size_t{0}, shape[0] / 2})
        if (shape[0] > 0)
          expect_as_ref({"rows" + text,
                         {{type, shape}},
                         [=](Builder& b, const Nodes& x) {
                           return b.rows(x[0], first, (shape[0] - first + 1) / 2);
                         },
                         0,
                         low});
      expect_as_ref({"stack" + text,
                     {{type, shape}, {type, shape}, {type, shape}},
                     [](Builder& b, const Nodes& x) {
                       return b.stack({x[2], x[0], x[1], x[0]});
                     },
                     0,
                     low});
      if (shape[0] > 0)
        expect_as_ref({"unstack" + text,
                       {{type, shape}},
                       [=](Builder& b, const Nodes& x) {
                         return b.unstack(x[0], static_cast<int64_t>(shape[0] / 2));
                       },
                       0,
                       low});
      for (const size_t rows : {1, 5, 300})
        expect_as_ref({"gather" + text + " rows " + std::to_string(rows),
                       {{type, shape}, {DType::int32, {rows, 1}}},
                       [](Builder& b, const Nodes& x) { return b.gather(x[0], x[1]); },
                       0,
                       -2,
                       40});
      if (HasFatalFailure()) return;
    }
  // Rows as columns are picked and turned at once.
  for (const DType type : types)
    for (const Shape& table : {Shape{7, 13}, Shape{40, 64}, Shape{16, 200}})
      for (const size_t rows : {1, 16, 33}) {
        expect_as_ref({"turned gather " + std::string(name(type)) + to_string(table),
                       {{type, table}, {DType::int32, {rows, 1}}},
                       [](Builder& b, const Nodes& x) { return b.transpose(b.gather(x[0], x[1])); },
                       0,
                       -2,
                       40});
        if (HasFatalFailure()) return;
      }
  for (const DType type : {DType::float32, DType::float64})
    for (const size_t rows : {1, 5, 300})
      for (const size_t columns : {1, 13, 64})
        expect_as_ref({"scatter_add " + std::string(name(type)),
                       {{type, {rows, columns}}, {DType::int32, {rows, 1}}},
                       [](Builder& b, const Nodes& x) { return b.scatter_add(x[0], x[1], 20); },
                       rows,
                       -2,
                       25});
}

// A data set's bytes become operands in one pass, by every shift and for rows outside of the table.
TEST_F(Targets, GatheredBytesBecomeOperands) {
  for (const DType type : {DType::int8, DType::int16})
    for (const int64_t shift : {-70, -3, 0, 1, 2, 7, 8, 9, 40})
      for (const int64_t limit : {1, 127, 200}) {
        if (type == DType::int8 && limit > 127) continue;
        expect_as_ref({std::string(name(type)) + " shift " + std::to_string(shift) + " limit " +
                           std::to_string(limit),
                       {{DType::uint8, {200, 150}}, {DType::int32, {9, 1}}},
                       [=](Builder& b, const Nodes& x) {
                         return b.requantise(b.cast(b.gather(x[0], x[1]), DType::int32),
                                             b.integer(shift), limit, type);
                       },
                       0,
                       -2,
                       255});
        if (HasFatalFailure()) return;
      }
}

}  // namespace
}  // namespace paragon
