// SPDX-License-Identifier: Apache-2.0
// Every element-wise operation of ops.def on `cpu`, on every SIMD target, against `ref`: all
// operand types that the rule accepts, sizes around the vector lengths, broadcasts, extreme values.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "backends/cpu/target.hpp"
#include "graph_runner.hpp"
#include "raises.hpp"

namespace paragon {
namespace {

using ir::Attrs;
using ir::NodeId;
using ir::Op;
using testing::GraphMaker;
using testing::GraphRunner;

constexpr DType kTypes[] = {DType::float32, DType::float64, DType::int8,
                            DType::uint8,   DType::int32,   DType::int64};

bool is_float(DType type) {
  return info(type).kind == DTypeKind::kFloat;
}

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
      return {{{DType::int32}, {{.a = 127}, {.a = 1}}}};
    case Op::requantise_sr:
      return {{{DType::int32, DType::int32}, {{.a = 127}, {.a = 1}}}};
    case Op::mul_shift:
      return {{{DType::int32, DType::int32}, {{.a = kWide}, {.a = (int64_t{1} << 31) - 1}}}};
    case Op::clamp:
      return {{{}, {{.a = -100, .b = 1000}, {.a = 5, .b = 5}}}};
    case Op::shift_right:
      return {{{}, {{.a = 0}, {.a = 1}, {.a = 7}, {.a = 31}}}};
    case Op::mul_rsqrt:
      return {{{DType::int64}}};
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

bool takes_shift(Op op) {
  return op == Op::align || op == Op::requantise || op == Op::requantise_sr || op == Op::mul_shift;
}

bool must_be_scalar(Op op, size_t operand) {
  return op == Op::random || (takes_shift(op) && operand == (op == Op::mul_shift ? 2u : 1u));
}

/// Values within the operation's domain, every fifth an extreme one.
Tensor values(Op op, size_t operand, DType type, const Shape& shape, uint64_t seed) {
  Tensor tensor(type, shape);
  constexpr float kHuge = std::numeric_limits<float>::max(),
                  kTiny = std::numeric_limits<float>::min();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double reals[] = {0.0,        -0.0,         1.0,   -1.0,   kTiny,
                          -kTiny,     kTiny / 8,    kHuge, -kHuge, kInfinity,
                          -kInfinity, std::nan(""), 88.5,  -87.0,  -103.0};
  for (size_t i = 0; i < tensor.elements(); ++i) {
    const uint64_t bits = random::bits64(seed, i);
    const bool extreme = bits % 5 == 0;
    ir::Number value;
    if (is_float(type)) {
      const double unit = static_cast<double>(bits >> 11) * 0x1p-53;
      value.f = op == Op::exp ? 180 * unit - 90 : 8 * unit - 4;
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
      if (op == Op::exp2_negative) within(0, int64_t{40} << 16);
      if (op == Op::div_round) within(operand, operand == 0 ? largest : 1000000);
      if (op == Op::mul_rsqrt && operand == 0) within(-(1 << 30), 1 << 30);
      if (op == Op::mul_rsqrt && operand == 1) within(1, int64_t{1} << 61);
      if (op == Op::permute && operand == 0) within(0, 1999);
      if (op == Op::permute && operand == 2) value.i = 2000;
    }
    ir::store(type, tensor.data(), i, value);
  }
  return tensor;
}

/// Integers and correctly rounded operations equal to the bit; exp within 3 units in the last
/// place, results below the normal numbers may be 0.
::testing::AssertionResult close(Op op, const Tensor& got, const Tensor& expected) {
  for (size_t i = 0; i < expected.elements(); ++i) {
    const double a = testing::element(got, i), b = testing::element(expected, i);
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    const bool rounded = op == Op::exp && expected.type() == DType::float32;
    const double ulp = std::ldexp(std::max(std::abs(b), 0x1p-126), -23);
    if (rounded && std::abs(a - b) <= std::max(3 * ulp, 0x1p-126)) continue;
    return ::testing::AssertionFailure() << "element " << i << " is " << a << ", expected " << b;
  }
  if (!is_float(expected.type()) && !testing::same_bytes(got, expected))
    return ::testing::AssertionFailure() << "differs beyond 53 bits";
  return ::testing::AssertionSuccess();
}

class EveryElementwise : public ::testing::TestWithParam<size_t> {
 protected:
  void TearDown() override { cpu::force_target(cpu::available_targets().back()); }

  void check(Op op, const std::vector<DType>& types, const Attrs& attrs) {
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
        inputs.emplace_back(name, values(op, i, types[i], shape, s * 8 + i + 1));
        if (takes_shift(op) && must_be_scalar(op, i)) shifts.push_back(name);
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
    for (const auto& [name, value] : inputs) {
      ref.set(name, value);
      for (auto& other : others) other->set(name, value);
    }
    const std::vector<int> amounts =
        shifts.empty() ? std::vector<int>{0}
                       : std::vector<int>{-40, -32, -31, -3, -1, 0,  1,  2,  7, 23,
                                          30,  31,  32,  33, 40, 61, 62, 63, 64};
    for (const int amount : amounts) {
      const Tensor shift = testing::filled(DType::int32, {}, {static_cast<double>(amount)});
      for (const std::string& name : shifts) ref.set(name, shift);
      ref.run();
      for (size_t k = 0; k < others.size(); ++k) {
        for (const std::string& name : shifts) others[k]->set(name, shift);
        others[k]->run();
        for (size_t s = 0; s < kShapes.size(); ++s) {
          const std::string y_name = "y" + std::to_string(s);
          ASSERT_TRUE(close(op, others[k]->get(y_name), ref.get(y_name)))
              << names[k] << ", shapes " << to_string(kShapes[s][0]) << to_string(kShapes[s][1])
              << to_string(kShapes[s][2]) << ", shift " << amount << ", limit or attribute "
              << attrs.a;
        }
      }
    }
  }

  size_t programs_ = 0;
};

TEST_P(EveryElementwise, OnCpuAsOnRef) {
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
        EXPECT_NO_THROW(check(op, types, attrs)) << "what the rule accepts must run";
        if (HasFatalFailure()) return;
      }
  EXPECT_GT(programs_, 0u) << "no operand type fits: this shows nothing";
}

INSTANTIATE_TEST_SUITE_P(Ops, EveryElementwise, ::testing::Range(size_t{0}, ir::kOpCount),
                         [](const auto& param) {
                           return std::string(ir::info(static_cast<Op>(param.param)).name);
                         });

}  // namespace
}  // namespace paragon
