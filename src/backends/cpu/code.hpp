// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <initializer_list>
#include <vector>

#include "backends/cpu/tile_ops.hpp"
#include "backends/cpu/updates.hpp"
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
  /// Whether the anchor's result, if it is a product of a column and a row, need not be computed
  /// beforehand; then run_outer runs over all of it.
  bool takes_outer_product() const { return takes_outer_product_; }
  void run_outer(const std::byte* column, const std::byte* row) const;
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
    int update = -1;                                // a result of this one of updates_
  };
  /// Several steps as one pass; it runs in place of the last of its results.
  struct Update {
    UpdateKernel kernel = nullptr;
    unsigned operands = 0, results = 0;
    uint32_t x[4] = {}, result[3] = {};  // registers
    const std::byte* scalar[7] = {};
    int64_t limit[2] = {}, low = 0, high = 0;
    int32_t decay_bits = 0, epsilon = 0;
    bool bits = false;             // the kernel returns the or of the first result's magnitudes
    int32_t* or_target = nullptr;  // gets them

    bool gives_bits_of(uint32_t reg) const { return bits && result[0] == reg; }

    void set_x(std::initializer_list<uint32_t> registers) {
      operands = static_cast<unsigned>(registers.size());
      std::copy(registers.begin(), registers.end(), x);
    }
    void set_scalars(std::initializer_list<const std::byte*> values) {
      std::copy(values.begin(), values.end(), scalar);
    }
    void set_limits(int64_t first, int64_t second, const ir::Attrs& clamp) {
      limit[0] = first;
      limit[1] = second;
      low = clamp.a;
      high = clamp.b;
    }
  };
  class UpdateFinder;
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
  void evaluate(size_t step, const Tile& tile, const std::byte* const* registers,
                std::byte* result) const;
  bool is_dense(const Tile& tile) const { return tile.cols == cols_ || tile.rows == 1; }
  /// Where a step's result goes: straight to its tensor, or to the scratch memory.
  std::byte* result_of(const Step& step, const Tile& tile, bool dense, std::byte* scratch) const {
    return dense && step.direct != nullptr
               ? step.direct + (tile.row * cols_ + tile.col) * step.element
               : scratch + step.slot;
  }
  /// From the scratch memory to the step's tensor, if it has one.
  void store_rows(const Step& step, const Tile& tile, const std::byte* values) const;
  void run_update(const Update& update, const Tile& tile, std::byte* scratch,
                  const std::byte** registers) const;
  template <class T>
  static void collect_bits(T* memory, T bits) {
    const std::atomic_ref<T> target(*memory);
    // Most tiles bring no new bit; looking first keeps the cache line shared.
    if ((target.load(std::memory_order_relaxed) | bits) != target.load(std::memory_order_relaxed))
      target.fetch_or(bits, std::memory_order_relaxed);
  }
  /// Code of nothing but updates works in place, however far apart the rows of its tiles lie.
  void find_pure_updates();
  void run_pure_updates(const Tile& tile, Accumulators accumulators) const;
  UpdateArgs update_args(const Update& update) const;
  UpdateArgs pure_update_args(const Update& update, const Tile& tile,
                              Accumulators accumulators) const;
  void find_updates(const runtime::Dispatch& dispatch, const runtime::Program& program);
  /// Operations that read a step's result, by step; the same and stores.
  std::vector<size_t> count_operations() const;
  std::vector<size_t> count_readers(const runtime::Dispatch& dispatch) const;
  void fuse_products(const std::vector<size_t>& readers);
  void absorb_casts(const std::vector<size_t>& readers);
  void assign_slots();
  void find_direct_stores(const runtime::Dispatch& dispatch, const runtime::HostMemory& memory);

  size_t rows_ = 0, cols_ = 0;
  std::vector<Step> steps_;
  std::vector<ir::Attrs> attrs_;  // of the steps; apart, so that these stay small
  std::vector<Update> updates_;
  std::vector<Store> stores_;
  std::vector<Store> or_stores_;
  bool pure_updates_ = false, takes_outer_product_ = false;
  std::byte* plain_store_ = nullptr;
  size_t tile_ = 1024;  // elements of a tile; fewer where registers are 64 bits wide
  size_t scratch_bytes_ = 0;
};

inline constexpr size_t kMaxInstructions = 256;
inline constexpr size_t kLongRow =
    256;  ///< elements from which an operation may run on a row alone

}  // namespace paragon::cpu
