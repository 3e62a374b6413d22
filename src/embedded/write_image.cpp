// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "core/raise.hpp"
#include "core/tensor.hpp"
#include "embedded/image.hpp"
#include "embedded/image_format.hpp"

namespace paragon::embedded {
namespace {

class Writer {
 public:
  std::vector<std::byte> bytes;

  void u8(uint64_t value) { number(value, 1); }
  void u32(uint64_t value) {
    if (value >> 32 != 0)
      raise_message("[image] " + std::to_string(value) + " does not fit into 32 bits");
    number(value, 4);
  }
  void u64(uint64_t value) { number(value, 8); }
  void i64(int64_t value) { u64(static_cast<uint64_t>(value)); }

  void text(std::string_view text) {
    u32(text.size());
    for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
  }
  void shape(const Shape& shape) {
    u8(shape.rank());
    for (const size_t dim : shape.dims()) u32(dim);
  }
  /// A count and what `put` writes for each element.
  template <class List, class Put>
  void list(const List& list, Put&& put) {
    u32(list.size());
    for (const auto& element : list) put(element);
  }
  void align() {
    bytes.resize((bytes.size() + kImageAlignment - 1) / kImageAlignment * kImageAlignment);
  }

 private:
  void number(uint64_t value, int count) {
    for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
  }
};

class ProgramWriter {
 public:
  explicit ProgramWriter(Writer& out) : out_(out) {}

  void write(const runtime::Program& program) {
    collect_tables(program);
    out_.list(program.slots, [&](const ir::Slot& slot) {
      out_.text(slot.name);
      out_.u64(slot.id);
      out_.u8(static_cast<uint64_t>(slot.role));
      out_.u8(static_cast<uint64_t>(slot.type));
      out_.shape(slot.shape);
    });
    out_.list(program.buffers, [&](const runtime::Buffer& buffer) {
      out_.u8(static_cast<uint64_t>(buffer.kind));
      out_.u32(buffer.slot);
      out_.u8(static_cast<uint64_t>(buffer.type));
      out_.shape(buffer.shape);
      out_.u64(buffer.constant);
      out_.u32(buffer.offset);
    });
    out_.u32(program.arena_bytes);
    out_.list(tables_, [&](const ir::IndexTable* table) {
      out_.u32(table->units);
      out_.u32(table->taps);
      out_.u32(table->features);
      out_.list(table->index, [&](int32_t source) { out_.u32(static_cast<uint32_t>(source)); });
    });
    out_.list(program.phases, [&](const runtime::PhaseProgram& phase) {
      out_.text(phase.name);
      out_.list(phase.dispatches, [&](const runtime::Dispatch& dispatch) { write(dispatch); });
    });
  }

 private:
  void collect_tables(const runtime::Program& program) {
    const auto collect = [&](const ir::Attrs& attrs) {
      const ir::IndexTable* table = attrs.table.get();
      if (table != nullptr && std::find(tables_.begin(), tables_.end(), table) == tables_.end())
        tables_.push_back(table);
    };
    for (const auto& phase : program.phases)
      for (const auto& dispatch : phase.dispatches) {
        collect(dispatch.attrs);
        for (const auto& instruction : dispatch.code.instructions) collect(instruction.attrs);
      }
  }

  // Shapes, bodies and numbers of floating point are of the graph; nothing of an integer step reads
  // them.
  void write(const ir::Attrs& attrs) {
    out_.i64(attrs.a);
    out_.i64(attrs.b);
    out_.i64(attrs.c);
    out_.u64(attrs.id);
    const auto table = std::find(tables_.begin(), tables_.end(), attrs.table.get());
    out_.u32(attrs.table == nullptr ? 0 : static_cast<uint64_t>(table - tables_.begin()) + 1);
  }

  void write(const runtime::Dispatch& dispatch) {
    out_.u8(static_cast<uint64_t>(dispatch.kind));
    out_.u8(static_cast<uint64_t>(dispatch.op));
    write(dispatch.attrs);
    out_.list(dispatch.operands, [&](runtime::BufferId id) { out_.u32(id); });
    out_.u32(dispatch.result);
    // Code alone has no type of its own.
    const bool typed = dispatch.kind == runtime::Dispatch::Kind::kAnchored ||
                       dispatch.kind == runtime::Dispatch::Kind::kMove;
    out_.u8(static_cast<uint64_t>(typed ? dispatch.type : DType::int32));
    out_.u32(dispatch.rows);
    out_.u32(dispatch.cols);
    out_.u32(dispatch.when);
    out_.list(dispatch.code.instructions, [&](const runtime::Instruction& instruction) {
      out_.u8(static_cast<uint64_t>(instruction.kind));
      out_.u8(static_cast<uint64_t>(instruction.op));
      out_.u8(static_cast<uint64_t>(instruction.type));
      out_.list(instruction.operands, [&](const runtime::Operand& operand) {
        out_.u8(static_cast<uint64_t>(operand.kind));
        out_.u32(operand.index);
      });
      out_.u32(instruction.buffer);
      write(instruction.attrs);
    });
    for (const auto* stores : {&dispatch.code.stores, &dispatch.code.or_stores})
      out_.list(*stores, [&](const runtime::TileCode::Store& store) {
        out_.u32(store.reg);
        out_.u32(store.buffer);
      });
  }

  Writer& out_;
  std::vector<const ir::IndexTable*> tables_;
};

void write_training(Writer& out, const train::IntegerTraining& training) {
  out.u64(training.seed);
  out.u32(training.rows);
  out.u32(training.batch);
  out.u32(training.epochs);
  out.u32(static_cast<uint32_t>(training.rate.mantissa));
  out.u32(static_cast<uint32_t>(training.rate.shift));
  out.u8(static_cast<uint64_t>(training.schedule.kind));
  out.u32(training.schedule.every);
  out.u32(static_cast<uint32_t>(training.schedule.factor_q15));
}

}  // namespace

std::vector<std::byte> write_image(const runtime::Program& program,
                                   const train::IntegerTraining& training,
                                   runtime::Instance& instance) {
  if (!runtime::is_integer(program))
    raise_message(
        "[image] the program computes with floating-point numbers, expected integers only");
  Writer body;
  write_training(body, training);
  ProgramWriter(body).write(program);
  for (uint32_t slot = 0; slot < program.slots.size(); ++slot) {
    AlignedBuffer contents(program.buffers[slot].bytes());
    const std::span<std::byte> bytes(contents.data(), program.buffers[slot].bytes());
    instance.download(slot, bytes);
    const bool zeros =
        std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{}; });
    const bool kept = !zeros || program.slots[slot].role == ir::SlotRole::kData;
    body.u32(kept ? bytes.size() : 0);
    if (!kept) continue;
    body.align();
    body.bytes.insert(body.bytes.end(), bytes.begin(), bytes.end());
  }
  body.align();

  Writer image;
  image.u32(kMagic);
  image.u32(kImageVersion);
  image.u32(kHeaderBytes + body.bytes.size());
  image.u32(0);
  image.u64(table_hash());
  image.u64(checksum(body.bytes.data(), body.bytes.size()));
  image.bytes.insert(image.bytes.end(), body.bytes.begin(), body.bytes.end());
  return std::move(image.bytes);
}

}  // namespace paragon::embedded
