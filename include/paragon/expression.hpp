// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <paragon/export.hpp>

namespace paragon {

/// A number computed from one sample's activations, for the gate of a dynamic replay: built from
/// the functions and operators below, in every numeric type, and saved with the network as text.
/// Fixed-point networks compute it in steps of 2^-16 within +-16384.
///
///   namespace gate = paragon::gate;
///   Replay{.budget = 3, .gate = "expression", .expression = 1 - gate::mean(gate::activations())}
class PARAGON_API Expression {
 public:
  Expression() = default;    ///< empty
  Expression(double value);  // NOLINT: numbers are expressions

  bool empty() const { return node_ == nullptr; }

  struct Node;
  explicit Expression(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  const Node& node() const { return *node_; }

 private:
  std::shared_ptr<const Node> node_;
};

/// One operation of the table expressions.def on its operands.
struct Expression::Node {
  std::string op;    ///< a name of the table, or "number"
  double value = 0;  ///< of a number
  std::vector<Expression> operands = {};
};

/// Their meaning: expressions.def.
namespace gate {
#define PARAGON_EXPRESSION_0(name) PARAGON_API Expression name();
#define PARAGON_EXPRESSION_1(name) PARAGON_API Expression name(Expression x);
#define PARAGON_EXPRESSION_2(name) PARAGON_API Expression name(Expression x, Expression y);
#define PARAGON_EXPRESSION_3(name) \
  PARAGON_API Expression name(Expression x, Expression y, Expression z);
#define PARAGON_EXPRESSION(name, operands, shape) PARAGON_EXPRESSION_##operands(name)
#include <paragon/expressions.def>
#undef PARAGON_EXPRESSION_0
#undef PARAGON_EXPRESSION_1
#undef PARAGON_EXPRESSION_2
#undef PARAGON_EXPRESSION_3
}  // namespace gate

inline Expression operator+(Expression x, Expression y) {
  return gate::add(std::move(x), std::move(y));
}
inline Expression operator-(Expression x, Expression y) {
  return gate::subtract(std::move(x), std::move(y));
}
inline Expression operator*(Expression x, Expression y) {
  return gate::multiply(std::move(x), std::move(y));
}

/// "(subtract 1 (mean (abs activations)))" and back; parsing raises with the position.
PARAGON_API std::string to_text(const Expression& expression);
PARAGON_API Expression parse_expression(std::string_view text);

}  // namespace paragon
