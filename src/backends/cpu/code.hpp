// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "backends/cpu/tile_ops.hpp"
#include "ir/rules/formulas.hpp"
#include "runtime/host_memory.hpp"

namespace paragon::cpu {

/// Element-wise code bound to memory. It runs operation by operation over tiles that stay in the L1
/// cache; operands and results that lie densely in memory are used in place.
class BoundCode {
 public:
  BoundCode() = default;
  BoundCode(const runtime::Dispatch& dispatch, const runtime::Program& program,
            const runtime::HostMemory& memory);

  /// The anchor's results for a rectangle; element (r, c) at data[r * stride + c].
  struct Accumulators {
    const std::byte* data = nullptr;
    size_t stride = 0;
  };

  /// Runs over rows [row, row + rows) x columns [col, col + cols). `scratch` has scratch_bytes().
  void run(size_t row, size_t rows, size_t col, size_t cols, Accumulators accumulators,
           std::byte* scratch) const;

  size_t scratch_bytes() const { return scratch_bytes_; }
  /// Rough work of one element, in operations.
  size_t cost() const { return steps_.size(); }
  /// The memory that gets the anchor's results if the code does nothing else with them.
  std::byte* plain_store() const { return plain_store_; }
  bool empty() const { return steps_.empty(); }
  /// The memory of data slots may move between runs.
  void rebind(const runtime::HostMemory& memory);

 private:
  enum class Source : uint8_t { kRegister, kScalar, kNone };

  struct Step {
    runtime::Instruction::Kind kind;
    ir::Op op;
    DType type, operand_type;
    size_t element;  // bytes of a result element
    TileKernel kernel = nullptr;
    ir::Attrs attrs = {};
    unsigned scalars = 0, operands = 0;
    Source source[3] = {Source::kNone, Source::kNone, Source::kNone};
    uint32_t reg[3] = {};
    const std::byte* scalar[3] = {};
    DType operand_types[3] = {};
    size_t slot = 0;  // place of the result in the scratch memory, in bytes
    // kLoad
    runtime::BufferId buffer = 0;
    const std::byte* memory = nullptr;
    bool repeat_rows = false, repeat_cols = false;  // extent 1 along the axis
    std::byte* direct = nullptr;                    // result goes straight to this tensor
    bool absorbed = false;                          // computed by the step that reads it
  };
  struct Store {
    uint32_t reg;
    std::byte* memory;
    size_t element;
  };

  struct Tile {
    size_t row, rows, col, cols;
    size_t elements() const { return rows * cols; }
  };

  void run_tile(const Tile& tile, Accumulators accumulators, std::byte* scratch,
                const std::byte** registers) const;
  const std::byte* load(const Step& step, const Tile& tile, std::byte* scratch) const;
  static const std::byte* compact(const Step& step, const Tile& tile, Accumulators accumulators,
                                  std::byte* scratch);
  void evaluate(const Step& step, const Tile& tile, const std::byte* const* registers,
                std::byte* result) const;
  void fuse_products(const runtime::Dispatch& dispatch);
  void assign_slots();
  void find_direct_stores(const runtime::Dispatch& dispatch, const runtime::HostMemory& memory);

  size_t rows_ = 0, cols_ = 0;
  std::vector<Step> steps_;
  std::vector<Store> stores_;
  std::vector<Store> or_stores_;
  std::byte* plain_store_ = nullptr;
  size_t tile_ = 1024;  // elements of a tile; fewer where registers are 64 bits wide
  size_t scratch_bytes_ = 0;
};

inline constexpr size_t kMaxInstructions = 256;

}  // namespace paragon::cpu
