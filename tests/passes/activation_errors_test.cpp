// SPDX-License-Identifier: Apache-2.0
// Every activation and its derivative as a fixed-point network computes them, against the same
// graph in double precision: the bounds of docs/numerics.md, "Errors of activations".
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include <paragon/layers.hpp>

#include "composites/activations.hpp"
#include "composites/composites.hpp"
#include "core/fixed_point.hpp"
#include "graph_runner.hpp"
#include "passes/lower_fixed.hpp"

namespace paragon {
namespace {

using ir::NodeId;
using testing::element;
using testing::GraphMaker;
using testing::GraphRunner;

constexpr size_t kRows = 48;

/// A function of rows of values, and what its derivative is asked with.
struct Function {
  std::string name;
  NodeId (*build)(ir::Builder& b, const std::string& name, NodeId x);
  size_t columns = 24;
};

NodeId one(ir::Builder& b, const std::string& name, NodeId x) {
  return apply_activation(b, parse_activation(name), x);
}
NodeId softmax(ir::Builder& b, const std::string&, NodeId x) {
  return b.softmax(x);
}
NodeId mixture(ir::Builder& b, const std::string&, NodeId x) {
  std::vector<std::string> names;
  for (size_t i = 0; names.size() < b.shape(x)[1]; ++i)
    if (const std::string name = activations()[i % activations().size()]; name != "softmax")
      names.push_back(name);
  return apply_activations(b, names, x, false);
}

std::vector<Function> functions() {
  std::vector<Function> all;
  for (const std::string& name : activations())
    if (name != "softmax") all.push_back({name, one});
  for (const size_t columns : {3, 10, 100, 1000})
    all.push_back({fmt::format("softmax of {}", columns), softmax, columns});
  all.push_back({"one each", mixture});
  return all;
}

/// What the function gives: values and gradients, and the exponents that rounding them would use.
struct Results {
  std::vector<double> values, gradients;
  double value_unit = 0, gradient_unit = 0;
};

/// z and dy: mantissas * 2^exponent.
struct Arguments {
  Tensor z, dy;
  int exponent;
};

constexpr int kBits = 28, kErrorExponent = -27;

/// z within +-size, of kBits bits; dy too.
Arguments arguments(size_t columns, double size, uint64_t seed) {
  const double limit = std::ldexp(1.0, kBits) - 1;
  const int exponent = static_cast<int>(std::ceil(std::log2(size))) - kBits;
  const double most = std::min(limit, std::ldexp(size, -exponent));
  return {testing::uniform(DType::int32, {kRows, columns}, -most, most, seed),
          testing::uniform(DType::int32, {kRows, columns}, -limit, limit, seed + 1), exponent};
}

/// The function of real numbers and its gradient, in a graph of one phase.
struct Model {
  GraphMaker maker;
  NodeId x, dy, y, dx;

