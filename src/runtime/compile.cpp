// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <unordered_map>

#include "core/error.hpp"
#include "runtime/groups.hpp"
#include "runtime/program.hpp"

namespace paragon::runtime {
namespace {

using ir::Assignment;
using ir::Graph;
using ir::kNoNode;
using ir::Node;
using ir::NodeId;
using ir::Op;
using ir::Phase;

uint64_t constant_bytes(const Node& node) {
  switch (node.type) {
    case DType::float32:
      return std::bit_cast<uint32_t>(static_cast<float>(node.attrs.real));
    case DType::float64:
      return std::bit_cast<uint64_t>(node.attrs.real);
    case DType::int32:
      return static_cast<uint32_t>(node.attrs.a);
    default:
      return static_cast<uint64_t>(node.attrs.a);
  }
}

/// Compiles the phases of one graph into one program.
class Compiler {
 public:
  Compiler(const Graph& graph, const CompileOptions& options) : graph_(graph), options_(options) {
    program_ = std::make_shared<Program>();
    program_->target = options.target;
    program_->hash = graph.structural_hash();
    program_->slots = graph.slots();
    for (uint32_t i = 0; i < graph.slots().size(); ++i) {
      const ir::Slot& slot = graph.slots()[i];
      program_->buffers.push_back({Buffer::Kind::kSlot, i, slot.type, slot.shape});
    }
  }

  std::shared_ptr<const Program> run() {
    for (const Phase& phase : graph_.phases()) compile_phase(phase);
    plan_memory(*program_, options_.apart);
    return program_;
  }

 private:
  // Slot i has buffer i.
  static BufferId slot_buffer(uint32_t slot) { return slot; }

  BufferId new_buffer(DType type, const Shape& shape) {
    program_->buffers.push_back({Buffer::Kind::kTemporary, 0, type, shape});
    return static_cast<BufferId>(program_->buffers.size() - 1);
  }

  BufferId buffer_of(NodeId id) {
    const Node& node = graph_[id];
    if (node.op == Op::slot) return slot_buffer(static_cast<uint32_t>(node.attrs.id));
    if (node.op == Op::constant) {
      const auto [it, fresh] = constants_.emplace(std::pair(node.type, constant_bytes(node)), 0);
      if (fresh) {
        it->second = new_buffer(node.type, {});
        program_->buffers.back().kind = Buffer::Kind::kConstant;
        program_->buffers.back().constant = constant_bytes(node);
      }
      return it->second;
    }
    const auto it = buffers_.find(id);
    if (it != buffers_.end()) return it->second;
    return buffers_[id] = new_buffer(node.type, node.shape);
  }

  void compile_phase(const Phase& phase) {
    buffers_.clear();
    std::vector<NodeId> roots;
    for (const Assignment& assignment : phase.assignments) roots.push_back(assignment.value);
    grouping_ = group_nodes(graph_, roots, options_.fuse);
    find_stored(roots);
    find_conditions(roots);
    const std::vector<Assignment> copies = place_results(phase);
    program_->phases.push_back({phase.name, {}});
    for (size_t group : schedule()) emit(group);
    emit_copies(copies);
  }

  // Which nodes must be in memory: read by another group, by a movement, or assigned to a slot.
  void find_stored(const std::vector<NodeId>& roots) {
    stored_.assign(graph_.size(), false);
    for (NodeId root : roots) stored_[root] = true;
    for (NodeId id : reachable(graph_, roots)) {
      const size_t group = grouping_.group_of[id];
      if (group == kNoGroup) continue;
      const bool in_code = is_code(graph_[id]) || graph_[id].op == Op::or_bits;
      for (NodeId operand : graph_[id].operands)
        if (!in_code || grouping_.group_of[operand] != group) stored_[operand] = true;
    }
  }

  // Groups that only the value of a `when` needs are skipped when its condition is zero.
  void find_conditions(const std::vector<NodeId>& roots) {
    condition_.assign(grouping_.groups.size(), kNoNode);
    for (NodeId id : reachable(graph_, roots)) {
      if (graph_[id].op != Op::when) continue;
      std::vector<bool> needed(graph_.size(), false);
      std::vector<NodeId> stack(roots);
      while (!stack.empty()) {
        const NodeId node = stack.back();
        stack.pop_back();
        if (needed[node]) continue;
        needed[node] = true;
        for (size_t i = 0; i < graph_[node].operands.size(); ++i)
          if (node != id || i != 1) stack.push_back(graph_[node].operands[i]);
      }
      const NodeId condition = graph_[id].operands[0];
      const size_t producer = grouping_.group_of[condition];
      for (size_t g = 0; g < grouping_.groups.size(); ++g) {
        Group& group = grouping_.groups[g];
        const bool exclusive = std::none_of(group.nodes.begin(), group.nodes.end(),
                                            [&](NodeId node) { return needed[node]; }) &&
                               (group.anchor == kNoNode || !needed[group.anchor]);
        if (!exclusive || condition_[g] != kNoNode) continue;
        if (producer != kNoGroup) {
          if (grouping_.depends_on(producer, g)) continue;
          group.depends.insert(producer);
        }
        condition_[g] = condition;
      }
    }
  }

