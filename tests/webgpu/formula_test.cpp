// SPDX-License-Identifier: Apache-2.0
// Every element-wise operation in every type as WGSL against the reference formulas, with 64-bit
// types of the device and with those made of 32-bit words.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "backends/webgpu/formula.hpp"
#include "core/curve.hpp"
#include "core/mean_square.hpp"
#include "core/random.hpp"
#include "float_closeness.hpp"
#include "formula_batch.hpp"
#include "ir/rules/integer_formulas.hpp"

namespace paragon {
namespace {

using ir::Attrs;
using ir::Number;
using ir::Op;
using testing::FormulaCase;
using webgpu::Features;

constexpr DType kTypes[] = {DType::float32, DType::float64, DType::int8, DType::uint8,
                            DType::int16,   DType::int32,   DType::int64};
constexpr size_t kElements = 2048, kCasesOfKernel = 24;
constexpr int64_t kLeast32 = std::numeric_limits<int32_t>::min(), kLargest32 = ~kLeast32;
constexpr int64_t kLeast64 = std::numeric_limits<int64_t>::min();

Number integer_value(DType type, uint64_t bits) {
  const int64_t edges[] = {0,
                           1,
                           -1,
                           2,
                           -2,
                           3,
                           -3,
                           7,
                           127,
                           128,
                           -128,
                           255,
                           32767,
                           -32768,
                           1 << 30,
                           -(1 << 30),
                           kLargest32,
                           kLeast32,
                           kLeast32 + 1,
                           1LL << 32,
                           -(1LL << 32),
                           1LL << 62,
                           -(1LL << 62),
                           ~kLeast64,
                           kLeast64,
                           kLeast64 + 1};
  int64_t value = static_cast<int64_t>(bits) >> (bits % 63);
  if (type != DType::int64) value = static_cast<int32_t>(bits >> 32) >> (bits % 31);
  if (bits % 3 == 0) value = edges[(bits >> 8) % std::size(edges)];
  return {.i = ir::narrowed(type, value)};
}

Number real_value(Op op, DType type, DType from, uint64_t bits) {
  constexpr float kHuge = std::numeric_limits<float>::max();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double edges[] = {0.0,        -0.0,         1.0,    -1.0,  0x1p-126, -0x1p-126,
                          0x1p-130,   kHuge,        -kHuge, 0.5,   -0.5,     kInfinity,
                          -kInfinity, std::nan(""), 88.7,   -87.0, -103.0,   709.5,
                          -707.5,     -745,         1e-320, 1e300, 1.7e308};
  const double unit = static_cast<double>(bits >> 11) * 0x1p-53;
  double value = 8 * unit - 4;
  if (bits % 2 != 0) value = std::ldexp(value, static_cast<int>((bits >> 3) % 60) - 30);
  if (op == Op::exp)
    value = (from == DType::float32 ? 190 : 1450) * unit - (bits % 2 != 0 ? 103 : 740);
  if (op == Op::curve || op == Op::curve_slope) value *= bits % 4 == 1 ? 1 : 8;
  if (bits % 5 == 0) value = edges[(bits >> 8) % std::size(edges)];
  // Compilers take x * 0 for 0.
  if (op == Op::leaky_relu && !std::isfinite(value)) value = 3;
  // A conversion to integers is defined within 64 bits.
  if (op == Op::cast && !is_float(type)) {
    value = std::ldexp(2 * unit - 1, static_cast<int>(bits % 63));
    if (bits % 5 == 0) value = std::trunc(value);
  }
  return {.f = from == DType::float32 ? static_cast<float>(value) : value};
}

bool is_shift(Op op, size_t operand) {
  switch (op) {
    case Op::align:
    case Op::requantise:
    case Op::requantise_sr:
    case Op::curve_fixed:
    case Op::curve_slope_fixed:
      return operand == 1;
    case Op::mul_shift:
      return operand == 2;
    default:
      return false;
  }
}

/// A value of the operation's domain.
Number value(const FormulaCase& one, size_t operand, uint64_t bits) {
  const DType type = one.operand_types[operand];
  if (is_float(type)) return real_value(one.op, one.type, type, bits);
  if (is_shift(one.op, operand)) {
    const int64_t extreme[] = {kLeast32, kLeast32 + 1, kLargest32, -4096, 4096, -2000, 2000};
    return {.i = bits % 8 == 0 ? extreme[(bits >> 3) % std::size(extreme)]
                               : static_cast<int64_t>((bits >> 3) % 141) - 70};
  }
  Number number = integer_value(type, bits);
  const auto within = [&](int64_t least, int64_t largest) {
    if (number.i < least || number.i > largest)
      number.i =
          least + static_cast<int64_t>((bits >> 3) % static_cast<uint64_t>(largest - least + 1));
  };
  switch (one.op) {
    case Op::div_round:
      if (type == DType::int64) within(operand == 0 ? kLeast64 / 2 : -5, kLargest32 << 30);
      break;
    case Op::mean_square:
    case Op::mul_rsqrt:
      if (operand == (one.op == Op::mean_square ? 0 : 1))
        within(0, fixed::kLargestSquareCode);
      else
        within(-(1 << 30), 1 << 30);
      break;
    case Op::permute:
      if (operand == 2) number.i = one.attrs.c;
      if (operand == 0)
        number.i = static_cast<int32_t>((bits >> 3) % static_cast<uint32_t>(one.attrs.c));
      break;
    default:
      break;
  }
  return number;
}

std::vector<Attrs> every_curve() {
  std::vector<Attrs> all;
  for (size_t i = 0; i < kCurves; ++i) all.push_back({.a = static_cast<int64_t>(i)});
  return all;
}

/// A use of an operation: result and operands.
struct Use {
  DType type;
  std::vector<DType> operands;
  std::vector<Attrs> attrs = {{}};
};

std::vector<Use> uses(Op op) {
  constexpr DType i32 = DType::int32, i64 = DType::int64;
  const std::vector<Attrs> limits = {
      {.a = 1}, {.a = 127}, {.a = (1 << 30) - 1}, {.a = kLargest32}, {.a = int64_t{1} << 40}};
  std::vector<Use> all;
  switch (op) {
    case Op::cast:
      for (const DType from : kTypes)
        for (const DType to : kTypes) all.push_back({to, {from}});
      return all;
    case Op::select:
    case Op::when:
      for (const DType from : kTypes) all.push_back({from, {i32, from, from}});
      for (const DType from : kTypes) all.push_back({i32, {from, i32, i32}});
      return all;
    case Op::iota:
      return {{i32, {}, {{.a = 0}, {.a = 1}}}};
    case Op::leaky_relu:
      for (const DType type : {DType::float32, DType::float64})
        all.push_back({type, {type}, {{.real = 0.01}, {.real = 0}, {.real = 1.5}}});
      return all;
    case Op::curve:
    case Op::curve_slope:
      for (const DType type : {DType::float32, DType::float64})
        all.push_back({type, {type}, every_curve()});
      return all;
    case Op::curve_fixed:
    case Op::curve_slope_fixed:
      return {{i32, {i32, i32}, every_curve()}};
    case Op::align:
      return {{i32, {i32, i32}, limits}, {i64, {i64, i32}, limits}};
    case Op::requantise:
      for (const DType to : {DType::int8, DType::int16, i32})
        for (const DType from : {i32, i64}) all.push_back({to, {from, i32}, limits});
      return all;
    case Op::requantise_sr:
      for (const DType to : {DType::int8, DType::int16, i32})
        all.push_back({to, {i32, i32, i32}, limits});
      return all;
    case Op::mul_shift:
      return {{i32, {i32, i32, i32}, limits}};
    case Op::clamp:
      for (const DType type : {i32, i64})
        all.push_back(
            {type,
             {type},
             {{.a = -100, .b = 1000}, {.a = 5, .b = 5}, {.a = kLeast64, .b = ~kLeast64}}});
      all[0].attrs.push_back({.a = 1LL << 35, .b = 1LL << 36});
      all[0].attrs.push_back({.a = -(1LL << 36) - 5, .b = -(1LL << 35) - 5});
      return all;
    case Op::shift_right:
      return {{i32, {i32}, {{.a = 0}, {.a = 7}, {.a = 31}}},
              {i64, {i64}, {{.a = 0}, {.a = 7}, {.a = 32}, {.a = 63}}}};
    case Op::bit_length:
    case Op::exp2_negative:
    case Op::log2_q16:
      return {{i32, {i32}}, {i32, {i64}}};
    case Op::mean_square:
      return {{i32, {i32, i32}, {{.a = 1}, {.a = 10}, {.a = fixed::kMaxDecayBits}}}};
    case Op::mul_rsqrt:
      return {{i32,
               {i32, i32},
               {{.a = fixed::square_code(1)},
                {.a = fixed::square_code(uint64_t{1} << 50)},
                {.a = fixed::kLargestSquareCode}}}};
    case Op::hash_key:
      return {{i64, {i64, i64}, {{.a = 4, .id = 77}, {.a = -1, .b = 1LL << 40, .id = ~0ull}}}};
    case Op::random:
      return {{i32,
               {i64},
               {{.a = 37, .b = 1, .shape = {60, 37}},
                {.a = 1, .b = 100, .shape = {60, 37}},
                {.a = int64_t{1} << 31, .b = int64_t{1} << 29, .shape = {60, 37}},
                {.a = -3, .b = 1LL << 45}}}};
    case Op::permute:
      return {
          {i32,
           {i32, i64, i32},
           {{.c = 1}, {.c = 2}, {.c = 3}, {.c = 2000}, {.c = kLargest32}, {.c = kLeast32 + 5}}}};
    default: {
      const auto operands = static_cast<size_t>(std::max(info(op).operands, 0));
      for (const DType type : kTypes)
        if (webgpu::has_formula(op, type))
          all.push_back({type, std::vector<DType>(operands, type)});
      return all;
    }
  }
}

/// Fills in values. A leaf gets an operand that it does not read.
FormulaCase make_case(Op op, const Use& use, const Attrs& attrs) {
  FormulaCase one{.op = op, .type = use.type, .operand_types = use.operands, .attrs = attrs};
  if (one.operand_types.empty()) one.operand_types.push_back(DType::int32);
  one.operands.resize(one.operand_types.size());
  for (size_t operand = 0; operand < one.operands.size(); ++operand)
    for (size_t i = 0; i < kElements; ++i)
      one.operands[operand].push_back(
          value(one, operand, random::bits64(operand + 17 * static_cast<size_t>(op), i)));
  if (testing::webgpu_is_less_than_ieee())
    for (size_t operand = 0; operand < one.operands.size(); ++operand)
      if (const DType type = one.operand_types[operand]; is_float(type))
        for (Number& number : one.operands[operand])
          number.f = testing::defined_operand(op, operand, type, number.f);
  if (op == Op::random)
    for (Number& key : one.operands[0]) key = one.operands[0][5];
  return one;
}

std::vector<FormulaCase> every_case(bool wide_floats) {
  std::vector<FormulaCase> all;
  for (size_t i = 0; i < ir::kOpCount; ++i) {
    const auto op = static_cast<Op>(i);
    for (const Use& use : uses(op)) {
      bool wide_float = use.type == DType::float64;
      for (const DType type : use.operands) wide_float = wide_float || type == DType::float64;
      if (op == Op::cast && use.type == DType::float32 && use.operands[0] == DType::int64)
        wide_float = true;  // rounds to float64 first
      if (wide_float != wide_floats) continue;
      for (const Attrs& attrs : use.attrs) all.push_back(make_case(op, use, attrs));
    }
  }
  return all;
}

/// How many units in the last place a result may be off.
double allowed_units(Op op, DType type) {
  switch (op) {
    case Op::exp:
    case Op::log:
      return 4;
    case Op::curve:
    case Op::curve_slope:
      return 16;
    default:
      return type == DType::float32 && testing::webgpu_is_less_than_ieee()
                 ? testing::units_of_wgsl(op)
                 : 0;
  }
}

/// The distance of two results in units in the last place of the larger one, or of 1 where the
/// formula itself subtracts numbers near 1.
double units_between(Op op, DType type, double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return 0;
  if (!std::isfinite(a) || !std::isfinite(b)) return std::numeric_limits<double>::infinity();
  const bool single = type == DType::float32;
  const double least = op == Op::curve_slope ? 1 : 0;
  const double largest = std::max({std::abs(a), std::abs(b), least});
  const int exponent = std::max(std::ilogb(largest), single ? -126 : -1022);
  return std::abs(a - b) / std::ldexp(1.0, exponent - (single ? 23 : 52));
}

Number evaluated(const FormulaCase& one, const Number (&operands)[3], size_t i) {
  const size_t row = i / FormulaCase::kColumns, column = i % FormulaCase::kColumns;
  Number result =
      ir::evaluate(one.op, one.type, one.operand_types[0], one.attrs, operands, row, column);
  if (!is_float(one.type)) result.i = ir::narrowed(one.type, result.i);
  return result;
}

double distance(const FormulaCase& one, Number got, Number expected) {
  if (is_float(one.type)) return units_between(one.op, one.type, got.f, expected.f);
  return got.i == expected.i ? 0 : std::numeric_limits<double>::infinity();
}

void judge(const FormulaCase& one) {
  size_t wrong = 0;
  double worst = 0;
  std::string example;
  for (size_t i = 0; i < kElements; ++i) {
    Number operands[3] = {};
    for (size_t k = 0; k < one.operands.size(); ++k) operands[k] = one.operand(k, i);
    const Number got = one.results[i];
    const Number expected = evaluated(one, operands, i);
    double units = distance(one, got, expected);
    if (testing::webgpu_is_less_than_ieee() && is_float(one.type) && got.f == 0 &&
        std::abs(expected.f) < testing::least_normal(one.type))
      units = 0;
    if (units <= worst) continue;
    worst = units;
    example = "element " + std::to_string(i) + ":";
    for (size_t k = 0; k < one.operands.size(); ++k)
      example += " " + (is_float(one.operand_types[k]) ? std::to_string(operands[k].f)
                                                       : std::to_string(operands[k].i));
    example += is_float(one.type)
                   ? " -> " + std::to_string(got.f) + ", expected " + std::to_string(expected.f)
                   : " -> " + std::to_string(got.i) + ", expected " + std::to_string(expected.i);
    wrong += units > allowed_units(one.op, one.type) ? 1 : 0;
  }
  ::testing::Test::RecordProperty(one.name(), std::to_string(worst));
  EXPECT_EQ(wrong, 0u) << one.name() << ": off by " << worst << " units, " << example;
}

void run_all(const Features& features, bool wide_floats) {
  const auto device = testing::device_with(features);
  if (device == nullptr) GTEST_SKIP() << "no WebGPU device with these features";
  const std::vector<FormulaCase> all = every_case(wide_floats);
  for (size_t begin = 0; begin < all.size(); begin += kCasesOfKernel) {
    const size_t end = std::min(begin + kCasesOfKernel, all.size());
    std::vector<FormulaCase> cases(all.begin() + static_cast<ptrdiff_t>(begin),
                                   all.begin() + static_cast<ptrdiff_t>(end));
    run_formulas(*device, features, cases);
    for (const FormulaCase& one : cases) judge(one);
  }
}

TEST(Formula, WithTypesOf32Bits) {
  run_all({}, false);
}
TEST(Formula, WithInt64) {
  run_all({.int64 = true}, false);
}
TEST(Formula, Float64OfWords) {
  run_all({}, true);
}
TEST(Formula, Float64OfInt64) {
  run_all({.int64 = true}, true);
}
TEST(Formula, Float64) {
  run_all({.int64 = true, .float64 = true}, true);
}

}  // namespace
}  // namespace paragon
