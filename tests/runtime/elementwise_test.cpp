// SPDX-License-Identifier: Apache-2.0
// Every element-wise operation of ops.def on `cpu`, on every SIMD target, against `ref`: all
// operand types that the rule accepts, sizes around the vector lengths, broadcasts, extreme values.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "backends/cpu/target.hpp"
#include "core/mean_square.hpp"
#include "float_closeness.hpp"
#include "graph_runner.hpp"
#include "raises.hpp"

namespace paragon {
namespace {

using ir::Attrs;
using ir::NodeId;
using ir::Op;
using testing::close;
using testing::GraphMaker;
using testing::GraphRunner;

constexpr DType kTypes[] = {DType::float32, DType::float64, DType::int8, DType::uint8,
                            DType::int16,   DType::int32,   DType::int64};

// Shapes of the operands, by operand: the first is left out where an operand must be a scalar.
const std::vector<std::vector<Shape>> kShapes = {{{0, 5}, {0, 5}, {0, 5}},
                                                 {{5, 0}, {5, 0}, {1, 0}},
                                                 {{1, 1}, {1, 1}, {1, 1}},
                                                 {{1, 15}, {1, 15}, {1, 15}},
                                                 {{1, 16}, {1, 16}, {1, 16}},
                                                 {{1, 17}, {1, 17}, {1, 17}},
                                                 {{1, 31}, {1, 31}, {1, 31}},
                                                 {{1, 32}, {1, 32}, {1, 32}},
                                                 {{1, 33}, {1, 33}, {1, 33}},
                                                 {{7, 13}, {7, 13}, {7, 13}},
                                                 {{33, 1}, {33, 1}, {33, 1}},
                                                 {{9}, {9}, {9}},
                                                 {{3, 700}, {3, 700}, {3, 700}},
                                                 {{1, 2500}, {1, 2500}, {}},
                                                 {{7, 13}, {1, 13}, {7, 1}},
                                                 {{1, 13}, {7, 13}, {}},
                                                 {{7, 1}, {7, 13}, {7, 13}},
                                                 {{7, 13}, {7, 1}, {1, 13}},
                                                 {{}, {7, 13}, {1, 13}},
                                                 {{7, 13}, {}, {7, 13}},
                                                 {{7, 1}, {1, 13}, {}},
                                                 {{}, {}, {7, 13}},
                                                 {{}, {7, 13}, {}},
                                                 {{7, 13}, {}, {}},
                                                 {{1, 13}, {7, 1}, {7, 13}},
                                                 {{}, {}, {}},
                                                 {{300, 70}, {1, 70}, {300, 1}}};

/// How one operation is used: types of the operands after the first, attributes to try.
struct Use {
  std::vector<DType> rest;
  std::vector<Attrs> attrs = {{}};
};

/// Limits of what products read, with their types.
const std::vector<Attrs> kOperandLimits = {
    {.a = 127, .b = static_cast<int64_t>(DType::int8)},
    {.a = 1, .b = static_cast<int64_t>(DType::int8)},
    {.a = 32639, .b = static_cast<int64_t>(DType::int16)},
    {.a = 8355711, .b = static_cast<int64_t>(DType::int32)},
    {.a = (int64_t{1} << 31) - 1, .b = static_cast<int64_t>(DType::int32)}};

std::vector<Attrs> every_curve() {
  std::vector<Attrs> all;
  for (size_t i = 0; i < kCurves; ++i) all.push_back({.a = static_cast<int64_t>(i)});
  return all;
}

std::vector<Use> uses(Op op, DType first) {
  constexpr int64_t kWide = (int64_t{1} << 30) - 1;
  switch (op) {
    case Op::cast: {
      Use use;
      use.attrs.clear();
      for (DType type : kTypes) use.attrs.push_back({.a = static_cast<int64_t>(type)});
      return {use};
    }
    case Op::leaky_relu:
      return {{{}, {{.real = 0.01}, {.real = 0}, {.real = 1.5}}}};
    case Op::select: {
      std::vector<Use> all;
      for (DType type : kTypes) all.push_back({{type, type}});
      return all;
    }
    case Op::align:
      return {{{DType::int32}, {{.a = 127}, {.a = kWide}, {.a = (int64_t{1} << 31) - 1}}}};
    case Op::requantise:
      return {{{DType::int32}, kOperandLimits}};
    case Op::requantise_sr:
      return {{{DType::int32, DType::int32}, kOperandLimits}};
    case Op::curve:
    case Op::curve_slope:
      return {{{}, every_curve()}};
    case Op::curve_fixed:
    case Op::curve_slope_fixed:
      return {{{DType::int32}, every_curve()}};
    case Op::mul_shift:
      return {{{DType::int32, DType::int32}, {{.a = kWide}, {.a = (int64_t{1} << 31) - 1}}}};
    case Op::clamp:
      return {{{}, {{.a = -100, .b = 1000}, {.a = 5, .b = 5}}}};
    case Op::shift_right:
      return {{{}, {{.a = 0}, {.a = 1}, {.a = 7}, {.a = 31}}}};
    case Op::mean_square:
      return {{{DType::int32}, {{.a = 1}, {.a = 10}, {.a = fixed::kMaxDecayBits}}}};
    case Op::mul_rsqrt:
      return {{{DType::int32},
               {{.a = fixed::square_code(1)},
                {.a = fixed::square_code(9)},
                {.a = fixed::square_code(uint64_t{1} << 50)},
                {.a = fixed::kLargestSquareCode}}}};
    case Op::hash_key:
      return {{{DType::int64}, {{.a = 4, .id = 77}}}};
    case Op::random:
      return {{{},
               {{.a = 100, .b = 1},
                {.a = 1, .b = 40},
                {.a = int64_t{1} << 31, .b = int64_t{1} << 29}}}};
    case Op::permute:
      return {{{DType::int64, DType::int32}}};
    default:
      return {{std::vector<DType>(static_cast<size_t>(info(op).operands) - 1, first)}};
  }
}

/// The operand that is a scalar with a shift or an exponent; 9 if there is none.
size_t shift_operand(Op op) {
  switch (op) {
    case Op::align:
    case Op::requantise:
    case Op::requantise_sr:
    case Op::curve_fixed:
    case Op::curve_slope_fixed:
      return 1;
    case Op::mul_shift:
      return 2;
    default:
      return 9;
  }
}

std::vector<int> shifts_of(Op op) {
  if (shift_operand(op) == 9) return {0};
  if (op == Op::curve_fixed || op == Op::curve_slope_fixed)
    return {-2000, -70, -58, -57, -56, -55, -45, -30, -27, -26,
            -25,   -24, -12, -1,  0,   1,   2,   30,  2000};
  return {-70, -63, -62, -61, -40, -32, -31, -30, -3, -1, 0,  1,
          2,   7,   23,  30,  31,  32,  33,  40,  61, 62, 63, 64};
}

bool must_be_scalar(Op op, size_t operand) {
  return op == Op::random || operand == shift_operand(op);
}

/// Values within the operation's domain, every fifth an extreme one.
Tensor values(Op op, size_t operand, DType type, const Shape& shape, uint64_t seed) {
  Tensor tensor(type, shape);
  constexpr float kHuge = std::numeric_limits<float>::max(),
                  kTiny = std::numeric_limits<float>::min();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double reals[] = {0.0,    -0.0,      1.0,        -1.0,
                          kTiny,  -kTiny,    kTiny / 8,  kHuge,
                          -kHuge, kInfinity, -kInfinity, std::nan(""),
                          88.5,   -87.0,     -103.0,     709.5,
                          -707.5, -750,      1e-320,     std::numeric_limits<double>::max()};
  for (size_t i = 0; i < tensor.elements(); ++i) {
    const uint64_t bits = random::bits64(seed, i);
    const bool extreme = bits % 5 == 0;
    ir::Number value;
    if (is_float(type)) {
      const double unit = static_cast<double>(bits >> 11) * 0x1p-53;
      const bool curve = op == Op::curve || op == Op::curve_slope;
      value.f = op == Op::exp ? 180 * unit - 90 : curve ? 30 * unit - 15 : 8 * unit - 4;
      if (extreme && op != Op::cast) value.f = reals[(bits >> 8) % std::size(reals)];
    } else {
      const int64_t low = type == DType::int32 ? std::numeric_limits<int32_t>::min()
                                               : std::numeric_limits<int64_t>::min();
      const int64_t wholes[] = {0,   1,   -1,   low, low + 1, ~low,
                                127, 128, -128, 255, 1 << 30, -(1 << 30)};
      value.i = static_cast<int64_t>(bits) >> (bits % 61);
      if (extreme) value.i = wholes[(bits >> 8) % std::size(wholes)];
      const auto within = [&](int64_t smallest, int64_t largest) {
        if (value.i < smallest || value.i > largest)
          value.i = smallest + static_cast<int64_t>((bits >> 3) %
                                                    static_cast<uint64_t>(largest - smallest + 1));
      };
      const int64_t largest = type == DType::int32 ? ~low : int64_t{1} << 60;
      if (op == Op::requantise_sr && operand == 0) within(-largest, largest);
      if (op == Op::mul_shift) within(-~low, ~low);  // the products are exact below 2^31
      if (op == Op::exp2_negative)
        within(0, type == DType::int32 ? int64_t{2147483647} : int64_t{40} << 24);
      if (op == Op::div_round) within(operand, operand == 0 ? largest : 1000000);
      const size_t code = op == Op::mean_square ? 0 : op == Op::mul_rsqrt ? 1 : 9;
      if (operand == code) within(0, fixed::kLargestSquareCode);
      if (code != 9 && operand != code) within(-(1 << 30), 1 << 30);
      if (op == Op::permute && operand == 0) within(0, 1999);
      if (op == Op::permute && operand == 2) value.i = 2000;
    }
    ir::store(type, tensor.data(), i, value);
  }
  return tensor;
}

class EveryElementwise : public ::testing::TestWithParam<size_t> {
 protected:
  void TearDown() override { cpu::force_target(cpu::available_targets().back()); }

