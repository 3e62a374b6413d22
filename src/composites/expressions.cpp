// SPDX-License-Identifier: Apache-2.0
#include "composites/expressions.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "composites/composites.hpp"
#include "core/error.hpp"

namespace paragon {
namespace {

enum class ExpressionOp : uint8_t {
#define PARAGON_EXPRESSION(name, operands, shape) name,
#include <paragon/expressions.def>
};

enum class ExpressionShape : uint8_t { kValues, kScore, kSame };

struct Row {
  std::string_view name;
  size_t operands;
  ExpressionShape shape;
};

constexpr Row kTable[] = {
#define PARAGON_EXPRESSION(name, operands, shape) {#name, operands, ExpressionShape::shape},
#include <paragon/expressions.def>
};

constexpr std::string_view kNumber = "number";
constexpr size_t kDeepest = 64, kLongestText = 4096, kMostNodes = kLongestText;
constexpr double kLargestNumber = 1e6;

size_t row_of(std::string_view name) {
  std::vector<std::string> names;
  for (size_t i = 0; i < std::size(kTable); ++i) {
    if (kTable[i].name == name) return i;
    names.emplace_back(kTable[i].name);
  }
  raise_unknown("operation of an expression", name.substr(0, 40), names);
}

template <class... Operands>
Expression make(std::string_view op, Operands... operands) {
  std::vector<Expression> list = {std::move(operands)...};
  for (const Expression& operand : list)
    if (operand.empty()) raise("[expression] an operand of {} is empty", op);
  return Expression(std::make_shared<const Expression::Node>(
      Expression::Node{std::string(op), 0, std::move(list)}));
}

void check_number(double value) {
  if (!(std::abs(value) <= kLargestNumber))
    raise("[expression] got the number {}, expected one within +-{}", value, kLargestNumber);
}

/// `nodes` counts what was seen: shared operands may make a few objects a tree of any size.
void check_node(const Expression& expression, size_t depth, size_t& nodes) {
  if (expression.empty()) raise("[expression] an operand is empty");
  if (depth > kDeepest) raise("[expression] nested more than {} deep", kDeepest);
  if (++nodes > kMostNodes) raise("[expression] has more than {} operations", kMostNodes);
  const Expression::Node& node = expression.node();
  if (node.op == kNumber) return check_number(node.value);
  if (const Row& row = kTable[row_of(node.op)]; node.operands.size() != row.operands)
    raise("[expression] {} has {} operands, expected {}", node.op, node.operands.size(),
          row.operands);
  for (const Expression& operand : node.operands) check_node(operand, depth + 1, nodes);
}

/// Reads the text form; the position goes into errors.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Expression whole() {
    if (text_.size() > kLongestText)
      fail(fmt::format("got {} characters, expected at most {}", text_.size(), kLongestText));
    Expression result = expression(0);
    skip_spaces();
    if (at_ != text_.size()) fail("expected the end");
    return result;
  }

 private:
  [[noreturn]] void fail(std::string_view message) const {
    raise("[expression] character {}: {}", at_ + 1, message);
  }
  void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  std::string_view word() {
    const size_t start = at_;
    while (at_ < text_.size() && text_[at_] != ' ' && text_[at_] != '(' && text_[at_] != ')') ++at_;
    if (start == at_) fail("expected a number, an operation or '('");
    return text_.substr(start, at_ - start);
  }

