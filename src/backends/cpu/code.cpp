// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/code.hpp"

#include <algorithm>
#include <cstring>

#include "core/error.hpp"
#include "ir/rules/integer_formulas.hpp"

namespace paragon::cpu {

using runtime::Instruction;
using runtime::Operand;

BoundCode::BoundCode(const runtime::Dispatch& dispatch, const runtime::Program& program,
                     const runtime::HostMemory& memory)
    : rows_(dispatch.rows), cols_(dispatch.cols) {
  const auto& code = dispatch.code;
  if (code.instructions.size() > kMaxInstructions)
    raise("[cpu] element-wise code of {} operations, expected at most {}", code.instructions.size(),
          kMaxInstructions);
  for (const Instruction& instruction : code.instructions) {
    Step step{.kind = instruction.kind,
              .op = instruction.op,
              .type = instruction.type,
              .operand_type = instruction.operand_type,
              .element = size_of(instruction.type)};
    attrs_.push_back(instruction.attrs);
    if (instruction.kind == Instruction::Kind::kLoad) {
      const Shape& shape = program.buffers[instruction.buffer].shape;
      step.buffer = instruction.buffer;
      step.memory = memory.data(instruction.buffer);
      step.repeat_rows = shape.rows() == 1 && rows_ != 1;
      step.repeat_cols = shape.cols() == 1 && cols_ != 1;
    }
    step.operands = static_cast<unsigned>(instruction.operands.size());
    for (size_t i = 0; i < instruction.operands.size(); ++i) {
      const Operand& operand = instruction.operands[i];
      if (operand.kind == Operand::Kind::kScalar) {
        step.source[i] = Source::kScalar;
        step.scalar[i] = memory.data(operand.index);
        step.operand_types[i] = program.buffers[operand.index].type;
        step.scalars |= 1u << i;
      } else {
        step.source[i] = Source::kRegister;
        step.reg[i] = operand.index;
        step.operand_types[i] = steps_[operand.index].type;
      }
    }
    if (instruction.kind == Instruction::Kind::kCompute)
      step.kernel = tile_kernel(instruction.op, instruction.type, instruction.operand_type);
    steps_.push_back(std::move(step));
  }
  find_updates(dispatch, program);
  const std::vector<size_t> readers = count_readers(dispatch);
  fuse_products(readers);
  absorb_casts(readers);
  find_direct_stores(dispatch, memory);
  for (const auto& store : code.or_stores) {
    std::byte* target = memory.data(store.buffer);
    const int update = steps_[store.reg].update;
    if (update >= 0 && updates_[static_cast<size_t>(update)].gives_bits_of(store.reg))
      updates_[static_cast<size_t>(update)].or_target = reinterpret_cast<int32_t*>(target);
    else
      or_stores_.push_back({store.reg, target, size_of(program.buffers[store.buffer].type)});
  }
  find_pure_updates();
  assign_slots();
  const bool anchor_only = steps_.size() == 1 && steps_[0].kind == Instruction::Kind::kAccumulator;
  if (anchor_only && stores_.size() == 1 && or_stores_.empty()) plain_store_ = stores_[0].memory;
}

// A result goes straight to memory unless a later operation still reads the old contents.
void BoundCode::find_direct_stores(const runtime::Dispatch& dispatch,
                                   const runtime::HostMemory& memory) {
  for (const auto& store : dispatch.code.stores) {
    std::byte* target = memory.data(store.buffer);
    Step& writer = steps_[store.reg];
    bool direct = writer.kind == Instruction::Kind::kCompute && writer.direct == nullptr;
    for (size_t later = store.reg + 1; later < steps_.size(); ++later) {
      const Step& step = steps_[later];
      if (step.kind == Instruction::Kind::kLoad && step.memory == target) direct = false;
      for (unsigned i = 0; i < step.operands; ++i) {
        if (step.source[i] != Source::kRegister) continue;
        const Step& source = steps_[step.reg[i]];
        if (source.kind == Instruction::Kind::kLoad && source.memory == target) direct = false;
      }
    }
    if (direct)
      writer.direct = target;
    else
      stores_.push_back({store.reg, target, writer.element});
  }
}

// Scratch slots by lifetime: few registers live at once, so the working set stays in L1.
void BoundCode::assign_slots() {
  std::vector<size_t> last(steps_.size(), 0);
  for (size_t i = 0; i < steps_.size(); ++i) {
    last[i] = std::max(last[i], i);
    for (unsigned k = 0; k < steps_[i].operands; ++k)
      if (steps_[i].source[k] == Source::kRegister) last[steps_[i].reg[k]] = i;
  }
  for (const Update& update : updates_) {  // everything is alive until the last result is there
    const uint32_t end = update.result[update.results - 1];
    for (unsigned k = 0; k < update.operands; ++k)
      last[update.x[k]] = std::max<size_t>(last[update.x[k]], end);
    for (unsigned k = 0; k < update.results; ++k)
      last[update.result[k]] = std::max<size_t>(last[update.result[k]], end);
  }
  for (const auto* list : {&stores_, &or_stores_})
    for (const Store& store : *list) last[store.reg] = steps_.size();
  std::vector<std::vector<size_t>> ending(steps_.size());
  for (size_t i = 0; i < steps_.size(); ++i)
    if (!steps_[i].absorbed && last[i] < steps_.size()) ending[last[i]].push_back(i);
  // Two sizes of slots, so that 64-bit registers do not make the others large.
  std::vector<size_t> free[2];
  if (std::any_of(steps_.begin(), steps_.end(), [](const Step& step) { return step.element == 8; }))
    tile_ /= 2;
  const auto pool = [&](size_t i) -> std::vector<size_t>& {
    return free[steps_[i].element == 8 ? 1 : 0];
  };
  const auto allocate = [&](size_t i) {
    if (pool(i).empty()) {
      pool(i).push_back(scratch_bytes_);
      scratch_bytes_ += tile_ * (steps_[i].element == 8 ? 8 : 4);
    }
    steps_[i].slot = pool(i).back();
    pool(i).pop_back();
  };
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i].absorbed) continue;
    std::vector<size_t> results = {i};
    if (steps_[i].update >= 0) {
      const Update& update = updates_[static_cast<size_t>(steps_[i].update)];
      results.assign(update.result, update.result + update.results);
      if (results.back() != i) continue;
    }
    // Element by element, results may replace operands of the same size that end here.
    const size_t element = steps_[results[0]].element;
    const auto replaced = [&](size_t k) {
      return steps_[k].element == element &&
             std::find(results.begin(), results.end(), k) == results.end();
    };
    for (size_t r : results)
      if (steps_[r].element != element) allocate(r);
    for (size_t k : ending[i])
      if (replaced(k)) pool(k).push_back(steps_[k].slot);
    for (size_t r : results)
      if (steps_[r].element == element) allocate(r);
    for (size_t k : ending[i])
      if (!replaced(k)) pool(k).push_back(steps_[k].slot);
  }
}

