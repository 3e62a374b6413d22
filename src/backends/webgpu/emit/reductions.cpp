// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/emit/reductions.hpp"

#include <algorithm>
#include <bit>

#include "backends/webgpu/emit/code.hpp"
#include "backends/webgpu/formula.hpp"
#include "core/error.hpp"

namespace paragon::webgpu {
namespace {

using ir::Op;
using runtime::Dispatch;

constexpr uint32_t kFewTerms = 16;      ///< one invocation does as many
constexpr uint32_t kTermsEach = 4;      ///< of an invocation, at least
constexpr uint64_t kMostTerms = 60000;  // see plan.cpp

/// attrs.a of sum and maximum: over rows, over columns, over all.
enum Axis : int64_t { kOverRows = 0, kOverColumns = 1, kOverAll = 2 };

uint64_t terms_of(const Place& operand, int64_t axis) {
  if (axis == kOverRows) return operand.rows;
  if (axis == kOverColumns) return operand.cols;
  return uint64_t{operand.rows} * operand.cols;
}

}  // namespace

bool takes_slices(const Layout& layout, const Dispatch& dispatch) {
  return dispatch.kind == Dispatch::Kind::kAnchored &&
         (dispatch.op == Op::sum || dispatch.op == Op::maximum) &&
         terms_of(layout[dispatch.operands[0]], dispatch.attrs.a) > kFewTerms;
}

std::string combined(const Dispatch& reduction, const std::string& a, const std::string& b) {
  return binary_formula(reduction.op == Op::sum ? Op::add : Op::max, reduction.type, a, b);
}

std::string widened(const std::string& value, DType from, DType to) {
  if (to == DType::int64 && from != DType::int64) return fmt::format("i64_from_i32({})", value);
  return value;
}

Part write_reduction(Writer& w, const Dispatch& dispatch) {
  const runtime::BufferId operand = dispatch.operands[0];
  const Place& place = w.layout[operand];
  const int64_t axis = dispatch.attrs.a;
  const Items items(dispatch.rows, dispatch.cols);
  const uint64_t terms = terms_of(place, axis);
  const auto slices =
      static_cast<uint32_t>(std::min<uint64_t>(std::bit_floor(terms / kTermsEach), kThreads));
  if (terms / slices > kMostTerms)
    raise("[webgpu] a {} of {} terms, at most {} are possible", info(dispatch.op).name, terms,
          kMostTerms * kThreads);
  const uint32_t results = kThreads / slices;  // items of a workgroup
  const std::string store = write_code(w, dispatch);
  const std::string values =
      w.shared_array(register_type(dispatch.type), kThreads * items.lanes, 1);
  const Part part{w.unique("reduce"), (items.count() + results - 1) / results};

  w.add("fn {}(group: u32, local: u32) {{\n", part.function);
  if (dispatch.when != runtime::kNoBuffer)
    w.add("  if ({} == 0) {{ return; }}\n", w.load_scalar(dispatch.when));
  // Neighbouring invocations read neighbouring elements.
  const bool across = axis == kOverRows;
  w.add("  let slice = local {} {}u;\n", across ? '/' : '%', across ? results : slices);
  w.add("  let item = group * {}u + local {} {}u;\n", results, across ? '%' : '/',
        across ? results : slices);
  const std::string count = w.param(items.count());
  w.add("  let i = min(item, {} - 1u);\n", count);
  if (items.lanes == 1)
    w.add("  let row = i;\n  let col = 0u;\n");
  else
    w.add("  let row = i / {0};\n  let col = (i % {0}) * 4u;\n", w.param(items.per_row));

  const std::string cols = axis == kOverAll ? w.param(place.cols) : "";
  const auto element = [&](const std::string& term, uint32_t lane) {
    const std::string at =
        axis == kOverRows      ? w.element(operand, term, fmt::format("col + {}u", lane))
        : axis == kOverColumns ? w.element(operand, "row", term)
                               : w.element(operand, fmt::format("({}) / {}", term, cols),
                                           fmt::format("({}) % {}", term, cols));
    return widened(w.load(operand, at), place.type, dispatch.type);
  };
  // There are at least as many terms as slices, so each has a first one.
  for (uint32_t lane = 0; lane < items.lanes; ++lane)
    w.add("  var a{} = {};\n", lane, element("slice", lane));
  w.add("  for (var t = slice + {0}u; t < {1}; t += {0}u) {{\n", slices,
        w.param(static_cast<uint32_t>(terms)));
  for (uint32_t lane = 0; lane < items.lanes; ++lane)
    w.add("    a{0} = {1};\n", lane,
          combined(dispatch, fmt::format("a{}", lane), element("t", lane)));
  w.add("  }}\n");

  const auto at = [&](const std::string& invocation, uint32_t lane) {
    return fmt::format("{}[{} + {}u]", values, invocation, lane * kThreads);
  };
  for (uint32_t half = slices / 2; half > 0; half /= 2) {
    // The upper half of the slices that are left hands its values to the lower.
    w.add("  if (slice >= {0}u && slice < {1}u) {{\n", half, 2 * half);
    for (uint32_t lane = 0; lane < items.lanes; ++lane)
      w.add("    {} = a{};\n", at("local", lane), lane);
    w.add("  }}\n  workgroupBarrier();\n  if (slice < {}u) {{\n", half);
    const std::string other = fmt::format("local + {}u", half * (across ? results : 1));
    for (uint32_t lane = 0; lane < items.lanes; ++lane)
      w.add("    a{0} = {1};\n", lane,
            combined(dispatch, fmt::format("a{}", lane), at(other, lane)));
    w.add("  }}\n");
  }
  std::string arguments = "row, col";
  for (uint32_t lane = 0; lane < items.lanes; ++lane) arguments += fmt::format(", a{}", lane);
  w.add("  if (slice == 0u && item < {}) {{ {}({}); }}\n}}\n", count, store, arguments);
  return part;
}

}  // namespace paragon::webgpu