  Expression expression(size_t depth) {
    if (depth > kDeepest) fail(fmt::format("nested more than {} deep", kDeepest));
    skip_spaces();
    if (at_ < text_.size() && text_[at_] == '(') {
      ++at_;
      skip_spaces();
      const Row& row = kTable[row_of(word())];
      std::vector<Expression> operands;
      for (size_t i = 0; i < row.operands; ++i) operands.push_back(expression(depth + 1));
      skip_spaces();
      if (at_ == text_.size() || text_[at_] != ')') fail("expected ')'");
      ++at_;
      return Expression(std::make_shared<const Expression::Node>(
          Expression::Node{std::string(row.name), 0, std::move(operands)}));
    }
    const std::string_view text = word();
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) {
      check_number(number);
      return Expression(number);
    }
    const Row& row = kTable[row_of(text)];
    if (row.operands != 0) fail(fmt::format("{} has operands, expected '('", row.name));
    return make(row.name);
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Expression::Expression(double value)
    : node_(std::make_shared<const Node>(Node{std::string(kNumber), value})) {}

namespace gate {
#define PARAGON_EXPRESSION_0(name) \
  Expression name() {              \
    return make(#name);            \
  }
#define PARAGON_EXPRESSION_1(name)    \
  Expression name(Expression x) {     \
    return make(#name, std::move(x)); \
  }
#define PARAGON_EXPRESSION_2(name)                  \
  Expression name(Expression x, Expression y) {     \
    return make(#name, std::move(x), std::move(y)); \
  }
#define PARAGON_EXPRESSION_3(name)                                \
  Expression name(Expression x, Expression y, Expression z) {     \
    return make(#name, std::move(x), std::move(y), std::move(z)); \
  }
#define PARAGON_EXPRESSION(name, operands, shape) PARAGON_EXPRESSION_##operands(name)
#include <paragon/expressions.def>
}  // namespace gate

std::string to_text(const Expression& expression) {
  if (expression.empty()) return "";
  const Expression::Node& node = expression.node();
  if (node.op == kNumber) return fmt::format("{}", node.value);
  if (node.operands.empty()) return node.op;
  std::string text = fmt::format("({}", node.op);
  for (const Expression& operand : node.operands) text += ' ' + to_text(operand);
  return text + ')';
}

void check_expression(const Expression& expression) {
  size_t nodes = 0;
  check_node(expression, 0, nodes);
  if (const size_t length = to_text(expression).size(); length > kLongestText)
    raise("[expression] as a text it has {} characters, expected at most {}", length, kLongestText);
}

Expression parse_expression(std::string_view text) {
  return Parser(text).whole();
}

namespace ir {
namespace {

NodeId build_node(Builder& b, const Expression& expression, NodeId activations) {
  const Expression::Node& node = expression.node();
  if (node.op == kNumber) return b.constant(node.value, activations);
  std::vector<NodeId> x;
  for (const Expression& operand : node.operands) x.push_back(build_node(b, operand, activations));
  const size_t index = row_of(node.op);
  if (kTable[index].shape == ExpressionShape::kScore && b.shape(x[0]).is_scalar())
    return x[0];  // of numbers alone
  if (kTable[index].shape == ExpressionShape::kScore && b.shape(x[0])[1] == 1 &&
      b.shape(activations)[1] != 1)
    raise("[expression] {} of a score: expected one value a neuron", node.op);
  switch (static_cast<ExpressionOp>(index)) {
    case ExpressionOp::activations:
      return activations;
    case ExpressionOp::abs:
      return b.unary(Op::abs, x[0]);
    case ExpressionOp::negate:
      return b.neg(x[0]);
    case ExpressionOp::add:
      return b.add(x[0], x[1]);
    case ExpressionOp::subtract:
      return b.sub(x[0], x[1]);
    case ExpressionOp::multiply:
      return b.mul(x[0], x[1]);
    case ExpressionOp::maximum:
      return b.max(x[0], x[1]);
    case ExpressionOp::minimum:
      return b.min(x[0], x[1]);
    case ExpressionOp::greater:
      return b.greater(x[0], x[1]);
    case ExpressionOp::choose:
      return b.select(x[0], x[1], x[2]);
    case ExpressionOp::mean:
      return row_mean(b, x[0]);
    case ExpressionOp::largest:
      return b.maximum(x[0], 1);
    case ExpressionOp::entropy:
      return b.unary(Op::entropy, x[0]);
  }
  raise("[expression] unknown operation {}", node.op);
}

}  // namespace

NodeId build_expression(Builder& b, const Expression& expression, NodeId activations) {
  const NodeId result = build_node(b, expression, activations);
  if (!b.shape(result).is_scalar() && b.shape(result)[1] != 1)
    raise("[expression] {} has one value a neuron, expected one a sample (mean, largest, entropy)",
          to_text(expression));
  return result;
}

}  // namespace ir
}  // namespace paragon
