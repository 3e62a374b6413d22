// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "core/raise.hpp"
#include "embedded/image.hpp"
#include "embedded/image_format.hpp"
#include "runtime/host_memory.hpp"

namespace paragon::embedded {
namespace {

using runtime::BufferId;
using runtime::Instruction;
using runtime::Program;

constexpr uint64_t kMostBytes = uint64_t{1} << 31;  // of one tensor

[[noreturn]] void damaged(const char* what) {
  raise_message(std::string("[image] ") + what);
}

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  uint8_t u8() { return static_cast<uint8_t>(number(1)); }
  uint32_t u32() { return static_cast<uint32_t>(number(4)); }
  uint64_t u64() { return number(8); }
  int64_t i64() { return static_cast<int64_t>(u64()); }
  int32_t i32() { return static_cast<int32_t>(u32()); }

  /// A number below `count`.
  uint32_t below(uint64_t count, const char* what, uint32_t value) {
    if (value >= count) damaged(what);
    return value;
  }
  template <class Enum>
  Enum choice(Enum last, const char* what) {
    return static_cast<Enum>(below(static_cast<uint64_t>(last) + 1, what, u8()));
  }
  /// The length of a list whose elements take at least `least` bytes each.
  uint32_t length(size_t least) {
    const uint32_t count = u32();
    if (count > (bytes_.size() - at_) / least) damaged("a list is longer than the image");
    return count;
  }
  std::string text() {
    const std::span<const std::byte> part = take(u32());
    return std::string(reinterpret_cast<const char*>(part.data()), part.size());
  }
  Shape shape() {
    size_t dims[Shape::kMaxRank] = {};
    const uint32_t rank = below(Shape::kMaxRank + 1, "a shape of more than 4 axes", u8());
    uint64_t elements = 1;
    for (uint32_t axis = 0; axis < rank; ++axis) {
      dims[axis] = u32();
      elements *= dims[axis];
      if (elements * 8 > kMostBytes) damaged("a tensor of more than 2 GiB");
    }
    return Shape(std::span<const size_t>(dims, rank));
  }
  DType type() {
    const DType type = choice(DType::uint_, "an unknown type");
    if (is_float(type) || !runtime::is_held(type)) damaged("a type that is no integer of programs");
    return type;
  }
  std::span<const std::byte> take(size_t count) {
    if (count > bytes_.size() - at_) damaged("it ends too early");
    at_ += count;
    return bytes_.subspan(at_ - count, count);
  }
  void align() { take((kImageAlignment - at_ % kImageAlignment) % kImageAlignment); }

 private:
  uint64_t number(int count) {
    uint64_t value = 0;
    const std::span<const std::byte> part = take(static_cast<size_t>(count));
    for (int i = count; i-- > 0;)
      value = value << 8 | static_cast<uint64_t>(part[static_cast<size_t>(i)]);
    return value;
  }

  std::span<const std::byte> bytes_;
  size_t at_ = 0;
};

class ProgramReader {
 public:
  explicit ProgramReader(Reader& in) : in_(in), program_(std::make_shared<Program>()) {}

  std::shared_ptr<const Program> read() {
    program_->target = "ref";
    program_->slots.resize(in_.length(14));
    for (ir::Slot& slot : program_->slots) {
      slot.name = in_.text();
      slot.id = in_.u64();
      slot.role = in_.choice(ir::SlotRole::kOutput, "an unknown role of a slot");
      slot.type = in_.type();
      slot.shape = in_.shape();
    }
    read_buffers();
    tables_.resize(in_.length(16));
    for (auto& table : tables_) table = read_table();
    program_->phases.resize(in_.length(8));
    for (runtime::PhaseProgram& phase : program_->phases) {
      phase.name = in_.text();
      phase.dispatches.resize(in_.length(60));
      for (runtime::Dispatch& dispatch : phase.dispatches) read(dispatch);
    }
    return program_;
  }