void BoundCode::rebind(const runtime::HostMemory& memory) {
  for (Step& step : steps_)
    if (step.kind == Instruction::Kind::kLoad) step.memory = memory.data(step.buffer);
}

void BoundCode::run(size_t row, size_t rows, size_t col, size_t cols, Accumulators accumulators,
                    std::byte* scratch) const {
  const std::byte* registers[kMaxInstructions];
  // One pass over everything needs no tiles.
  const bool whole = pure_updates_ && updates_.size() == 1;
  const size_t tile_cols = whole ? cols : std::min(cols, tile_);
  // Rows of a part of the columns lie apart: they are copied together unless each is worth a tile.
  const bool by_rows = cols < cols_ && cols >= kLongRow && !pure_updates_;
  const size_t tile_rows = whole     ? rows
                           : by_rows ? 1
                                     : std::max<size_t>(1, tile_ / std::max<size_t>(tile_cols, 1));
  const size_t element = steps_.empty() ? 0 : steps_[0].element;  // the anchor comes first
  for (size_t r = 0; r < rows; r += tile_rows)
    for (size_t c = 0; c < cols; c += tile_cols) {
      const Tile tile{row + r, std::min(tile_rows, rows - r), col + c,
                      std::min(tile_cols, cols - c)};
      const Accumulators part{accumulators.data + (r * accumulators.stride + c) * element,
                              accumulators.stride};
      if (pure_updates_)
        run_pure_updates(tile, part);
      else
        run_tile(tile, part, scratch, registers);
    }
}

void BoundCode::run_tile(const Tile& tile, Accumulators accumulators, std::byte* scratch,
                         const std::byte** registers) const {
  const bool dense = is_dense(tile);
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    if (step.absorbed) continue;
    std::byte* slot = scratch + step.slot;
    if (step.kind == Instruction::Kind::kLoad) {
      registers[i] = load(step, tile, slot);
      continue;
    }
    if (step.kind == Instruction::Kind::kAccumulator) {
      registers[i] = compact(step, tile, accumulators, slot);
      continue;
    }
    if (step.update >= 0) {
      const Update& update = updates_[static_cast<size_t>(step.update)];
      if (update.result[update.results - 1] == i) run_update(update, tile, scratch, registers);
      continue;
    }
    std::byte* result = result_of(step, tile, dense, scratch);
    registers[i] = result;
    if (step.kernel == nullptr) {
      evaluate(i, tile, registers, result);
    } else {
      TileArgs args;
      args.result = result;
      for (unsigned k = 0; k < step.operands; ++k)
        args.x[k] = step.source[k] == Source::kScalar ? step.scalar[k] : registers[step.reg[k]];
      args.scalars = step.scalars;
      args.n = tile.elements();
      args.attrs = &attrs_[i];
      args.row = tile.row;
      args.column = tile.col;
      args.width = tile.cols;
      step.kernel(args);
    }
    if (!dense) store_rows(step, tile, result);
  }
  for (const Store& store : stores_)
    for (size_t r = 0; r < tile.rows; ++r)
      std::memcpy(store.memory + ((tile.row + r) * cols_ + tile.col) * store.element,
                  registers[store.reg] + r * tile.cols * store.element, tile.cols * store.element);
  const auto collect = [&]<class T>(T* memory, const std::byte* values) {
    collect_bits(memory, or_magnitudes(reinterpret_cast<const T*>(values), tile.elements()));
  };
  for (const Store& store : or_stores_) {
    if (store.element == 8)
      collect(reinterpret_cast<int64_t*>(store.memory), registers[store.reg]);
    else
      collect(reinterpret_cast<int32_t*>(store.memory), registers[store.reg]);
  }
}