  /// `gpu`: on webgpu, too. Kernels take long to compile, so only one set of attributes goes there;
  /// the formulas with all of them are compared in tests/webgpu.
  void check(Op op, const std::vector<DType>& types, const Attrs& attrs, bool gpu) {
    const bool wgsl_only = gpu && testing::webgpu_is_less_than_ieee();
    GraphMaker maker;
    std::vector<std::pair<std::string, Tensor>> inputs;
    std::vector<std::string> shifts;
    for (size_t s = 0; s < kShapes.size(); ++s) {
      std::vector<NodeId> operands;
      Attrs used = attrs;
      bool fits = true;
      for (size_t i = 0; i < types.size(); ++i) {
        const Shape shape = must_be_scalar(op, i) ? Shape{} : kShapes[s][i];
        const std::string name = "x" + std::to_string(s) + "." + std::to_string(i);
        operands.push_back(maker.input(name, types[i], shape));
        Tensor operand = values(op, i, types[i], shape, s * 8 + i + 1);
        if (wgsl_only) operand = testing::defined_operand(op, i, operand);
        inputs.emplace_back(name, std::move(operand));
        if (i == shift_operand(op)) shifts.push_back(name);
      }
      if (op == Op::random) used.shape = kShapes[s][0];
      try {
        maker.output("y" + std::to_string(s), maker.graph.make(op, operands, used));
      } catch (const Error&) {
        fits = false;  // the rule refuses these types: nothing to compare
      }
      if (!fits) return;
    }
    const ir::Node y = maker.graph[maker.phase.assignments.back().value];
    const DType type = y.type;
    maker.finish();
    ++programs_;
    if (!runtime::find_backend("cpu").supports(op, type)) {
      EXPECT_TRUE(testing::contains(testing::message_of([&] { GraphRunner(maker.graph, "cpu"); }),
                                    std::string(name(type))));
      return;
    }
    GraphRunner ref(maker.graph, "ref");
    std::vector<std::unique_ptr<GraphRunner>> others;
    std::vector<std::string> names;
    for (const cpu::Target target : cpu::available_targets())
      for (const int threads : {1, 3}) {
        cpu::force_target(target);
        others.push_back(std::make_unique<GraphRunner>(maker.graph, "cpu", threads));
        names.push_back(std::string(cpu::target_name(target)) + " x" + std::to_string(threads));
      }
    if (gpu && testing::webgpu_is_there()) {
      others.push_back(std::make_unique<GraphRunner>(maker.graph, "webgpu"));
      names.push_back("webgpu");
    }
    for (const auto& [name, value] : inputs) {
      ref.set(name, value);
      for (auto& other : others) other->set(name, value);
    }
    for (const int amount : shifts_of(op)) {
      const Tensor shift = testing::filled(DType::int32, {}, {static_cast<double>(amount)});
      for (const std::string& name : shifts) ref.set(name, shift);
      ref.run();
      for (size_t k = 0; k < others.size(); ++k) {
        for (const std::string& name : shifts) others[k]->set(name, shift);
        others[k]->run();
        for (size_t s = 0; s < kShapes.size(); ++s) {
          const std::string y_name = "y" + std::to_string(s);
          ASSERT_TRUE(
              close(op, others[k]->get(y_name), ref.get(y_name), wgsl_only && names[k] == "webgpu"))
              << names[k] << ", shapes " << to_string(kShapes[s][0]) << to_string(kShapes[s][1])
              << to_string(kShapes[s][2]) << ", shift " << amount << ", limit or attribute "
              << attrs.a;
        }
      }
    }
  }