  Model(const Function& f, DType type) {
    const Shape shape{kRows, f.columns};
    x = maker.input("x", type, shape);
    dy = maker.input("dy", type, shape);
    ir::Builder b = maker.b();
    const ir::Graph::Scope scope(maker.graph, "layer", {1});
    y = f.build(b, f.name, x);
    dx = ir::vjp(maker.graph, {y}, {dy}, {x})[0];
  }
};

Results exact(const Function& f, const Arguments& a, const std::vector<double>& stored) {
  Model model(f, DType::float64);
  model.maker.output("y", model.y);
  model.maker.output("dx", model.dx);
  model.maker.finish();
  GraphRunner runner(model.maker.graph, "ref");
  Tensor x(DType::float64, a.z.shape()), dy(DType::float64, a.z.shape());
  for (size_t i = 0; i < a.z.elements(); ++i) {
    x.as<double>()[i] = std::ldexp(element(a.z, i), a.exponent);
    dy.as<double>()[i] = std::ldexp(element(a.dy, i), kErrorExponent);
  }
  runner.set("x", x);
  runner.set("dy", dy);
  runner.run();
  const Tensor y = runner.get("y"), dx = runner.get("dx");
  Results results;
  for (size_t i = 0; i < y.elements(); ++i) {
    results.values.push_back(element(y, i));
    // The derivative of a rectifier is that at the stored output, where 0 counts as negative.
    const bool kink = stored[i] == 0 && x.as<double>()[i] > 0;
    results.gradients.push_back(kink ? std::nan("") : element(dx, i));
  }
  return results;
}

Results lowered(const Function& f, DType type, const Arguments& a) {
  const fixed::Format& format = fixed::format_of(type);
  Model model(f, DType::float32);
  GraphMaker low;
  ir::Builder b = low.b();
  ir::FixedLowering lowering(
      model.maker.graph, low.graph, format, ir::ExponentMode::kDynamic,
      {low.input("seed", DType::int64, {}), low.input("step", DType::int64, {})},
      ir::sample_axes(model.maker.graph, {model.x, model.dy}));
  lowering.leaf(model.x, {low.input("z", DType::int32, a.z.shape()), b.integer(a.exponent)});
  lowering.leaf(model.dy, {low.input("dy", DType::int32, a.z.shape()), b.integer(kErrorExponent)});
  const ir::Fixed y = lowering.operand(model.y), dx = lowering.value(model.dx);
  // Gradients are looked at before their stochastic rounding; its exponent is this one.
  lowering.operand(model.dx);
  low.output("y", y.mantissa);
  low.output("y_exponent", y.exponent);
  low.output("dx", dx.mantissa);
  low.output("dx_exponent", dx.exponent);
  low.output("dx_unit", lowering.updates().back().seen);
  low.finish();
  GraphRunner runner(low.graph, "ref");
  runner.set("z", a.z);
  runner.set("dy", a.dy);
  runner.run();
  const auto scalar = [&](const char* name) {
    return std::ldexp(1.0, static_cast<int>(element(runner.get(name), 0)));
  };
  Results results;
  results.value_unit = scalar("y_exponent");
  results.gradient_unit = scalar("dx_unit");
  const double dx_exponent = scalar("dx_exponent");
  const Tensor values = runner.get("y"), gradients = runner.get("dx");
  for (size_t i = 0; i < values.elements(); ++i) {
    results.values.push_back(element(values, i) * results.value_unit);
    results.gradients.push_back(element(gradients, i) * dx_exponent);
  }
  return results;
}

struct Errors {
  double value = 0, gradient = 0;  ///< in units of the tensor's exponent
  /// In parts of the full scale: of the tensor's largest number, of the largest incoming error.
  double value_part = 0, gradient_part = 0;

