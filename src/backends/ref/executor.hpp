// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/fixed_point.hpp"
#include "core/raise.hpp"
#include "ir/rules/integer_formulas.hpp"
#include "runtime/backend.hpp"
#include "runtime/host_memory.hpp"

// The reference executor: one thread, one element after the other, straight from the formulas. It
// is the definition that all other backends are judged by. `Arithmetic` says what a number is:
// IntegerArithmetic (integer_executor.cpp) for programs of integers, which need no floating point
// and so run on processors without it, MixedArithmetic (real_executor.cpp) for all others.
namespace paragon::ref {

using ir::Op;
using runtime::Buffer;
using runtime::BufferId;
using runtime::Dispatch;
using runtime::Instruction;
using runtime::Program;

template <class Arithmetic>
class Executor final : public runtime::Instance {
 public:
  explicit Executor(std::shared_ptr<const Program> program)
      : program_(std::move(program)), memory_(*program_) {}

  void upload(uint32_t slot, std::span<const std::byte> bytes) override {
    memory_.upload(slot, bytes);
  }
  void download(uint32_t slot, std::span<std::byte> bytes) override {
    memory_.download(slot, bytes);
  }
  void bind(uint32_t slot, std::span<const std::byte> bytes) override { memory_.bind(slot, bytes); }
  size_t planned_bytes() const override { return memory_.bytes(); }

  void run(size_t phase) override {
    runtime::expect_phase(*program_, phase);
    for (const Dispatch& dispatch : program_->phases[phase].dispatches) {
      if (dispatch.when != runtime::kNoBuffer && whole(dispatch.when) == 0) continue;
      switch (dispatch.kind) {
        case Dispatch::Kind::kScalars:
          run_scalars(dispatch);
          break;
        case Dispatch::Kind::kTiles:
          run_code(dispatch, nullptr);
          break;
        case Dispatch::Kind::kAnchored:
          run_anchored(dispatch);
          break;
        case Dispatch::Kind::kMove:
          run_move(dispatch);
          break;
      }
    }
  }

 private:
  using Number = typename Arithmetic::Number;
  using Sum = typename Arithmetic::Sum;

  const Buffer& buffer(BufferId id) const { return program_->buffers[id]; }
  Number at(BufferId id, size_t index) const {
    return Arithmetic::load(buffer(id).type, memory_.data(id), index);
  }
  void put(BufferId id, size_t index, Number value) {
    Arithmetic::store(buffer(id).type, memory_.data(id), index, value);
  }
  Number scalar(BufferId id) const { return at(id, 0); }
  /// An integer whatever the other numbers are: an index, a condition, an exponent.
  int64_t whole(BufferId id, size_t index = 0) const {
    return ir::load_integer(buffer(id).type, memory_.data(id), index);
  }
  void put_whole(BufferId id, int64_t value) {
    ir::store_integer(buffer(id).type, memory_.data(id), 0, value);
  }

  // Element (row, column) of a buffer that is repeated along axes of extent 1.
  Number broadcast(BufferId id, size_t row, size_t column) const {
    const Shape& shape = buffer(id).shape;
    return at(id, (shape.rows() == 1 ? 0 : row) * shape.cols() + (shape.cols() == 1 ? 0 : column));
  }

  void run_scalars(const Dispatch& dispatch) {
    for (const Instruction& instruction : dispatch.code.instructions) {
      Number operands[3];
      for (size_t i = 0; i < instruction.operands.size(); ++i)
        operands[i] = scalar(instruction.operands[i].index);
      put(instruction.buffer, 0,
          Arithmetic::evaluate(instruction.op, instruction.type, instruction.operand_type,
                               instruction.attrs, operands, 0, 0));
    }
  }