 private:
  void read_buffers() {
    program_->buffers.resize(in_.length(19));
    if (program_->buffers.size() < program_->slots.size()) damaged("slots without buffers");
    for (size_t id = 0; id < program_->buffers.size(); ++id) {
      runtime::Buffer& buffer = program_->buffers[id];
      buffer.kind = in_.choice(runtime::Buffer::Kind::kTemporary, "an unknown kind of buffer");
      buffer.slot = in_.u32();
      buffer.type = in_.type();
      buffer.shape = in_.shape();
      buffer.constant = in_.u64();
      buffer.offset = in_.u32();
      // Slot i has buffer i.
      const bool slot = id < program_->slots.size();
      if (slot != (buffer.kind == runtime::Buffer::Kind::kSlot) ||
          (slot && (buffer.slot != id || buffer.type != program_->slots[id].type ||
                    buffer.shape != program_->slots[id].shape)))
        damaged("a slot's buffer is not its own");
      if (buffer.kind == runtime::Buffer::Kind::kConstant && !buffer.shape.is_scalar())
        damaged("a constant that is no scalar");
    }
    program_->arena_bytes = in_.u32();
    for (const runtime::Buffer& buffer : program_->buffers)
      if (buffer.kind == runtime::Buffer::Kind::kTemporary &&
          uint64_t{buffer.offset} + buffer.bytes() > program_->arena_bytes)
        damaged("a temporary lies outside of the arena");
  }

  std::shared_ptr<const ir::IndexTable> read_table() {
    auto table = std::make_shared<ir::IndexTable>();
    table->units = in_.u32();
    table->taps = in_.u32();
    table->features = in_.u32();
    table->index.resize(in_.length(4));
    if (uint64_t{table->units} * table->taps != table->index.size())
      damaged("a table of sources is not units times taps");
    for (int32_t& source : table->index) {
      source = in_.i32();
      if (source < -1 || source >= static_cast<int64_t>(table->features))
        damaged("a source beyond the features");
    }
    return table;
  }

  BufferId buffer() { return in_.below(program_->buffers.size(), "an unknown buffer", in_.u32()); }
  BufferId buffer_or_none() {
    const uint32_t id = in_.u32();
    return id == runtime::kNoBuffer ? id
                                    : in_.below(program_->buffers.size(), "an unknown buffer", id);
  }
  ir::Op op() {
    return static_cast<ir::Op>(in_.below(ir::kOpCount, "an unknown operation", in_.u8()));
  }
  void read(ir::Attrs& attrs) {
    attrs.a = in_.i64();
    attrs.b = in_.i64();
    attrs.c = in_.i64();
    attrs.id = in_.u64();
    const uint32_t table = in_.u32();
    if (table != 0) attrs.table = tables_[in_.below(tables_.size(), "an unknown table", table - 1)];
  }

  void read(runtime::Dispatch& dispatch) {
    dispatch.kind = in_.choice(runtime::Dispatch::Kind::kMove, "an unknown kind of dispatch");
    dispatch.op = op();
    read(dispatch.attrs);
    dispatch.operands.resize(in_.length(4));
    for (BufferId& operand : dispatch.operands) operand = buffer();
    dispatch.result = buffer_or_none();
    dispatch.type = in_.type();
    dispatch.rows = in_.u32();
    dispatch.cols = in_.u32();
    dispatch.when = buffer_or_none();
    auto& code = dispatch.code;
    code.instructions.resize(in_.length(47));
    const bool scalars = dispatch.kind == runtime::Dispatch::Kind::kScalars;
    for (uint32_t i = 0; i < code.instructions.size(); ++i)
      read(code.instructions[i], scalars ? 0 : i, scalars);
    for (auto* stores : {&code.stores, &code.or_stores}) {
      stores->resize(in_.length(8));
      for (runtime::TileCode::Store& store : *stores) {
        store.reg = in_.below(code.instructions.size(), "an unknown register", in_.u32());
        store.buffer = buffer();
        const uint64_t elements =
            stores == &code.stores ? uint64_t{dispatch.rows} * dispatch.cols : 1;
        if (program_->buffers[store.buffer].shape.elements() != elements)
          damaged("a result that does not fit its buffer");
      }
    }
  }