  bool reads_elementwise_only(const Group& group, NodeId slot_node) const {
    if (group.anchor == kNoNode) return true;
    const auto& operands = graph_[group.anchor].operands;
    return std::find(operands.begin(), operands.end(), slot_node) == operands.end();
  }

  // Results go straight into their slots where no reader of the old value comes later; the others
  // are copied at the end of the phase.
  std::vector<Assignment> place_results(const Phase& phase) {
    std::vector<Assignment> copies;
    std::vector<bool> placed(graph_.size(), false);
    for (const Assignment& assignment : phase.assignments) {
      const Node& value = graph_[assignment.value];
      const size_t writer = grouping_.group_of[assignment.value];
      if (value.op == Op::slot && value.attrs.id == assignment.slot) continue;
      const bool copied_elsewhere = std::any_of(
          phase.assignments.begin(), phase.assignments.end(), [&](const Assignment& other) {
            const Node& node = graph_[other.value];
            return other.slot != assignment.slot && node.op == Op::slot &&
                   node.attrs.id == assignment.slot;
          });
      if (copied_elsewhere || value.shape.is_scalar() || writer == kNoGroup ||
          placed[assignment.value] || condition_[writer] != kNoNode ||
          !order_readers(assignment.slot, writer)) {
        copies.push_back(assignment);
        continue;
      }
      placed[assignment.value] = true;
      buffers_[assignment.value] = slot_buffer(assignment.slot);
    }
    return copies;
  }

  // Makes every reader of the slot's old value come before `writer`; false if that is impossible.
  bool order_readers(uint32_t slot, size_t writer) {
    std::vector<size_t> readers;
    for (size_t g = 0; g < grouping_.groups.size(); ++g) {
      const Group& group = grouping_.groups[g];
      const auto reads_slot = [&](NodeId id) {
        return std::any_of(
            graph_[id].operands.begin(), graph_[id].operands.end(), [&](NodeId operand) {
              return graph_[operand].op == Op::slot && graph_[operand].attrs.id == slot;
            });
      };
      const bool anchor_reads = group.anchor != kNoNode && reads_slot(group.anchor);
      const bool code_reads = std::any_of(group.nodes.begin(), group.nodes.end(), reads_slot);
      if (!anchor_reads && !code_reads) continue;
      if (g == writer) {
        // In place, element by element, and only over the whole tensor at once.
        const Shape& shape = graph_.slots()[slot].shape;
        if (anchor_reads || shape.rows() != group.rows || shape.cols() != group.cols) return false;
        continue;
      }
      if (grouping_.depends_on(g, writer)) return false;
      readers.push_back(g);
    }
    for (size_t reader : readers) grouping_.groups[writer].depends.insert(reader);
    return true;
  }

  // Scalars as soon as they can be, so that many share a dispatch; then the oldest matrix.
  std::vector<size_t> schedule() const {
    const size_t count = grouping_.groups.size();
    std::vector<size_t> waiting(count), order;
    std::vector<std::vector<size_t>> users(count);
    for (size_t g = 0; g < count; ++g) {
      waiting[g] = grouping_.groups[g].depends.size();
      for (size_t producer : grouping_.groups[g].depends) users[producer].push_back(g);
    }
    std::set<std::pair<bool, size_t>> ready;  // scalars sort first
    for (size_t g = 0; g < count; ++g)
      if (waiting[g] == 0) ready.insert({!grouping_.groups[g].scalar, g});
    while (!ready.empty()) {
      const size_t g = ready.begin()->second;
      ready.erase(ready.begin());
      order.push_back(g);
      for (size_t user : users[g])
        if (--waiting[user] == 0) ready.insert({!grouping_.groups[user].scalar, user});
    }
    if (order.size() != count) raise("[compile] the phase's groups depend on each other");
    return order;
  }

  std::vector<Dispatch>& dispatches() { return program_->phases.back().dispatches; }

  void emit(size_t index) {
    const Group& group = grouping_.groups[index];
    const BufferId when = condition_[index] == kNoNode ? kNoBuffer : buffer_of(condition_[index]);
    if (group.scalar && !dispatches().empty() &&
        dispatches().back().kind == Dispatch::Kind::kScalars && dispatches().back().when == when) {
      append_code(group, dispatches().back());
      return;
    }
    Dispatch dispatch;
    dispatch.when = when;
    dispatch.rows = group.rows;
    dispatch.cols = group.cols;
    dispatch.kind = group.scalar ? Dispatch::Kind::kScalars : Dispatch::Kind::kTiles;
    registers_.clear();
    if (group.anchor != kNoNode) {
      const Node& anchor = graph_[group.anchor];
      dispatch.op = anchor.op;
      dispatch.attrs = anchor.attrs;
      dispatch.type = anchor.type;
      for (NodeId operand : anchor.operands) dispatch.operands.push_back(buffer_of(operand));
      if (can_anchor(anchor.op)) {
        dispatch.kind = Dispatch::Kind::kAnchored;
        add_anchor(group.anchor, dispatch);
      } else {
        dispatch.kind = Dispatch::Kind::kMove;
        dispatch.result = buffer_of(group.anchor);
      }
    }
    append_code(group, dispatch);
    dispatches().push_back(std::move(dispatch));
  }

