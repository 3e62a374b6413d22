// SPDX-License-Identifier: Apache-2.0
// The functions that kernels call directly, constants as expressions, and what link() adds.
#include "backends/webgpu/library.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>

#include "backends/webgpu/formula.hpp"
#include "core/fixed_point.hpp"
#include "core/random.hpp"
#include "formula_batch.hpp"

namespace paragon {
namespace {

using ir::Number;
using testing::FormulaCase;
using webgpu::Features;
using webgpu::literal;

constexpr size_t kElements = 1024;
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min(), kLargest = ~kLeast;
const Features kFlavours[] = {{}, {.int64 = true}, {.int64 = true, .float64 = true}};

/// An expression of x0 and x1, both int64, with what it should be.
struct Function {
  std::string expression;
  std::function<int64_t(int64_t, int64_t)> expected;
  DType type = DType::int64;
};

uint64_t u(int64_t x) {
  return static_cast<uint64_t>(x);
}
int64_t s(uint64_t x) {
  return static_cast<int64_t>(x);
}

std::vector<Function> functions() {
  const std::string n = "(i64_lo(x1) & 63u)", word0 = "i64_lo(x0)", word1 = "i64_lo(x1)";
  const auto truth = [](const std::string& condition) {
    return "i64_from_u32(select(0u, 1u, " + condition + "))";
  };
  using L = int64_t;
  return {
      {"i64_add(x0, x1)", [](L a, L b) { return s(u(a) + u(b)); }},
      {"i64_sub(x0, x1)", [](L a, L b) { return s(u(a) - u(b)); }},
      {"i64_neg(x0)", [](L a, L) { return s(0 - u(a)); }},
      {"i64_mul(x0, x1)", [](L a, L b) { return s(u(a) * u(b)); }},
      {"i64_mul_i32(i64_to_i32(x0), i64_to_i32(x1))",
       [](L a, L b) { return L{static_cast<int32_t>(a)} * static_cast<int32_t>(b); }},
      {"i64_mul_u32(" + word0 + ", " + word1 + ")",
       [](L a, L b) { return s(u(a) % (1ull << 32) * (u(b) % (1ull << 32))); }},
      {"i64_and(x0, x1)", [](L a, L b) { return a & b; }},
      {"i64_or(x0, x1)", [](L a, L b) { return a | b; }},
      {"i64_xor(x0, x1)", [](L a, L b) { return a ^ b; }},
      {"i64_shl(x0, " + n + ")", [](L a, L b) { return s(u(a) << (b & 63)); }},
      {"i64_shr(x0, " + n + ")", [](L a, L b) { return a >> (b & 63); }},
      {"i64_shru(x0, " + n + ")", [](L a, L b) { return s(u(a) >> (b & 63)); }},
      {truth("i64_lt(x0, x1)"), [](L a, L b) { return L{a < b}; }},
      {truth("i64_ltu(x0, x1)"), [](L a, L b) { return L{u(a) < u(b)}; }},
      {truth("i64_eq(x0, x1)"), [](L a, L b) { return L{a == b}; }},
      {"i64_min(x0, x1)", [](L a, L b) { return std::min(a, b); }},
      {"i64_max(x0, x1)", [](L a, L b) { return std::max(a, b); }},
      {"i64_select(x0, x1, i64_lt(x0, x1))", [](L a, L b) { return a < b ? b : a; }},
      {"i64_magnitude(x0)", [](L a, L) { return s(fixed::magnitude(a)); }},
      {"i64_bit_length(x0)", [](L a, L) { return L{fixed::bit_length(u(a))}; }, DType::int32},
      {"i64_to_i32(x0)", [](L a, L) { return L{static_cast<int32_t>(a)}; }, DType::int32},
      {"i64_from_u32(" + word0 + ")", [](L a, L) { return s(u(a) % (1ull << 32)); }},
      {"i64_make(i64_hi(x0), i64_lo(x1))", [](L a, L b) { return s(u(a) >> 32 | u(b) << 32); }},
      {"i64_round_shift(x0, i64_to_i32(x1))",
       [](L a, L b) { return fixed::round_shift(a, static_cast<int32_t>(b)); }},
      {"i64_divu(x0, i64_max(x1, i64_from_u32(1u)))",
       [](L a, L b) { return s(u(a) / u(std::max(b, L{1}))); }},
  };
}

int64_t value(uint64_t bits) {
  const int64_t edges[] = {0,  1,  -1, 2,         31,           32,     33,       63,       64,
                           -5, 62, 61, 1LL << 31, -(1LL << 31), kLeast, kLargest, 1LL << 32};
  return bits % 3 == 0 ? edges[(bits >> 8) % std::size(edges)] : s(bits) >> (bits % 64);
}

class Library : public ::testing::TestWithParam<size_t> {
 protected:
  void SetUp() override {
    features_ = kFlavours[GetParam()];
    device_ = testing::device_with(features_);
    if (device_ == nullptr) GTEST_SKIP() << "no WebGPU device with these features";
  }

