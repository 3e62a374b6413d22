// SPDX-License-Identifier: Apache-2.0
#include "passes/sample_axis.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace paragon::ir {
namespace {

constexpr SampleAxis kNone = SampleAxis::kNone, kRows = SampleAxis::kRows,
                     kColumns = SampleAxis::kColumns;

SampleAxis turned(SampleAxis axis) {
  if (axis == kNone) return kNone;
  return axis == kRows ? kColumns : kRows;
}

/// The rule of one node.
class Rule {
 public:
  Rule(const Graph& graph, const std::vector<SampleAxis>& axes, NodeId id)
      : graph_(graph), axes_(axes), id_(id), node_(graph[id]) {}

  SampleAxis axis() const {
    switch (info(node_.op).cls) {
      case OpClass::kLeaf:
        return kNone;
      case OpClass::kElementwise:
        return common();
      case OpClass::kReduce:
        return reduced();
      case OpClass::kContract:
        return contracted();
      case OpClass::kComposite:
        return by_row(common());
      case OpClass::kMove:
        return moved();
      case OpClass::kIndex:
      case OpClass::kControl:
        break;
    }
    return unknown();
  }

 private:
  SampleAxis of(size_t operand) const { return axes_[node_.operands[operand]]; }

  [[noreturn]] void fail(const char* what) const {
    raise("[sample axis] {} of layer {}: {}", info(node_.op).name, graph_.provenance(id_).id, what);
  }

  /// Operands without samples go with any others.
  SampleAxis common() const {
    SampleAxis result = kNone;
    for (size_t i = 0; i < node_.operands.size(); ++i) {
      if (of(i) == kNone) continue;
      if (result != kNone && result != of(i))
        fail("one operand has samples as rows, one as columns");
      result = of(i);
    }
    return result;
  }

  /// An operation over each row: the row must be a sample's.
  SampleAxis by_row(SampleAxis axis) const {
    if (axis == kColumns) fail("a row is no sample");
    return axis;
  }

  SampleAxis reduced() const {
    if (node_.op == Op::or_bits || node_.attrs.a == 2) return kNone;
    const SampleAxis gone = node_.attrs.a == 0 ? kRows : kColumns;
    return of(0) == gone ? kNone : of(0);
  }

  SampleAxis contracted() const {
    SampleAxis x = of(0), y = of(1);
    if (node_.op == Op::contract) {
      if (node_.attrs.a != 0) x = turned(x);
      if (node_.attrs.b != 0) y = turned(y);
      if (x == kColumns && y == kRows) return kNone;  // summed over
      if (x == kColumns || y == kRows) fail("samples meet what counts none");
      if (x == kRows && y == kColumns) fail("both axes of the result would count samples");
      return x == kRows ? kRows : y;
    }
    const bool over_samples = node_.op == Op::gather_dot_wgrad;
    if (x == kRows || y == kRows || (y == kColumns) != (over_samples && x == kColumns))
      fail("its samples must be columns");
    return over_samples ? kNone : x;
  }

  SampleAxis moved() const {
    const Shape& to = node_.shape;
    switch (node_.op) {
      case Op::transpose:
        return turned(of(0));
      case Op::reshape: {
        const Shape& from = graph_[node_.operands[0]].shape;
        const bool kept = of(0) == kNone || (of(0) == kRows && from.rows() == to.rows()) ||
                          (of(0) == kColumns && from.cols() == to.cols());
        if (!kept) fail("the samples' axis would be lost");
        return of(0);
      }
      case Op::concat:
      case Op::rows:
        if (common() == kRows) fail("samples would be joined or cut");
        return common();
      case Op::host_score:
        return by_row(of(0));
      default:
        return unknown();
    }
  }

  SampleAxis unknown() const {
    if (common() != kNone) fail("there is no rule");
    return kNone;
  }

  const Graph& graph_;
  const std::vector<SampleAxis>& axes_;
  NodeId id_;
  const Node& node_;
};

}  // namespace

std::vector<SampleAxis> sample_axes(const Graph& graph, const std::vector<NodeId>& by_rows) {
  std::vector<SampleAxis> axes;
  axes.reserve(graph.size());
  for (NodeId id = 0; id < graph.size(); ++id) {
    const bool given = std::find(by_rows.begin(), by_rows.end(), id) != by_rows.end();
    axes.push_back(given ? kRows : Rule(graph, axes, id).axis());
  }
  return axes;
}

}  // namespace paragon::ir
