// SPDX-License-Identifier: Apache-2.0
#include <paragon/expression.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include <paragon/network.hpp>

#include "composites/expressions.hpp"
#include "raises.hpp"

namespace paragon {
namespace {

using testing::contains;
using testing::message_of;

std::string error_of(std::string_view text) {
  return message_of([&] { parse_expression(text); });
}

TEST(Expression, TextsReadAsTheyWereWritten) {
  for (const char* text :
       {"activations", "0.1", "-0", "1e-30", "(mean activations)",
        "(subtract 1 (mean (abs activations)))",
        "(choose (greater activations 0.5) -2 activations)",
        "(maximum (largest activations) (entropy (negate (minimum activations 3))))"})
    EXPECT_EQ(to_text(parse_expression(text)), text);
  EXPECT_EQ(to_text(parse_expression("  ( add   1 (mean  activations) )  ")),
            "(add 1 (mean activations))");
  EXPECT_TRUE(std::signbit(parse_expression("-0").node().value));
  EXPECT_EQ(parse_expression("0.30000000000000004").node().value, 0.1 + 0.2);
  EXPECT_EQ(to_text(1 - gate::mean(gate::activations()) * 0.5),
            "(subtract 1 (multiply (mean activations) 0.5))");
}

TEST(Expression, ErrorsNameThePosition) {
  EXPECT_TRUE(contains(error_of(""), "character 1"));
  EXPECT_TRUE(contains(error_of("   "), "character 4"));
  EXPECT_TRUE(contains(error_of("(mean"), "character 6"));
  EXPECT_TRUE(contains(error_of("(mean activations"), "expected ')'"));
  EXPECT_TRUE(contains(error_of("(mean activations))"), "character 19: expected the end"));
  EXPECT_TRUE(contains(error_of("(mean activations 1)"), "expected ')'"));
  EXPECT_TRUE(contains(error_of("(add 1)"), "character 7"));
  EXPECT_TRUE(contains(error_of("mean"), "mean has operands"));
  EXPECT_TRUE(contains(error_of("()"), "character 2"));
  EXPECT_TRUE(contains(error_of(")"), "character 1"));
  EXPECT_TRUE(contains(error_of("(meen activations)"), "did you mean 'mean'?"));
  EXPECT_TRUE(contains(error_of("(number 1)"), "'number'"));
  EXPECT_TRUE(contains(error_of("activations\t"), "unknown operation"));
}

TEST(Expression, HostileTextsAreRefused) {
  EXPECT_TRUE(contains(error_of(std::string(1'000'000, '(')), "at most 4096"));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "(abs ";
  EXPECT_TRUE(contains(error_of(deep), "nested more than 64 deep"));
  EXPECT_LT(error_of(std::string(4000, 'x')).size(), 300u);
  for (const char* number : {"nan", "inf", "-inf", "1e7", "-1000001", "1e300"})
    EXPECT_TRUE(contains(error_of(number), "expected one within")) << number;
  for (const char* number : {"1e999", "0x10", "1.2.3", "--1", "+1", "1e", "1,5"})
    EXPECT_TRUE(contains(error_of(number), "unknown operation")) << number;
  EXPECT_TRUE(contains(error_of(std::string("(mean \0)", 8)), "unknown operation"));
}

TEST(Expression, ChecksWhatNoTextCouldSay) {
  const auto error = [](const Expression& expression) {
    return message_of([&] { check_expression(expression); });
  };
  const auto node = [](Expression::Node made) {
    return Expression(std::make_shared<const Expression::Node>(std::move(made)));
  };
  check_expression(gate::mean(gate::activations()));
  EXPECT_TRUE(contains(error({}), "empty"));
  EXPECT_TRUE(contains(error(Expression(std::numeric_limits<double>::quiet_NaN())), "nan"));
  EXPECT_TRUE(contains(error(node({"sum", 0, {}})), "'sum'"));
  EXPECT_TRUE(contains(error(node({"mean", 0, {}})), "0 operands, expected 1"));
  EXPECT_TRUE(contains(error(node({"abs", 0, {Expression()}})), "empty"));
  Expression deep = gate::activations(), doubled = gate::activations();
  for (int i = 0; i < 64; ++i) deep = gate::abs(deep);
  check_expression(deep);
  EXPECT_TRUE(contains(error(gate::abs(deep)), "nested"));
  for (int i = 0; i < 60; ++i) doubled = doubled + doubled;  // 2^60 operations as a tree
  EXPECT_TRUE(contains(error(doubled), "more than 4096"));
  Expression wide = gate::activations();
  for (int i = 0; i < 9; ++i) wide = wide + wide;
  EXPECT_TRUE(contains(error(wide), "characters"));
}

TEST(Expression, NetworksNameTheLayer) {
  Network network({.input = {2}});
  const Replay replay{.budget = 2, .gate = "expression", .expression = Expression(1e300)};
  EXPECT_TRUE(contains(
      message_of([&] { network.add(Dense{.units = 2, .replay = replay, .name = "gated"}); }),
      "layer gated"));
  EXPECT_TRUE(network.layers().empty());
}

}  // namespace
}  // namespace paragon