  std::shared_ptr<webgpu::Device> device_;
  Features features_;
};

TEST_P(Library, FunctionsOfInt64) {
  const std::vector<Function> all = functions();
  std::vector<FormulaCase> cases;
  for (const Function& function : all) {
    FormulaCase one{.type = function.type,
                    .operand_types = {DType::int64, DType::int64},
                    .attrs = {},
                    .expression = function.expression};
    one.operands.resize(2);
    for (size_t operand = 0; operand < 2; ++operand)
      for (size_t i = 0; i < kElements; ++i)
        one.operands[operand].push_back({.i = value(random::bits64(operand, i))});
    cases.push_back(std::move(one));
  }
  run_formulas(*device_, features_, cases);
  for (size_t k = 0; k < all.size(); ++k)
    for (size_t i = 0; i < kElements; ++i) {
      const int64_t a = cases[k].operand(0, i).i, b = cases[k].operand(1, i).i;
      ASSERT_EQ(cases[k].results[i].i, all[k].expected(a, b))
          << all[k].expression << " of " << a << " and " << b;
    }
}

// Numbers beyond 64 bits, and none: C++ defines no result.
TEST_P(Library, ConversionsSaturate) {
  std::vector<FormulaCase> cases;
  for (const DType from : {DType::float32, DType::float64}) {
    FormulaCase one{.op = ir::Op::cast, .type = DType::int64, .operand_types = {from}, .attrs = {}};
    const double values[] = {0x1p63, -0x1p63, 1e30, -1e30, INFINITY, -INFINITY, NAN, 0x1.8p62};
    one.operands.resize(1);
    for (size_t i = 0; i < 64; ++i) one.operands[0].push_back({.f = values[i % 8]});
    cases.push_back(one);
  }
  run_formulas(*device_, features_, cases);
  const int64_t expected[] = {kLargest, kLeast, kLargest, kLeast, kLargest, kLeast, 0, 3LL << 61};
  for (const FormulaCase& one : cases)
    for (size_t i = 0; i < 64; ++i) EXPECT_EQ(one.results[i].i, expected[i % 8]) << i;
}

// The compiler computes constant expressions itself and refuses what overflows: literals are none.
TEST_P(Library, Literals) {
  struct Constant {
    DType type;
    uint64_t bits;
  };
  const Constant constants[] = {{DType::int32, 0x80000000u},
                                {DType::int32, 0xFFFFFFFFFFFFFFFFu},
                                {DType::int8, 0x80u},
                                {DType::uint8, 0xFFu},
                                {DType::int16, 0x8000u},
                                {DType::int64, 0x8000000000000000u},
                                {DType::int64, 0x7FFFFFFF80000001u},
                                {DType::float32, 0x80000000u},
                                {DType::float32, 0x7F800000u},
                                {DType::float32, 0x7FC00000u},
                                {DType::float32, 1u},
                                {DType::float64, 0x8000000000000000u},
                                {DType::float64, 0xFFF0000000000000u},
                                {DType::float64, 0x7FF8000000000000u},
                                {DType::float64, 0x3FB999999999999Au}};
  const ir::Attrs none;
  std::vector<FormulaCase> cases;
  const auto add = [&](DType type, const std::string& expression) {
    cases.push_back({.type = type,
                     .operand_types = {DType::int32},
                     .attrs = {},
                     .operands = {std::vector<Number>(64)},
                     .expression = expression});
  };
  for (const auto& [type, bits] : constants) add(type, literal(type, bits));
  // Overflow, which must not stop the compiler.
  for (const DType type : {DType::int32, DType::int64, DType::float32, DType::float64}) {
    const uint64_t largest = type == DType::float32   ? 0x7F7FFFFFu
                             : type == DType::float64 ? 0x7FEFFFFFFFFFFFFFu
                             : type == DType::int32   ? 0x7FFFFFFFu
                                                      : 0x7FFFFFFFFFFFFFFFu;
    const std::string x = literal(type, largest);
    for (const ir::Op op : {ir::Op::add, ir::Op::mul, ir::Op::neg, ir::Op::abs}) {
      webgpu::FormulaCall call{.op = op, .type = type, .attrs = none, .args = {x, x}};
      call.operand_types[0] = call.operand_types[1] = type;
      add(type, formula(call));
    }
  }
  run_formulas(*device_, features_, cases);
  for (size_t k = 0; k < std::size(constants); ++k) {
    const auto [type, bits] = constants[k];
    const Number expected = ir::load(type, &bits, 0), got = cases[k].results[0];
    if (!is_float(type))
      EXPECT_EQ(got.i, expected.i) << cases[k].expression;
    else if (std::isnan(expected.f))
      EXPECT_TRUE(std::isnan(got.f));
    else
      EXPECT_EQ(std::bit_cast<uint64_t>(got.f), std::bit_cast<uint64_t>(expected.f))
          << cases[k].expression;
  }
}

INSTANTIATE_TEST_SUITE_P(Flavours, Library, ::testing::Values(0, 1, 2));

TEST(Link, AddsOnlyWhatIsCalled) {
  EXPECT_EQ(webgpu::link("fn main() {}\n", {}), "fn main() {}\n");
  const std::string one = webgpu::link("fn main() { _ = i32_to_int8(1); }\n", {});
  EXPECT_NE(one.find("fn i32_to_int8("), one.npos);
  EXPECT_EQ(one.find("fn i32_to_int16("), one.npos);
  EXPECT_EQ(one.find("//"), one.npos);
}

TEST(Link, ChoosesTheTypes) {
  const std::string body = "fn main() { _ = i64_lo(f64_bits(f64_make(0u, 0u))); }\n";
  EXPECT_NE(webgpu::link(body, {}).find("alias I64 = vec2<u32>;"), std::string::npos);
  const std::string native = webgpu::link(body, {.int64 = true, .float64 = true});
  EXPECT_NE(native.find("alias I64 = i64;"), native.npos);
  EXPECT_NE(native.find("alias F64 = f64;"), native.npos);
  const std::string mixed = webgpu::link(body, {.int64 = true});
  EXPECT_NE(mixed.find("alias F64 = I64;"), mixed.npos);
  // float64 needs int64 for its bits.
  EXPECT_EQ(webgpu::link(body, {.float64 = true}), webgpu::link(body, {}));
}

TEST(Link, EnablesHalfPrecisionWhereItIsUsed) {
  const std::string body = "fn main() { _ = f16(1.0); }\n";
  EXPECT_TRUE(webgpu::link(body, {.float16 = true}).starts_with("enable f16;\n"));
  EXPECT_FALSE(webgpu::link("fn main() {}\n", {.float16 = true}).starts_with("enable"));
}

}  // namespace
}  // namespace paragon