  void read(Instruction& instruction, uint32_t registers, bool scalars) {
    instruction.kind = in_.choice(Instruction::Kind::kCompute, "an unknown kind of instruction");
    instruction.op = op();
    instruction.type = in_.type();
    instruction.operand_type = instruction.type;  // integers need no more
    const bool compute = instruction.kind == Instruction::Kind::kCompute;
    instruction.operands.resize(in_.length(5));
    if (instruction.operands.size() !=
        (compute ? static_cast<size_t>(info(instruction.op).operands) : 0))
      damaged("a wrong number of operands");
    for (runtime::Operand& operand : instruction.operands) {
      operand.kind = in_.choice(runtime::Operand::Kind::kScalar, "an unknown kind of operand");
      operand.index = in_.u32();
      if (operand.kind == runtime::Operand::Kind::kRegister)
        in_.below(registers, "an operand that is not there yet", operand.index);
      else if (operand.kind == runtime::Operand::Kind::kScalar)
        in_.below(program_->buffers.size(), "an unknown buffer", operand.index);
      else
        damaged("an instruction without an operand");
    }
    const bool has_buffer = instruction.kind == Instruction::Kind::kLoad || scalars;
    instruction.buffer = has_buffer ? buffer() : buffer_or_none();
    read(instruction.attrs);
  }

  Reader& in_;
  std::shared_ptr<Program> program_;
  std::vector<std::shared_ptr<const ir::IndexTable>> tables_;
};

train::IntegerTraining read_training(Reader& in) {
  train::IntegerTraining training;
  training.seed = in.u64();
  training.rows = in.u32();
  training.batch = in.u32();
  training.epochs = in.u32();
  training.rate.mantissa = in.i32();
  training.rate.shift = in.i32();
  training.schedule.kind =
      in.choice(train::IntegerSchedule::Kind::kCosine, "an unknown schedule of rates");
  training.schedule.every = in.u32();
  training.schedule.factor_q15 = in.i32();
  if (training.rows == 0 || training.batch == 0 || training.schedule.every == 0)
    damaged("a training without rows, batch or epochs of a rate");
  return training;
}

}  // namespace

Image read_image(std::span<const std::byte> bytes) {
  if (reinterpret_cast<uintptr_t>(bytes.data()) % kImageAlignment != 0)
    damaged("its memory is not aligned to 8 bytes");
  Reader header(bytes);
  if (header.u32() != kMagic) damaged("this is no image");
  if (header.u32() != kImageVersion) damaged("it is of another version");
  if (header.u32() != bytes.size() || header.u32() != 0) damaged("its size is wrong");
  if (header.u64() != table_hash()) damaged("it was made for other operations or types");
  const std::span<const std::byte> body = bytes.subspan(kHeaderBytes);
  if (header.u64() != checksum(body.data(), body.size())) damaged("its checksum is wrong");

  Reader in(body);
  Image image;
  image.training = read_training(in);
  image.program = ProgramReader(in).read();
  for (size_t slot = 0; slot < image.program->slots.size(); ++slot) {
    const uint32_t size = in.u32();
    const bool data = image.program->slots[slot].role == ir::SlotRole::kData;
    if (size != image.program->buffers[slot].bytes() && (size != 0 || data))
      damaged("a slot's contents have the wrong size");
    if (size != 0) in.align();
    image.slots.push_back(in.take(size));
  }
  return image;
}

void load_slots(const Image& image, runtime::Instance& instance) {
  for (uint32_t slot = 0; slot < image.slots.size(); ++slot) {
    if (image.program->slots[slot].role == ir::SlotRole::kData)
      instance.bind(slot, image.slots[slot]);
    else if (!image.slots[slot].empty())
      instance.upload(slot, image.slots[slot]);
  }
}

}  // namespace paragon::embedded