  size_t programs_ = 0;
};

TEST_P(EveryElementwise, OnEveryDeviceAsOnRef) {
  const Op op = static_cast<Op>(GetParam());
  if (info(op).cls != ir::OpClass::kElementwise) return;
  for (DType first : kTypes)
    for (const Use& use : uses(op, first))
      for (const Attrs& attrs : use.attrs) {
        std::vector<DType> types = {first};
        types.insert(types.end(), use.rest.begin(), use.rest.end());
        std::string text;
        for (DType type : types) text += " " + std::string(name(type));
        SCOPED_TRACE(std::string(info(op).name) + text);
        // Of conditions and values on webgpu, one is of int32.
        const bool few = op != Op::select || first == DType::int32 || types[1] == DType::int32;
        EXPECT_NO_THROW(check(op, types, attrs, few && &attrs == &use.attrs.front()))
            << "what the rule accepts must run";
        if (HasFatalFailure()) return;
      }
  EXPECT_GT(programs_, 0u) << "no operand type fits: this shows nothing";
}

// Generators have no operands: sizes around the vectors, tiles and threads.
TEST(Generators, OnCpuAsOnRef) {
  for (const auto& [rows, cols] : std::vector<std::pair<size_t, size_t>>{
           {1, 1}, {1, 17}, {33, 1}, {7, 13}, {3, 700}, {1, 2500}, {300, 70}}) {
    GraphMaker maker;
    std::vector<int32_t> index(rows * cols);
    for (size_t i = 0; i < index.size(); ++i) index[i] = static_cast<int32_t>(i * 37 % 101) - 1;
    // Alone and as part of a larger dispatch.
    const NodeId x = maker.input("x", DType::int32, {rows, cols});
    const NodeId table = maker.b().table(ir::make_index_table(index, rows, cols, 100));
    maker.output("table", table);
    maker.output("table+x", maker.b().add(table, x));
    for (const int axis : {0, 1})
      maker.output("iota" + std::to_string(axis),
                   maker.graph.make(Op::iota, {}, {.a = axis, .shape = {rows, cols}}));
    maker.finish();
    GraphRunner ref(maker.graph, "ref");
    ref.set("x", testing::uniform(DType::int32, {rows, cols}, -1000, 1000, 5));
    ref.run();
    for (const cpu::Target target : cpu::available_targets())
      for (const int threads : {1, 3}) {
        cpu::force_target(target);
        GraphRunner cpu(maker.graph, "cpu", threads);
        cpu.set("x", testing::uniform(DType::int32, {rows, cols}, -1000, 1000, 5));
        cpu.run();
        for (const char* name : {"table", "table+x", "iota0", "iota1"})
          EXPECT_TRUE(testing::same_bytes(cpu.get(name), ref.get(name)))
              << name << " " << rows << " x " << cols << " on " << cpu::target_name(target);
      }
    EXPECT_EQ(testing::element(ref.get("table"), rows * cols - 1), index.back());
  }
  cpu::force_target(cpu::available_targets().back());
}

// Bitwise ors are collected while tiles are stored, by all threads together.
TEST(OrBits, OfBothWidthsOnCpuAsOnRef) {
  for (const DType type : {DType::int32, DType::int64})
    for (const Shape& shape : {Shape{1, 1}, Shape{7, 13}, Shape{300, 70}}) {
      GraphMaker maker;
      const NodeId x = maker.input("x", type, shape);
      const NodeId sum = maker.b().add(x, maker.b().integer(1, type));
      maker.output("or", maker.b().or_bits(sum));
      maker.output("sum", sum);
      maker.finish();
      Tensor values(type, shape);
      for (size_t i = 0; i < values.elements(); ++i) {
        const auto bits = static_cast<int64_t>(random::bits64(8, i)) >> (2 + i % 60);
        ir::store(type, values.data(), i, {.i = type == DType::int32 ? bits >> 32 : bits});
      }
      GraphRunner ref(maker.graph, "ref");
      ref.set("x", values);
      ref.run();
      for (const cpu::Target target : cpu::available_targets())
        for (const int threads : {1, 3}) {
          cpu::force_target(target);
          GraphRunner cpu(maker.graph, "cpu", threads);
          cpu.set("x", values);
          cpu.run();
          EXPECT_TRUE(testing::same_bytes(cpu.get("or"), ref.get("or"))) << to_string(shape);
          cpu.set("x", Tensor(type, shape));  // every run starts at zero
          cpu.run();
          EXPECT_EQ(testing::element(cpu.get("or"), 0), 1) << to_string(shape);
        }
    }
  cpu::force_target(cpu::available_targets().back());
}

INSTANTIATE_TEST_SUITE_P(Ops, EveryElementwise, ::testing::Range(size_t{0}, ir::kOpCount),
                         [](const auto& param) {
                           return std::string(ir::info(static_cast<Op>(param.param)).name);
                         });

}  // namespace
}  // namespace paragon