  void run_code(const Dispatch& dispatch, const Number* accumulators) {
    const auto& code = dispatch.code;
    for (const auto& store : code.or_stores) put_whole(store.buffer, 0);
    std::vector<Number> registers(code.instructions.size());
    for (size_t row = 0; row < dispatch.rows; ++row)
      for (size_t column = 0; column < dispatch.cols; ++column) {
        const size_t index = row * dispatch.cols + column;
        for (size_t i = 0; i < code.instructions.size(); ++i) {
          const Instruction& instruction = code.instructions[i];
          if (instruction.kind == Instruction::Kind::kLoad) {
            registers[i] = broadcast(instruction.buffer, row, column);
          } else if (instruction.kind == Instruction::Kind::kAccumulator) {
            registers[i] = accumulators[index];
          } else {
            Number operands[3];
            for (size_t k = 0; k < instruction.operands.size(); ++k) {
              const auto& operand = instruction.operands[k];
              operands[k] = operand.kind == runtime::Operand::Kind::kScalar
                                ? scalar(operand.index)
                                : registers[operand.index];
            }
            registers[i] =
                Arithmetic::evaluate(instruction.op, instruction.type, instruction.operand_type,
                                     instruction.attrs, operands, row, column);
          }
        }
        for (const auto& store : code.stores) put(store.buffer, index, registers[store.reg]);
        for (const auto& store : code.or_stores) {
          const int64_t value = Arithmetic::integer(registers[store.reg]);
          const auto bits = static_cast<int64_t>(fixed::magnitude(value));
          put_whole(store.buffer, whole(store.buffer) | bits);
        }
      }
  }

  void run_anchored(const Dispatch& dispatch) {
    std::vector<Number> result(dispatch.rows * dispatch.cols);
    for (size_t row = 0; row < dispatch.rows; ++row)
      for (size_t column = 0; column < dispatch.cols; ++column)
        result[row * dispatch.cols + column] = anchor_element(dispatch, row, column);
    run_code(dispatch, result.data());
  }

  Number anchor_element(const Dispatch& dispatch, size_t row, size_t column) const {
    switch (dispatch.op) {
      case Op::contract:
        return contract(dispatch, row, column);
      case Op::gather_dot:
      case Op::gather_dot_wgrad:
      case Op::gather_dot_xgrad:
        return gather_dot(dispatch, row, column);
      case Op::sum:
      case Op::maximum:
        return reduce(dispatch, row, column);
      case Op::gather: {
        const BufferId table = dispatch.operands[0];
        const Shape& shape = buffer(table).shape;
        const bool turned = dispatch.attrs.a != 0;
        const int64_t index = whole(dispatch.operands[1], turned ? column : row);
        // An index outside of the table reads zeros, as everywhere.
        if (index < 0 || static_cast<size_t>(index) >= shape.rows()) return Number{};
        return at(table, static_cast<size_t>(index) * shape.cols() + (turned ? row : column));
      }
      default:
        raise_message("[ref] " + std::string(info(dispatch.op).name) + " computes no matrix");
    }
  }

  Number contract(const Dispatch& dispatch, size_t row, size_t column) const {
    const BufferId a = dispatch.operands[0], b = dispatch.operands[1];
    const bool ta = dispatch.attrs.a != 0, tb = dispatch.attrs.b != 0;
    const size_t ca = buffer(a).shape[1], cb = buffer(b).shape[1];
    const size_t depth = ta ? buffer(a).shape[0] : ca;
    Sum sum(dispatch.type, dispatch.attrs.c);
    for (size_t k = 0; k < depth; ++k)
      sum.add(at(a, ta ? k * ca + row : row * ca + k),
              at(b, tb ? column * cb + k : k * cb + column));
    return sum.value();
  }

  Number gather_dot(const Dispatch& dispatch, size_t row, size_t column) const {
    const ir::IndexTable& table = *dispatch.attrs.table;
    const BufferId a = dispatch.operands[0], b = dispatch.operands[1];
    Sum sum(dispatch.type, dispatch.attrs.c);
    if (dispatch.op == Op::gather_dot_wgrad) {
      const size_t batch = buffer(a).shape[1];
      const int32_t source = table.index[row * table.taps + column];
      for (size_t n = 0; source >= 0 && n < batch; ++n)
        sum.add(at(a, static_cast<size_t>(source) * batch + n), at(b, row * batch + n));
      return sum.value();
    }
    const size_t batch = dispatch.cols;
    if (dispatch.op == Op::gather_dot) {
      for (size_t t = 0; t < table.taps; ++t) {
        const int32_t source = table.index[row * table.taps + t];
        if (source >= 0)
          sum.add(at(b, row * table.taps + t), at(a, static_cast<size_t>(source) * batch + column));
      }
      return sum.value();
    }
    for (size_t entry = 0; entry < table.index.size(); ++entry)
      if (table.index[entry] >= 0 && static_cast<size_t>(table.index[entry]) == row)
        sum.add(at(b, entry), at(a, entry / table.taps * batch + column));
    return sum.value();
  }

