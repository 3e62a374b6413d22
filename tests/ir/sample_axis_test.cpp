// SPDX-License-Identifier: Apache-2.0
// Which axis counts the samples: each kind of operation, and layouts that contradict each other.
#include <gtest/gtest.h>

#include "ir/builder.hpp"
#include "passes/sample_axis.hpp"
#include "raises.hpp"

namespace paragon {
namespace {

using ir::NodeId;
using ir::Op;
using ir::SampleAxis;

constexpr SampleAxis kNone = SampleAxis::kNone, kRows = SampleAxis::kRows,
                     kColumns = SampleAxis::kColumns;

/// As many samples as values: no shape tells the axes apart.
class SampleAxes : public ::testing::Test {
 protected:
  NodeId leaf(const char* name) {
    return graph_.read(
        graph_.add_slot({name, 0, ir::SlotRole::kInput, DType::float32, {kSize, kSize}}));
  }
  SampleAxis axis(NodeId node) { return ir::sample_axes(graph_, {x_, other_})[node]; }
  void expect_raises(const std::string& what) {
    const std::string message = testing::message_of([&] { ir::sample_axes(graph_, {x_, other_}); });
    EXPECT_TRUE(testing::contains(message, "sample axis"));
    EXPECT_TRUE(testing::contains(message, what));
  }

  static constexpr size_t kSize = 3;
  ir::Graph graph_;
  ir::Builder b_{graph_};
  NodeId x_ = leaf("x"), other_ = leaf("other"), w_ = leaf("weights");
  std::shared_ptr<const ir::IndexTable> table_ =
      ir::make_index_table({0, 1, 2, 2, 1, 0, 0, 0, 1}, kSize, kSize, kSize);
};

TEST_F(SampleAxes, FollowEveryOperation) {
  const NodeId turned = b_.transpose(x_), dense = b_.contract(x_, w_);
  const NodeId wired = b_.gather_dot(Op::gather_dot, turned, w_, table_);
  EXPECT_EQ(axis(x_), kRows);
  EXPECT_EQ(axis(w_), kNone);
  EXPECT_EQ(axis(turned), kColumns);
  EXPECT_EQ(axis(dense), kRows);
  EXPECT_EQ(axis(b_.contract(x_, w_, false, true)), kRows);
  EXPECT_EQ(axis(b_.contract(w_, turned)), kColumns);
  EXPECT_EQ(axis(b_.contract(w_, x_, false, true)), kColumns);
  EXPECT_EQ(axis(b_.contract(x_, dense, true, false)), kNone);  // over the samples
  EXPECT_EQ(axis(b_.contract(turned, dense)), kNone);
  EXPECT_EQ(axis(wired), kColumns);
  EXPECT_EQ(axis(b_.gather_dot(Op::gather_dot_xgrad, wired, w_, table_)), kColumns);
  EXPECT_EQ(axis(b_.gather_dot(Op::gather_dot_wgrad, turned, wired, table_)), kNone);
  EXPECT_EQ(axis(b_.add(x_, w_)), kRows);
  EXPECT_EQ(axis(b_.leaky_relu(wired, 0)), kColumns);
  EXPECT_EQ(axis(b_.sum(x_, 0)), kNone);
  EXPECT_EQ(axis(b_.sum(x_, 1)), kRows);
  EXPECT_EQ(axis(b_.maximum(turned, 0)), kColumns);
  EXPECT_EQ(axis(b_.sum(turned, 1)), kNone);
  EXPECT_EQ(axis(b_.sum(x_, 2)), kNone);
  EXPECT_EQ(axis(b_.concat({turned, wired})), kColumns);
  EXPECT_EQ(axis(b_.rows(wired, 1, 2)), kColumns);
  EXPECT_EQ(axis(b_.reshape(b_.sum(x_, 1), {kSize, 1})), kRows);
  EXPECT_EQ(axis(b_.softmax(x_)), kRows);
  EXPECT_EQ(axis(b_.binary(Op::squared_error, x_, other_)), kRows);
}

TEST_F(SampleAxes, TwoLayoutsDoNotMix) {
  b_.add(x_, b_.transpose(other_));
  expect_raises("add of layer 0: one operand has samples as rows");
}

TEST_F(SampleAxes, AProductHasOneAxisOfSamples) {
  b_.contract(x_, other_, false, true);
  expect_raises("both axes");
}

TEST_F(SampleAxes, SamplesMeetSamples) {
  b_.contract(b_.transpose(x_), w_);
  expect_raises("samples meet");
}

TEST_F(SampleAxes, IndexedProductsReadColumns) {
  b_.gather_dot(Op::gather_dot, x_, w_, table_);
  expect_raises("must be columns");
}

TEST_F(SampleAxes, SamplesAreNotJoined) {
  b_.concat({x_, other_});
  expect_raises("joined");
}

TEST_F(SampleAxes, ReshapesKeepTheSamples) {
  b_.reshape(x_, {1, kSize * kSize});
  expect_raises("would be lost");
}

TEST_F(SampleAxes, ARowIsASample) {
  b_.softmax(b_.transpose(x_));
  expect_raises("no sample");
}

TEST_F(SampleAxes, WithoutARuleNothingIsGuessed) {
  b_.unstack(x_, 0);
  expect_raises("no rule");
}

}  // namespace
}  // namespace paragon
