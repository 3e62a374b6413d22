// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "graph_runner.hpp"

namespace paragon::testing {

/// A float64 function of some inputs, with what its test needs to know.
struct DifferentiableCase {
  std::vector<Shape> shapes;  ///< of the float64 inputs
  std::function<ir::NodeId(ir::Builder&, const std::vector<ir::NodeId>&)> build;
  double low = -1.5, high = 1.5;         ///< range of the inputs
  double step = 1e-5, tolerance = 1e-6;  ///< of the differences
};

/// Points of a Weyl sequence: any two of them differ, so that nothing ties.
inline Tensor spread(const Shape& shape, double low, double high, size_t& counter) {
  Tensor tensor(DType::float64, shape);
  for (size_t i = 0; i < tensor.elements(); ++i) {
    double whole = 0;
    const double part = std::modf(static_cast<double>(++counter) * 0.6180339887498949, &whole);
    set_element(tensor, i, low + part * (high - low));
  }
  return tensor;
}

/// Compares vjp with central differences on `ref`, for the loss sum(weights * y). Returns the graph
/// that was differentiated, for the caller to see which operations it had.
inline ir::Graph expect_gradient(const DifferentiableCase& c) {
  GraphMaker maker;
  ir::Builder b = maker.b();
  size_t counter = 0;
  std::vector<ir::NodeId> inputs;
  std::vector<Tensor> values;
  for (size_t i = 0; i < c.shapes.size(); ++i) {
    inputs.push_back(maker.input("x" + std::to_string(i), DType::float64, c.shapes[i]));
    values.push_back(spread(c.shapes[i], c.low, c.high, counter));
  }
  const ir::NodeId y = c.build(b, inputs);
  const Shape y_shape = b.shape(y);
  const ir::NodeId weights = maker.input("weights", DType::float64, y_shape);
  const Tensor weight_values = spread(y_shape, 1.0, 2.0, counter);
  const ir::NodeId products = b.mul(y, weights);
  const bool matrix = y_shape.rank() <= 2;  // what sums accept
  maker.output("loss",
               b.sum(matrix ? products : b.reshape(products, {y_shape.rows(), y_shape.cols()}), 2));
  maker.finish();
  const std::vector<ir::NodeId> gradients = ir::vjp(maker.graph, {y}, {weights}, inputs);
  for (size_t i = 0; i < gradients.size(); ++i) {
    if (gradients[i] == ir::kNoNode) continue;
    EXPECT_EQ(to_string(b.shape(gradients[i])), to_string(c.shapes[i]))
        << "gradient of input " << i;
    EXPECT_EQ(b.type(gradients[i]), DType::float64);
    maker.output("g" + std::to_string(i), gradients[i]);
  }
  maker.finish();

  GraphRunner runner(maker.graph, "ref");
  runner.set("weights", weight_values);
  for (size_t i = 0; i < values.size(); ++i) runner.set("x" + std::to_string(i), values[i]);
  runner.run(1);
  const auto loss_at = [&](size_t input, size_t at, double value) {
    Tensor moved = values[input];
    set_element(moved, at, value);
    const std::string name = "x" + std::to_string(input);
    runner.set(name, moved);
    runner.run(0);
    runner.set(name, values[input]);
    return element(runner.get("loss"), 0);
  };
  for (size_t i = 0; i < values.size(); ++i) {
    const Tensor gradient = gradients[i] == ir::kNoNode ? Tensor(DType::float64, c.shapes[i])
                                                        : runner.get("g" + std::to_string(i));
    for (size_t k = 0; k < values[i].elements() && k < gradient.elements(); ++k) {
      const double x = element(values[i], k);
      const double expected =
          (loss_at(i, k, x + c.step) - loss_at(i, k, x - c.step)) / (2 * c.step);
      EXPECT_NEAR(element(gradient, k), expected, c.tolerance * std::max(1.0, std::abs(expected)))
          << "input " << i << " " << to_string(c.shapes[i]) << " element " << k;
    }
  }
  return std::move(maker.graph);
}

}  // namespace paragon::testing