void BoundCode::store_rows(const Step& step, const Tile& tile, const std::byte* values) const {
  if (step.direct == nullptr) return;
  for (size_t r = 0; r < tile.rows; ++r)
    std::memcpy(step.direct + ((tile.row + r) * cols_ + tile.col) * step.element,
                values + r * tile.cols * step.element, tile.cols * step.element);
}

const std::byte* BoundCode::load(const Step& step, const Tile& tile, std::byte* scratch) const {
  const size_t element = step.element;
  if (!step.repeat_rows && !step.repeat_cols) {
    const std::byte* from = step.memory + (tile.row * cols_ + tile.col) * element;
    if (tile.cols == cols_ || tile.rows == 1) return from;
    for (size_t r = 0; r < tile.rows; ++r)
      std::memcpy(scratch + r * tile.cols * element, from + r * cols_ * element,
                  tile.cols * element);
    return scratch;
  }
  if (step.repeat_rows && !step.repeat_cols) {
    const std::byte* from = step.memory + tile.col * element;
    if (tile.rows == 1) return from;
    for (size_t r = 0; r < tile.rows; ++r)
      std::memcpy(scratch + r * tile.cols * element, from, tile.cols * element);
    return scratch;
  }
  const auto fill = [&]<class T>(T*) {
    T* to = reinterpret_cast<T*>(scratch);
    const T* from = reinterpret_cast<const T*>(step.memory);
    for (size_t r = 0; r < tile.rows; ++r)
      std::fill_n(to + r * tile.cols, tile.cols, from[step.repeat_rows ? 0 : tile.row + r]);
  };
  switch (element) {
    case 1:
      fill(static_cast<uint8_t*>(nullptr));
      break;
    case 2:
      fill(static_cast<uint16_t*>(nullptr));
      break;
    case 4:
      fill(static_cast<uint32_t*>(nullptr));
      break;
    default:
      fill(static_cast<uint64_t*>(nullptr));
      break;
  }
  return scratch;
}

const std::byte* BoundCode::compact(const Step& step, const Tile& tile, Accumulators accumulators,
                                    std::byte* scratch) {
  if (tile.rows == 1 || accumulators.stride == tile.cols) return accumulators.data;
  for (size_t r = 0; r < tile.rows; ++r)
    std::memcpy(scratch + r * tile.cols * step.element,
                accumulators.data + r * accumulators.stride * step.element,
                tile.cols * step.element);
  return scratch;
}

// Operations without a kernel of their own.
void BoundCode::evaluate(size_t i, const Tile& tile, const std::byte* const* registers,
                         std::byte* result) const {
  const Step& step = steps_[i];
  bool integer = !is_float(step.type);
  for (unsigned k = 0; k < step.operands; ++k)
    integer = integer && !is_float(step.operand_types[k]);
  const auto each = [&](auto number, auto read, auto compute, auto write) {
    decltype(number) operands[3] = {};
    for (unsigned k = 0; k < step.operands; ++k)
      if (step.source[k] == Source::kScalar)
        operands[k] = read(step.operand_types[k], step.scalar[k], 0);
    for (size_t r = 0; r < tile.rows; ++r)
      for (size_t c = 0; c < tile.cols; ++c) {
        const size_t index = r * tile.cols + c;
        for (unsigned k = 0; k < step.operands; ++k)
          if (step.source[k] == Source::kRegister)
            operands[k] = read(step.operand_types[k], registers[step.reg[k]], index);
        write(step.type, result, index, compute(operands, tile.row + r, tile.col + c));
      }
  };
  if (integer)
    each(
        int64_t{}, ir::load_integer,
        [&](const int64_t* x, size_t row, size_t column) {
          return ir::evaluate_integer(step.op, step.type, attrs_[i], x, row, column);
        },
        ir::store_integer);
  else
    each(
        ir::Number{}, ir::load,
        [&](const ir::Number* x, size_t row, size_t column) {
          return ir::evaluate(step.op, step.type, step.operand_type, attrs_[i], x, row, column);
        },
        ir::store);
}

}  // namespace paragon::cpu
