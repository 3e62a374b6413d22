// SPDX-License-Identifier: Apache-2.0
// A dense layer keeps samples as rows, a local or wired one as columns. Where all of them compute
// the same, they must give the same bits: no random number depends on the layout.
#include <gtest/gtest.h>

#include "problems.hpp"

namespace paragon {
namespace {

constexpr size_t kEdge = 3, kInputs = kEdge * kEdge, kGrid = 4, kUnits = kGrid * kGrid;

/// Two hidden layers whose neurons read all values: once dense, once otherwise.
Network network_of(DType type, bool dense) {
  Network network({.input = {kEdge, kEdge}, .type = type, .seed = 3});
  if (dense) {
    network.add(Dense{.units = kUnits, .activation = "leaky_relu"});
    network.add(Dense{.units = kUnits, .activation = "tanh"});
  } else {
    network.add(
        LocallyConnected{.grid = {kGrid, kGrid}, .field = kEdge, .activation = "leaky_relu"});
    Wired wired{.grid = {kGrid, kGrid}, .activation = "tanh"};
    for (size_t i = 0; i < kUnits; ++i) {
      wired.sources.emplace_back();
      for (uint32_t k = 0; k < kUnits; ++k) wired.sources.back().push_back({0, k});
    }
    network.add(wired);
  }
  network.add(Dense{.units = 3, .activation = "softmax"});
  return network;
}

/// The tensor with rows and columns exchanged.
Tensor transposed(const Tensor& tensor, size_t rows, size_t columns) {
  Tensor result(tensor.type(), Shape{columns, rows});
  const size_t bytes = size_of(tensor.type());
  for (size_t i = 0; i < rows; ++i)
    for (size_t j = 0; j < columns; ++j)
      std::memcpy(result.data() + (j * rows + i) * bytes, tensor.data() + (i * columns + j) * bytes,
                  bytes);
  return result;
}

/// Gives `to` the parameters of `from`, whose layout is the other one.
void copy_transposed(const Network& from, Network& to) {
  for (size_t l = 0; l < from.state().layers.size(); ++l) {
    const bool hidden = l + 1 < from.state().layers.size();
    for (size_t p = 0; p < 2; ++p) {
      const detail::Parameter& source = from.state().layers[l].parameters[p];
      detail::Parameter& target = to.state().layers[l].parameters[p];
      const size_t rows = source.value.shape()[0], columns = source.value.shape()[1];
      const auto turn = [&](const Tensor& tensor) {
        return hidden ? transposed(tensor, rows, columns) : tensor;
      };
      target.value = turn(source.value);
      if (!source.view.empty()) target.view = turn(source.view);
      target.exponent = source.exponent;
      target.view_exponent = source.view_exponent;
    }
  }
}

class Layout : public ::testing::TestWithParam<DType> {};

TEST_P(Layout, ChangesNoBit) {
  const data::Dataset set = testing::blobs({kEdge, kEdge}, 45, 3, 21);
  for (const size_t batch : {size_t{8}, kUnits}) {  // with 16 no shape tells the axes apart
    const auto train = [&](Network& network) {
      Trainer trainer(network, {.optimizer = Sgd{.rate = 0.1, .momentum = 0.9},
                                .batch = batch,
                                .epochs = 3,
                                .threads = 1});
      trainer.fit(set);
    };
    Network dense = network_of(GetParam(), true), other = network_of(GetParam(), false);
    copy_transposed(dense, other);
    const Network before = dense;
    train(dense);
    train(other);
    EXPECT_FALSE(testing::same_parameters(before, dense));
    Network turned = network_of(GetParam(), true);
    copy_transposed(other, turned);
    for (size_t l = 0; l < turned.state().layers.size(); ++l)
      turned.state().layers[l].output_exponents = other.state().layers[l].output_exponents;
    EXPECT_TRUE(testing::same_parameters(dense, turned)) << "batch " << batch;
  }
}

INSTANTIATE_TEST_SUITE_P(Widths, Layout, ::testing::Values(int8, int16, int32, int64),
                         [](const auto& param) { return std::string(name(param.param)); });

}  // namespace
}  // namespace paragon
