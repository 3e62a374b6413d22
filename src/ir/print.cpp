// SPDX-License-Identifier: Apache-2.0
#include <unordered_map>

#include "core/curve.hpp"
#include "core/error.hpp"
#include "ir/graph.hpp"

namespace paragon::ir {
namespace {

std::string shift_text(const Attrs& attrs) {
  return attrs.c == 0 ? "" : fmt::format(" shift={}", attrs.c);
}

std::string attrs_text(const Graph& graph, const Node& node) {
  const Attrs& attrs = node.attrs;
  switch (node.op) {
    case Op::constant:
      return info(node.type).kind == DTypeKind::kFloat ? fmt::format(" {}", attrs.real)
                                                       : fmt::format(" {}", attrs.a);
    case Op::slot: {
      const Slot& slot = graph.slots()[attrs.id];
      return fmt::format(" \"{}\" id={}", slot.name, slot.id);
    }
    case Op::cast:
      return "";
    case Op::leaky_relu:
      return fmt::format(" slope={}", attrs.real);
    case Op::curve:
    case Op::curve_slope:
    case Op::curve_fixed:
    case Op::curve_slope_fixed:
      return fmt::format(" {}", name(static_cast<Curve>(attrs.a)));
    case Op::align:
    case Op::requantise:
    case Op::requantise_sr:
    case Op::mul_shift:
      return fmt::format(" limit={}", attrs.a);
    case Op::clamp:
      return fmt::format(" low={} high={}", attrs.a, attrs.b);
    case Op::shift_right:
      return fmt::format(" bits={}", attrs.a);
    case Op::hash_key:
      return fmt::format(" site={} role={} repetition={}", attrs.id, attrs.a, attrs.b);
    case Op::random:
      return fmt::format(" strides={},{}", attrs.a, attrs.b);
    case Op::iota:
    case Op::sum:
    case Op::maximum:
      return fmt::format(" axis={}", attrs.a);
    case Op::contract:
      return fmt::format("{}{}{}", attrs.a != 0 ? " a_transposed" : "",
                         attrs.b != 0 ? " b_transposed" : "", shift_text(attrs));
    case Op::gather_dot:
    case Op::gather_dot_wgrad:
    case Op::gather_dot_xgrad:
    case Op::table:
      return fmt::format(" table={}x{}:{:08x}{}", attrs.table->units, attrs.table->taps,
                         static_cast<uint32_t>(attrs.table->hash), shift_text(attrs));
    case Op::gather:
      return attrs.a != 0 ? " turned" : "";
    case Op::unstack:
      return fmt::format(" element={}", attrs.a);
    case Op::rows:
      return fmt::format(" first={}", attrs.a);
    case Op::get:
      return fmt::format(" result={}", attrs.a);
    case Op::scan:
      return fmt::format(" repetitions={} carried={} scanned={}{}", attrs.a, attrs.b, attrs.c,
                         attrs.reverse ? " reverse" : "");
    default:
      return "";
  }
}

void print_nodes(const Graph& graph, const std::vector<NodeId>& roots, const std::string& indent,
                 std::unordered_map<NodeId, size_t>& numbers, std::string& out) {
  for (NodeId id : reachable(graph, roots)) {
    if (!numbers.emplace(id, numbers.size()).second) continue;
    const Node& node = graph[id];
    std::string operands;
    for (NodeId operand : node.operands) operands += fmt::format(" %{}", numbers.at(operand));
    out += fmt::format("{}%{} = {}{}{} : {}{}\n", indent, numbers.at(id), info(node.op).name,
                       operands, attrs_text(graph, node), name(node.type), to_string(node.shape));
    if (node.op == Op::scan) {
      const Body& body = *node.attrs.body;
      std::unordered_map<NodeId, size_t> inner;
      print_nodes(body.graph, body.outputs, indent + "    ", inner, out);
      out += indent + "    yield";
      for (NodeId output : body.outputs) out += fmt::format(" %{}", inner.at(output));
      out += "\n";
    }
  }
}

}  // namespace

std::string to_text(const Graph& graph) {
  std::string out;
  for (const Slot& slot : graph.slots())
    out += fmt::format("slot \"{}\" id={} {} : {}{}\n", slot.name, slot.id, name(slot.role),
                       name(slot.type), to_string(slot.shape));
  for (const Phase& phase : graph.phases()) {
    out += fmt::format("\nphase {}\n", phase.name);
    std::vector<NodeId> roots;
    for (const Assignment& assignment : phase.assignments) roots.push_back(assignment.value);
    std::unordered_map<NodeId, size_t> numbers;
    print_nodes(graph, roots, "  ", numbers, out);
    for (const Assignment& assignment : phase.assignments) {
      const Slot& slot = graph.slots()[assignment.slot];
      out +=
          fmt::format("  \"{}\" id={} <- %{}\n", slot.name, slot.id, numbers.at(assignment.value));
    }
  }
  return out;
}

}  // namespace paragon::ir
