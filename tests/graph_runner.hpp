// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <paragon/webgpu.hpp>

#include "core/random.hpp"
#include "core/tensor.hpp"
#include "ir/builder.hpp"
#include "ir/rules/formulas.hpp"
#include "passes/passes.hpp"
#include "runtime/backend.hpp"

namespace paragon::testing {

/// One element of a tensor as a double, and back.
inline double element(const Tensor& tensor, size_t i) {
  const ir::Number value = ir::load(tensor.type(), tensor.data(), i);
  return info(tensor.type()).kind == DTypeKind::kFloat ? value.f : static_cast<double>(value.i);
}

inline void set_element(Tensor& tensor, size_t i, double value) {
  ir::Number number;
  if (info(tensor.type()).kind == DTypeKind::kFloat) {
    number.f = value;
  } else {
    number.i = static_cast<int64_t>(value);
  }
  ir::store(tensor.type(), tensor.data(), i, number);
}

inline Tensor filled(DType type, const Shape& shape, const std::vector<double>& values) {
  Tensor tensor(type, shape);
  for (size_t i = 0; i < tensor.elements(); ++i) set_element(tensor, i, values[i % values.size()]);
  return tensor;
}

/// Uniform in [low, high], rounded down to whole numbers for integer types.
inline Tensor uniform(DType type, const Shape& shape, double low, double high, uint64_t seed) {
  Tensor tensor(type, shape);
  for (size_t i = 0; i < tensor.elements(); ++i) {
    const double unit = static_cast<double>(random::bits64(seed, i) >> 11) * 0x1p-53;
    set_element(tensor, i, low + unit * (high - low));
  }
  return tensor;
}

inline bool same_bytes(const Tensor& a, const Tensor& b) {
  return a.bytes() == b.bytes() && std::memcmp(a.data(), b.data(), a.bytes()) == 0;
}

/// Is there a WebGPU device to test on, a driver in software or a GPU?
inline bool webgpu_is_there() {
  static const bool there = webgpu_problem().empty();
  return there;
}

/// A graph lowered, compiled and instantiated for one device; slots go by their names, of id 0
/// where none is given.
class GraphRunner {
 public:
  explicit GraphRunner(const ir::Graph& graph, std::string_view device, int threads = 1,
                       std::optional<bool> fuse = {}) {
    const runtime::Backend& backend = runtime::find_backend(device);
    runtime::CompileOptions options = backend.compile_options();
    options.fuse = fuse.value_or(options.fuse);
    program_ = runtime::compile(ir::lower_for_backend(graph), options);
    instance_ = backend.instantiate(program_, threads);
  }

  void set(std::string_view name, const Tensor& value) { set(0, name, value); }
  void set(uint64_t id, std::string_view name, const Tensor& value) {
    const uint32_t slot = program_->find_slot(id, name);
    if (program_->slots[slot].role != ir::SlotRole::kData) {
      instance_->upload(slot, {value.data(), value.bytes()});
      return;
    }
    bound_.push_back(std::make_unique<Tensor>(value));
    instance_->bind(slot, {bound_.back()->data(), value.bytes()});
  }

  Tensor get(std::string_view name) const {
    const uint32_t slot = program_->find_slot(0, name);
    Tensor value(program_->slots[slot].type, program_->slots[slot].shape);
    instance_->download(slot, {value.data(), value.bytes()});
    return value;
  }

  void run(size_t phase = 0) { instance_->run(phase); }
  const runtime::Program& program() const { return *program_; }

 private:
  std::shared_ptr<const runtime::Program> program_;
  std::unique_ptr<runtime::Instance> instance_;
  std::vector<std::unique_ptr<Tensor>> bound_;
};

/// A graph of one phase under construction: named inputs and outputs, all of id 0.
struct GraphMaker {
  ir::Graph graph;
  ir::Phase phase{"run", {}};

  ir::Builder b() { return ir::Builder(graph); }
  ir::NodeId input(const std::string& name, DType type, const Shape& shape,
                   ir::SlotRole role = ir::SlotRole::kInput) {
    return graph.read(graph.add_slot({name, 0, role, type, shape}));
  }
  /// A slot that is read and may be written.
  ir::NodeId state(const std::string& name, DType type, const Shape& shape) {
    return input(name, type, shape, ir::SlotRole::kState);
  }
  void output(const std::string& name, ir::NodeId value) {
    const ir::Node node = graph[value];
    const uint32_t slot = graph.add_slot({name, 0, ir::SlotRole::kOutput, node.type, node.shape});
    phase.assignments.push_back({slot, value});
  }
  void assign(const std::string& name, ir::NodeId value) {
    phase.assignments.push_back({graph.find_slot(0, name), value});
  }
  void finish() {
    graph.phases().push_back(std::move(phase));
    phase = {"run", {}};
  }
};

}  // namespace paragon::testing