  void add_anchor(NodeId id, Dispatch& dispatch) {
    Instruction instruction;
    instruction.kind = Instruction::Kind::kAccumulator;
    instruction.type = graph_[id].type;
    dispatch.code.instructions.push_back(std::move(instruction));
    registers_[id] = 0;
    if (stored_[id]) dispatch.code.stores.push_back({0, buffer_of(id)});
  }

  void append_code(const Group& group, Dispatch& dispatch) {
    for (NodeId id : group.nodes) {
      const Node& node = graph_[id];
      if (node.op == Op::or_bits) {
        const Operand operand = operand_of(node.operands[0], dispatch);
        dispatch.code.or_stores.push_back({operand.index, buffer_of(id)});
        continue;
      }
      Instruction instruction;
      instruction.op = node.op;
      instruction.type = node.type;
      instruction.attrs = node.attrs;
      if (!node.operands.empty()) instruction.operand_type = graph_[node.operands[0]].type;
      for (NodeId operand : node.operands)
        instruction.operands.push_back(operand_of(operand, dispatch));
      if (group.scalar) {  // every scalar lives in memory: there is nothing to gain from registers
        instruction.buffer = buffer_of(id);
        dispatch.code.instructions.push_back(std::move(instruction));
        continue;
      }
      registers_[id] = static_cast<uint32_t>(dispatch.code.instructions.size());
      dispatch.code.instructions.push_back(std::move(instruction));
      if (stored_[id]) dispatch.code.stores.push_back({registers_[id], buffer_of(id)});
    }
  }

  Operand operand_of(NodeId id, Dispatch& dispatch) {
    if (graph_[id].shape.is_scalar()) return {Operand::Kind::kScalar, buffer_of(id)};
    const auto it = registers_.find(id);
    if (it != registers_.end()) return {Operand::Kind::kRegister, it->second};
    Instruction load;
    load.kind = Instruction::Kind::kLoad;
    load.type = graph_[id].type;
    load.buffer = buffer_of(id);
    const auto reg = static_cast<uint32_t>(dispatch.code.instructions.size());
    dispatch.code.instructions.push_back(std::move(load));
    registers_[id] = reg;
    return {Operand::Kind::kRegister, reg};
  }

  void emit_copies(const std::vector<Assignment>& copies) {
    std::vector<std::pair<BufferId, BufferId>> moves;  // from, to
    for (const Assignment& assignment : copies) {
      BufferId from = buffer_of(assignment.value);
      const auto& from_buffer = program_->buffers[from];
      const bool overwritten =
          graph_[assignment.value].op == Op::slot &&
          std::any_of(copies.begin(), copies.end(),
                      [&](const Assignment& other) { return other.slot == from; });
      if (overwritten) {  // a slot that moves into another slot while being replaced itself
        const BufferId saved = new_buffer(from_buffer.type, from_buffer.shape);
        emit_copy(from, saved);
        from = saved;
      }
      moves.emplace_back(from, slot_buffer(assignment.slot));
    }
    for (const auto& [from, to] : moves) emit_copy(from, to);
  }

  void emit_copy(BufferId from, BufferId to) {
    const Buffer& target = program_->buffers[to];
    if (target.shape.is_scalar()) return emit_scalar_copy(from, to);
    Dispatch dispatch;
    dispatch.kind = Dispatch::Kind::kMove;
    dispatch.op = Op::slot;
    dispatch.type = target.type;
    dispatch.rows = target.shape.rows();
    dispatch.cols = target.shape.cols();
    dispatch.operands = {from};
    dispatch.result = to;
    dispatches().push_back(std::move(dispatch));
  }

  void emit_scalar_copy(BufferId from, BufferId to) {
    if (dispatches().empty() || dispatches().back().kind != Dispatch::Kind::kScalars ||
        dispatches().back().when != kNoBuffer) {
      Dispatch dispatch;
      dispatch.kind = Dispatch::Kind::kScalars;
      dispatch.rows = dispatch.cols = 1;
      dispatches().push_back(std::move(dispatch));
    }
    Instruction copy;
    copy.op = Op::cast;
    copy.type = copy.operand_type = program_->buffers[to].type;
    copy.operands = {{Operand::Kind::kScalar, from}};
    copy.buffer = to;
    dispatches().back().code.instructions.push_back(std::move(copy));
  }

  const Graph& graph_;
  const CompileOptions& options_;
  std::shared_ptr<Program> program_;
  std::map<std::pair<DType, uint64_t>, BufferId> constants_;
  std::unordered_map<NodeId, BufferId> buffers_;    // of the phase being compiled
  std::unordered_map<NodeId, uint32_t> registers_;  // of the dispatch being emitted
  std::vector<bool> stored_;
  std::vector<NodeId> condition_;
  Grouping grouping_;
};

}  // namespace

std::shared_ptr<const Program> compile(const Graph& graph, const CompileOptions& options) {
  return Compiler(graph, options).run();
}

}  // namespace paragon::runtime