  Number reduce(const Dispatch& dispatch, size_t row, size_t column) const {
    const BufferId x = dispatch.operands[0];
    const size_t rows = buffer(x).shape.rows(), cols = buffer(x).shape.cols();
    const bool over_rows = dispatch.attrs.a != 1, over_cols = dispatch.attrs.a != 0;
    Sum sum(dispatch.type);
    Number best{};
    bool first = true;
    for (size_t r = over_rows ? 0 : row; r < (over_rows ? rows : row + 1); ++r)
      for (size_t c = over_cols ? 0 : column; c < (over_cols ? cols : column + 1); ++c) {
        const Number value = at(x, r * cols + c);
        sum.add(value);
        if (first || Arithmetic::greater(dispatch.type, value, best)) best = value;
        first = false;
      }
    return dispatch.op == Op::sum ? sum.value() : best;
  }

  void run_move(const Dispatch& dispatch) {
    const BufferId result = dispatch.result;
    const size_t bytes = buffer(result).bytes();
    switch (dispatch.op) {
      case Op::slot:
      case Op::reshape:
        std::memcpy(memory_.data(result), memory_.data(dispatch.operands[0]), bytes);
        break;
      case Op::unstack:
        std::memcpy(
            memory_.data(result),
            memory_.data(dispatch.operands[0]) + static_cast<size_t>(dispatch.attrs.a) * bytes,
            bytes);
        break;
      case Op::rows: {
        const size_t row = buffer(result).shape[1] * size_of(buffer(result).type);
        std::memcpy(
            memory_.data(result),
            memory_.data(dispatch.operands[0]) + static_cast<size_t>(dispatch.attrs.a) * row,
            bytes);
        break;
      }
      case Op::concat: {
        std::byte* to = memory_.data(result);
        for (BufferId part : dispatch.operands) {
          std::memcpy(to, memory_.data(part), buffer(part).bytes());
          to += buffer(part).bytes();
        }
        break;
      }
      case Op::stack: {
        const size_t part = bytes / dispatch.operands.size();
        for (size_t i = 0; i < dispatch.operands.size(); ++i)
          std::memcpy(memory_.data(result) + i * part, memory_.data(dispatch.operands[i]), part);
        break;
      }
      case Op::transpose:
        for (size_t row = 0; row < dispatch.rows; ++row)
          for (size_t column = 0; column < dispatch.cols; ++column)
            put(result, row * dispatch.cols + column,
                at(dispatch.operands[0], column * dispatch.rows + row));
        break;
      case Op::scatter_add:
        scatter_add(dispatch);
        break;
      case Op::host_score: {
        const BufferId x = dispatch.operands[0];
        Arithmetic::host_score(dispatch, buffer(x), memory_.data(x),
                               static_cast<int32_t>(whole(dispatch.operands[1])),
                               memory_.data(result));
        break;
      }
      default:
        raise_message("[ref] " + std::string(info(dispatch.op).name) + " moves nothing");
    }
  }

  void scatter_add(const Dispatch& dispatch) {
    const BufferId rows = dispatch.operands[0];
    for (size_t target = 0; target < dispatch.rows; ++target)
      for (size_t column = 0; column < dispatch.cols; ++column) {
        Sum sum(dispatch.type);
        for (size_t row = 0; row < buffer(rows).shape.rows(); ++row)
          if (whole(dispatch.operands[1], row) == static_cast<int64_t>(target))
            sum.add(at(rows, row * dispatch.cols + column));
        put(dispatch.result, target * dispatch.cols + column, sum.value());
      }
  }

  std::shared_ptr<const Program> program_;
  runtime::HostMemory memory_;
};

}  // namespace paragon::ref
