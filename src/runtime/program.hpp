// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ir/attrs.hpp"
#include "ir/op.hpp"
#include "ir/slot.hpp"

namespace paragon::ir {
class Graph;
}

namespace paragon::runtime {

using BufferId = uint32_t;
inline constexpr BufferId kNoBuffer = ~BufferId{0};

/// Memory of a program. Scalars (rank 0) are buffers too.
struct Buffer {
  enum class Kind : uint8_t { kSlot, kConstant, kTemporary };
  Kind kind = Kind::kTemporary;
  uint32_t slot = 0;  ///< kSlot: index of the graph's slot
  DType type = DType::float32;
  Shape shape;
  uint64_t constant = 0;  ///< kConstant: the bytes of the value
  size_t offset = 0;      ///< kTemporary: place in the arena, in bytes

  size_t bytes() const { return shape.elements() * size_of(type); }
};

/// Where an element-wise instruction finds an operand.
struct Operand {
  enum class Kind : uint8_t { kNone, kRegister, kScalar };
  Kind kind = Kind::kNone;
  uint32_t index = 0;  ///< register, or BufferId of a scalar
};

/// One element-wise operation on registers. Register i of a code is the result of instruction i.
struct Instruction {
  /// kLoad reads `buffer` (broadcast to the iteration space), kAccumulator the anchor's result.
  enum class Kind : uint8_t { kLoad, kAccumulator, kCompute };
  Kind kind = Kind::kCompute;
  ir::Op op = ir::Op::constant;         ///< kCompute
  DType type = DType::float32;          ///< of the result
  DType operand_type = DType::float32;  ///< of the first operand
  std::vector<Operand> operands;
  BufferId buffer = kNoBuffer;  ///< kLoad
  ir::Attrs attrs;
};

/// Element-wise code over a rows x cols iteration space.
struct TileCode {
  struct Store {
    uint32_t reg;
    BufferId buffer;
  };
  std::vector<Instruction> instructions;
  std::vector<Store> stores;     ///< registers that go to memory
  std::vector<Store> or_stores;  ///< registers whose bitwise or goes to an int32 scalar

  bool empty() const { return stores.empty() && or_stores.empty(); }
};

/// One step of a phase.
struct Dispatch {
  enum class Kind : uint8_t {
    kScalars,   ///< code over scalars: rows = cols = 1, every operand kScalar or register
    kTiles,     ///< element-wise code alone
    kAnchored,  ///< `op` computes a matrix, then code runs over it while it is in cache
    kMove,      ///< `op` moves data: transpose, stack, unstack, scatter_add, or a plain copy (slot)
  };
  Kind kind = Kind::kTiles;
  ir::Op op = ir::Op::slot;
  ir::Attrs attrs;
  std::vector<BufferId> operands;  ///< of `op`
  BufferId result = kNoBuffer;     ///< kMove; kAnchored: see code.stores
  DType type = DType::float32;     ///< of the anchor's result
  size_t rows = 0, cols = 0;       ///< iteration space
  TileCode code;
  BufferId when = kNoBuffer;  ///< skipped if this int32 scalar is zero
};

struct PhaseProgram {
  std::string name;
  std::vector<Dispatch> dispatches;
};

/// What a graph compiles to: flat, immutable, without parameters; shared by any number of
/// instances.
struct Program {
  std::string target;  ///< the capability set it was compiled for
  uint64_t hash = 0;   ///< of the graph
  std::vector<ir::Slot> slots;
  std::vector<Buffer> buffers;
  std::vector<PhaseProgram> phases;
  size_t arena_bytes = 0;

  uint32_t find_slot(uint64_t id, std::string_view name) const;  ///< raises if there is none
  bool has_slot(uint64_t id, std::string_view name) const;
  size_t find_phase(std::string_view name) const;  ///< raises if there is none
};

/// Does every buffer and operation hold integers, so that no backend needs floating point for it?
bool is_integer(const Program& program);

struct CompileOptions {
  std::string target = "cpu";
  bool fuse = true;  ///< element-wise code goes with its producers; false: one node a dispatch
  /// Dispatches that lie, if it costs next to no memory, between a small temporary and another in
  /// the same place. Then threads can run through several dispatches without meeting.
  size_t apart = 0;
};

/// Schedules, fuses and plans memory. The graph must be lowered: no scans, no composites.
std::shared_ptr<const Program> compile(const ir::Graph& graph, const CompileOptions& options);

/// compile() through a process-wide cache keyed by the graph's structural hash and the options.
std::shared_ptr<const Program> compile_cached(const ir::Graph& graph,
                                              const CompileOptions& options);

/// Offsets of the temporaries in one arena, by buffer.
struct MemoryPlan {
  std::vector<size_t> offsets;
  size_t bytes = 0;
};
using BytesOf = std::function<size_t(BufferId)>;

struct ArenaRules {
  /// Small buffers share no memory with those of this many neighbouring dispatches where that costs
  /// a 64th and `extra` bytes at most.
  size_t apart = 0, extra = 0;
  /// Bytes of a chunk: a buffer lies within one, a longer one starts with one. 0: there are none.
  size_t chunk = 0;
};

/// The first offset from `offset` on where `size` crosses no border of a chunk that it could avoid.
size_t within_chunk(size_t offset, size_t size, size_t chunk);

/// Plans the arena by the lifetimes over each phase's dispatches, first fit. A backend with a
/// layout of its own says how many bytes a buffer takes there.
MemoryPlan plan_memory(const Program& program, const BytesOf& bytes_of, const ArenaRules& rules);
/// The same with dense buffers, written into the program.
void plan_memory(Program& program, size_t apart);

std::string to_text(const Program& program);

}  // namespace paragon::runtime