  void include(const Errors& other) {
    value = std::max(value, other.value);
    gradient = std::max(gradient, other.gradient);
    value_part = std::max(value_part, other.value_part);
    gradient_part = std::max(gradient_part, other.gradient_part);
  }
};

double largest(const std::vector<double>& numbers) {
  double result = 0;
  for (const double number : numbers)
    if (!std::isnan(number)) result = std::max(result, std::abs(number));
  return result;
}

Errors errors(const Function& f, DType type, const Arguments& a) {
  const Results got = lowered(f, type, a), wanted = exact(f, a, got.values);
  const double value_scale = largest(wanted.values);
  const double gradient_scale = std::ldexp(1.0, kBits + kErrorExponent);
  Errors errors;
  for (size_t i = 0; i < got.values.size(); ++i) {
    const double off = std::abs(got.values[i] - wanted.values[i]);
    errors.value = std::max(errors.value, off / got.value_unit);
    errors.value_part = std::max(errors.value_part, off / value_scale);
    if (std::isnan(wanted.gradients[i])) continue;
    const double gradient_off = std::abs(got.gradients[i] - wanted.gradients[i]);
    errors.gradient = std::max(errors.gradient, gradient_off / got.gradient_unit);
    errors.gradient_part = std::max(errors.gradient_part, gradient_off / gradient_scale);
  }
  return errors;
}

TEST(ActivationErrors, ValuesAndDerivatives) {
  for (const DType type : {int8, int16, int32, int64}) {
    const bool narrow = info(type).bits <= 16;
    for (const Function& f : functions()) {
      Errors most;
      for (const double size : {0.25, 2.0, 7.0, 30.0})
        for (uint64_t seed = 1; seed <= 2; ++seed)
          most.include(errors(f, type, arguments(f.columns, size, seed)));
      const double value = narrow ? most.value : most.value_part * 0x1p20,
                   gradient = narrow ? most.gradient : most.gradient_part * 0x1p20;
      const std::string place = fmt::format("{} {}", name(type), f.name);
      EXPECT_LE(value, 1) << place;
      EXPECT_LE(gradient, 1) << place;
      // The table of docs/numerics.md, with --gtest_output=xml.
      RecordProperty(place, fmt::format("{:.3f} {:.3f}", value, gradient));
    }
  }
}

// The output softmax has the same probabilities; the gradient of its loss is one subtraction more.
TEST(ActivationErrors, CrossEntropyGradient) {
  for (const DType type : {int8, int16, int32, int64})
    for (const size_t columns : {2, 10, 100}) {
      const fixed::Format& format = fixed::format_of(type);
      const Arguments a = arguments(columns, 7, 3);
      GraphMaker real, low;
      ir::Builder b = real.b(), l = low.b();
      const NodeId x = real.input("x", DType::float32, a.z.shape()),
                   labels = real.input("labels", DType::int32, {kRows, 1}),
                   count = real.input("count", DType::int32, {});
      const NodeId mask = b.cast(ir::row_mask(b, count, kRows), DType::float32);
      const NodeId dx = ir::vjp(real.graph, {b.cross_entropy(x, labels)}, {mask}, {x})[0];
      ir::FixedLowering lowering(real.graph, low.graph, format, ir::ExponentMode::kDynamic, {},
                                 ir::sample_axes(real.graph, {x, labels}));
      lowering.leaf(x, {low.input("z", DType::int32, a.z.shape()), l.integer(a.exponent)});
      lowering.leaf(labels, {low.input("labels", DType::int32, {kRows, 1}), ir::kNoNode});
      lowering.leaf(count, {low.input("count", DType::int32, {}), ir::kNoNode});
      const ir::Fixed gradient = lowering.value(dx);
      low.output("dx", gradient.mantissa);
      low.output("exponent", gradient.exponent);
      low.finish();
      GraphRunner runner(low.graph, "ref");
      runner.set("z", a.z);
      runner.set("labels", testing::uniform(DType::int32, {kRows, 1}, 0, 1.5, 4));
      runner.set("count", testing::filled(DType::int32, {}, {double{kRows}}));
      runner.run();
      const Tensor got = runner.get("dx"),
                   chosen = testing::uniform(DType::int32, {kRows, 1}, 0, 1.5, 4);
      const double unit = std::ldexp(1.0, static_cast<int>(element(runner.get("exponent"), 0)));
      for (size_t row = 0; row < kRows; ++row) {
        std::vector<double> powers;
        double sum = 0;
        for (size_t c = 0; c < columns; ++c) {
          powers.push_back(std::exp(std::ldexp(element(a.z, row * columns + c), a.exponent)));
          sum += powers.back();
        }
        for (size_t c = 0; c < columns; ++c) {
          const double wanted =
              powers[c] / sum - (static_cast<double>(c) == element(chosen, row) ? 1 : 0);
          EXPECT_NEAR(element(got, row * columns + c) * unit, wanted, 0x1p-20)
              << name(type) << ' ' << columns;
        }
      }
    }
}

}  // namespace
}  // namespace paragon
