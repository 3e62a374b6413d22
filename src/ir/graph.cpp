// SPDX-License-Identifier: Apache-2.0
#include "ir/graph.hpp"

#include <algorithm>
#include <bit>

#include "core/error.hpp"
#include "core/random.hpp"
#include "ir/rules/rules.hpp"

namespace paragon::ir {
namespace {

using random::mix64;

uint64_t combine(uint64_t hash, uint64_t word) {
  return mix64(hash ^ mix64(word));
}

uint64_t hash_text(std::string_view text) {
  uint64_t hash = text.size();
  for (char c : text) hash = combine(hash, static_cast<unsigned char>(c));
  return hash;
}

uint64_t hash_shape(const Shape& shape) {
  uint64_t hash = shape.rank();
  for (size_t dim : shape.dims()) hash = combine(hash, dim);
  return hash;
}

uint64_t hash_attrs(const Attrs& attrs) {
  uint64_t hash = 1;
  for (uint64_t word : {static_cast<uint64_t>(attrs.a), static_cast<uint64_t>(attrs.b),
                        static_cast<uint64_t>(attrs.c), uint64_t{attrs.reverse},
                        std::bit_cast<uint64_t>(attrs.real), attrs.id, hash_shape(attrs.shape),
                        attrs.table ? attrs.table->hash : 0, attrs.body ? attrs.body->hash : 0,
                        static_cast<uint64_t>(reinterpret_cast<uintptr_t>(attrs.function.get()))})
    hash = combine(hash, word);
  return hash;
}

bool equal_attrs(const Attrs& x, const Attrs& y) {
  const auto table_hash = [](const Attrs& attrs) { return attrs.table ? attrs.table->hash : 0; };
  const auto body_hash = [](const Attrs& attrs) { return attrs.body ? attrs.body->hash : 0; };
  return x.a == y.a && x.b == y.b && x.c == y.c && x.reverse == y.reverse &&
         std::bit_cast<uint64_t>(x.real) == std::bit_cast<uint64_t>(y.real) && x.id == y.id &&
         x.shape == y.shape && table_hash(x) == table_hash(y) && body_hash(x) == body_hash(y) &&
         x.function == y.function;
}

uint64_t hash_node(const Node& node, const std::vector<uint64_t>& operand_hashes) {
  uint64_t hash = combine(static_cast<uint64_t>(node.op), static_cast<uint64_t>(node.type));
  hash = combine(hash, hash_shape(node.shape));
  hash = combine(hash, hash_attrs(node.attrs));
  for (uint64_t operand : operand_hashes) hash = combine(hash, operand);
  return hash;
}

}  // namespace

std::shared_ptr<const IndexTable> make_index_table(std::vector<int32_t> index, size_t units,
                                                   size_t taps, size_t features) {
  auto table = std::make_shared<IndexTable>();
  uint64_t hash = combine(combine(units, taps), features);
  for (int32_t entry : index) hash = combine(hash, static_cast<uint64_t>(int64_t{entry}));
  *table = {std::move(index), units, taps, features, hash};
  return table;
}

Graph::Graph() = default;
Graph::~Graph() = default;
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;

NodeId Graph::make(Op op, std::vector<NodeId> operands, Attrs attrs, DType type) {
  InferArgs args{*this, op, {}, attrs, type};
  const int expected = info(op).operands;
  if (expected >= 0 && operands.size() != static_cast<size_t>(expected))
    args.fail("got {} operands, expected {}", operands.size(), expected);
  std::vector<uint64_t> words;
  for (NodeId operand : operands) {
    if (operand >= nodes_.size()) args.fail("operand {} does not exist", operand);
    args.operands.push_back(&nodes_[operand]);
    words.push_back(operand);
  }
  const TypeAndShape result = infer(args);
  Node node{op, result.type, result.shape, std::move(operands), std::move(attrs)};
  const uint64_t hash = hash_node(node, words);
  const auto [first, last] = by_hash_.equal_range(hash);
  for (auto it = first; it != last; ++it) {
    const Node& other = nodes_[it->second];
    if (other.op == node.op && other.type == node.type && other.shape == node.shape &&
        other.operands == node.operands && equal_attrs(other.attrs, node.attrs))
      return it->second;
  }
  const auto id = static_cast<NodeId>(nodes_.size());
  nodes_.push_back(std::move(node));
  provenance_.push_back(current_);
  by_hash_.emplace(hash, id);
  return id;
}

uint32_t Graph::add_slot(Slot slot) {
  if (has_slot(slot.id, slot.name))
    raise("[{}] slot '{}' of id {} exists already", place_, slot.name, slot.id);
  slots_.push_back(std::move(slot));
  return static_cast<uint32_t>(slots_.size() - 1);
}

bool Graph::has_slot(uint64_t id, std::string_view name) const {
  return std::any_of(slots_.begin(), slots_.end(),
                     [&](const Slot& slot) { return slot.id == id && slot.name == name; });
}

uint32_t Graph::find_slot(uint64_t id, std::string_view name) const {
  for (size_t i = 0; i < slots_.size(); ++i)
    if (slots_[i].id == id && slots_[i].name == name) return static_cast<uint32_t>(i);
  raise("[{}] there is no slot '{}' of id {}", place_, name, id);
}

NodeId Graph::read(uint32_t slot) {
  return make(Op::slot, {}, {.id = slot});
}

const Phase& Graph::phase(std::string_view name) const {
  for (const Phase& phase : phases_)
    if (phase.name == name) return phase;
  raise("[{}] there is no phase '{}'", place_, name);
}

uint64_t Graph::structural_hash() const {
  // Hashes follow the structure, not the order of construction.
  std::vector<uint64_t> hashes(nodes_.size());
  for (size_t i = 0; i < nodes_.size(); ++i) {
    std::vector<uint64_t> operand_hashes;
    for (NodeId operand : nodes_[i].operands) operand_hashes.push_back(hashes[operand]);
    hashes[i] = hash_node(nodes_[i], operand_hashes);
  }
  uint64_t hash = slots_.size();
  for (const Slot& slot : slots_) {
    hash = combine(hash, hash_text(slot.name));
    for (uint64_t word : {slot.id, static_cast<uint64_t>(slot.role),
                          static_cast<uint64_t>(slot.type), hash_shape(slot.shape)})
      hash = combine(hash, word);
  }
  for (const Phase& phase : phases_) {
    hash = combine(hash, hash_text(phase.name));
    for (const Assignment& assignment : phase.assignments)
      hash = combine(combine(hash, assignment.slot), hashes[assignment.value]);
  }
  return hash;
}

Graph::Scope::Scope(Graph& graph, std::string place, Provenance provenance)
    : graph_(graph), place_before_(graph.place_), provenance_before_(graph.current_) {
  graph.place_ = std::move(place);
  graph.current_ = provenance;
}

Graph::Scope::~Scope() {
  graph_.place_ = std::move(place_before_);
  graph_.current_ = provenance_before_;
}

std::shared_ptr<const Body> make_body(Graph graph, std::vector<NodeId> outputs) {
  auto body = std::make_shared<Body>();
  body->graph = std::move(graph);
  body->outputs = std::move(outputs);
  // The outputs, as a phase, make the structural hash cover them.
  Phase phase{"body", {}};
  for (NodeId output : body->outputs) phase.assignments.push_back({0, output});
  body->graph.phases() = {phase};
  body->hash = combine(body->graph.structural_hash(), body->outputs.size());
  body->graph.phases().clear();
  return body;
}

std::vector<NodeId> reachable(const Graph& graph, const std::vector<NodeId>& roots) {
  std::vector<bool> needed(graph.size(), false);
  std::vector<NodeId> stack(roots);
  while (!stack.empty()) {
    const NodeId id = stack.back();
    stack.pop_back();
    if (needed[id]) continue;
    needed[id] = true;
    for (NodeId operand : graph[id].operands) stack.push_back(operand);
  }
  std::vector<NodeId> order;  // ids grow from operands to users
  for (NodeId id = 0; id < graph.size(); ++id)
    if (needed[id]) order.push_back(id);
  return order;
}

}  // namespace paragon::ir
