// SPDX-License-Identifier: Apache-2.0
// Finds the runs of operations that updates.hpp computes in one pass.
#include <algorithm>
#include <initializer_list>
#include <utility>

#include "backends/cpu/code.hpp"

namespace paragon::cpu {

using ir::Op;
using runtime::BufferId;
using runtime::Instruction;

/// Matches the steps of a code against the optimizers' formulas. Operations are absorbed only where
/// nothing else reads them.
class BoundCode::UpdateFinder {
 public:
  UpdateFinder(BoundCode& code, const runtime::Dispatch& dispatch, const runtime::Program& program)
      : code_(code),
        dispatch_(dispatch),
        program_(program),
        readers_(code.count_operations()),
        kept_(code.steps_.size(), false) {
    for (const auto* stores : {&dispatch.code.stores, &dispatch.code.or_stores})
      for (const auto& store : *stores) kept_[store.reg] = true;
  }

  void run() {
    for (uint32_t i = 0; i < code_.steps_.size(); ++i)
      if (!find_adam(i) && !find_sgd(i) && !find_velocity(i) && !find_ratio(i)) find_write(i);
  }

 private:
  /// A product of a register and a single value.
  struct Scaled {
    uint32_t step = 0, reg = 0;
    const std::byte* scalar = nullptr;
    explicit operator bool() const { return scalar != nullptr; }
  };

  const Step& at(uint32_t i) const { return code_.steps_[i]; }
  bool is(uint32_t i, Op op) const {
    const Step& step = at(i);
    return step.kind == Instruction::Kind::kCompute && step.op == op && !step.absorbed &&
           step.update < 0;
  }
  /// An operation that only one other reads.
  bool inner(uint32_t i, Op op) const { return is(i, op) && readers_[i] == 1 && !kept_[i]; }
  bool registers(uint32_t i) const {
    return at(i).source[0] == Source::kRegister && at(i).source[1] == Source::kRegister;
  }

  Scaled scaled(uint32_t i, Op op = Op::mul) const {
    const Step& step = at(i);
    if (!is(i, op)) return {};
    for (unsigned k = 0; k < 2; ++k)
      if (step.source[k] == Source::kRegister && step.source[1 - k] == Source::kScalar)
        return {i, step.reg[k], step.scalar[1 - k]};
    return {};
  }
  Scaled inner_scaled(uint32_t i, Op op = Op::mul) const {
    return inner(i, op) ? scaled(i, op) : Scaled{};
  }

  /// mul_shift of a register by two single values.
  bool is_rate(uint32_t i) const { return inner(i, Op::mul_shift) && is_product(i); }
  bool is_product(uint32_t i) const {
    const Step& step = at(i);
    return is(i, Op::mul_shift) && step.type == DType::int32 &&
           step.source[0] == Source::kRegister && step.source[1] == Source::kScalar &&
           step.source[2] == Source::kScalar;
  }

  /// A constant operand's value, or -1.
  int64_t constant(uint32_t i, unsigned operand) const {
    const BufferId buffer = dispatch_.code.instructions[i].operands[operand].index;
    const runtime::Buffer& b = program_.buffers[buffer];
    return b.kind == runtime::Buffer::Kind::kConstant ? static_cast<int32_t>(b.constant) : -1;
  }

  void add(UpdateKind kind, DType type, Update update, std::initializer_list<uint32_t> absorbed,
           std::initializer_list<uint32_t> results) {
    update.kernel = update_kernel(kind, type);
    if (update.kernel == nullptr) return;
    for (uint32_t i : absorbed) code_.steps_[i].absorbed = true;
    for (uint32_t i : results) {
      code_.steps_[i].update = static_cast<int>(code_.updates_.size());
      update.result[update.results++] = i;
    }
    code_.updates_.push_back(update);
  }

  bool find_sgd(uint32_t i) {
    if (!is(i, Op::sub) || !is_float(at(i).type) || !registers(i)) return false;
    const Scaled step = inner_scaled(at(i).reg[1]);
    if (!step || !is(step.reg, Op::add) || readers_[step.reg] != 1 || !registers(step.reg))
      return false;
    Scaled a = inner_scaled(at(step.reg).reg[0]), b = inner_scaled(at(step.reg).reg[1]);
    if (!a || !b) return false;
    if (at(b.reg).kind == Instruction::Kind::kAccumulator) std::swap(a, b);  // the gradient first
    Update update;
    update.set_x({a.reg, b.reg, at(i).reg[0]});
    update.set_scalars({a.scalar, b.scalar, step.scalar});
    add(UpdateKind::kSgd, at(i).type, update, {a.step, b.step, step.step}, {step.reg, i});
    return true;
  }

  bool find_adam(uint32_t i) {
    if (!is(i, Op::sub) || !is_float(at(i).type) || !registers(i)) return false;
    const Scaled step = inner_scaled(at(i).reg[1]);
    if (!step || !inner(step.reg, Op::div) || !registers(step.reg)) return false;
    const uint32_t mean = at(step.reg).reg[0];
    const Scaled denominator = inner_scaled(at(step.reg).reg[1], Op::add);
    if (!denominator || !inner(denominator.reg, Op::sqrt)) return false;
    const uint32_t root = denominator.reg, variance = at(root).reg[0];
    for (uint32_t sum : {mean, variance})
      if (!is(sum, Op::add) || readers_[sum] != 1 || !registers(sum)) return false;
    for (unsigned side = 0; side < 2; ++side) {
      const Scaled squared = inner_scaled(at(variance).reg[side]);
      if (!squared || !inner(squared.reg, Op::mul) || !registers(squared.reg)) continue;
      const uint32_t gradient = at(squared.reg).reg[0];
      if (at(squared.reg).reg[1] != gradient || kept_[gradient] || readers_[gradient] != 3)
        continue;
      const Scaled old_variance = inner_scaled(at(variance).reg[1 - side]);
      const Scaled mean0 = inner_scaled(at(mean).reg[0]), mean1 = inner_scaled(at(mean).reg[1]);
      const Scaled plain = scaled(gradient);
      if (!old_variance || !mean0 || !mean1 || !plain) return false;
      const bool first = mean0.reg == gradient;
      if (!first && mean1.reg != gradient) return false;
      const Scaled& added = first ? mean0 : mean1;
      const Scaled& old_mean = first ? mean1 : mean0;
      Update update;
      update.set_x({plain.reg, old_mean.reg, old_variance.reg, at(i).reg[0]});
      update.set_scalars({plain.scalar, old_mean.scalar, added.scalar, old_variance.scalar,
                          squared.scalar, denominator.scalar, step.scalar});
      add(UpdateKind::kAdam, at(i).type, update,
          {gradient, squared.reg, squared.step, old_variance.step, mean0.step, mean1.step, root,
           denominator.step, step.reg, step.step},
          {mean, variance, i});
      return true;
    }
    return false;
  }

  bool find_velocity(uint32_t i) {
    if (!is(i, Op::clamp) || at(i).type != DType::int32 || at(i).source[0] != Source::kRegister)
      return false;
    const uint32_t sum = at(i).reg[0];
    if (!inner(sum, Op::add) || !registers(sum)) return false;
    for (unsigned side = 0; side < 2; ++side) {
      const uint32_t old = at(sum).reg[side], gradient = at(sum).reg[1 - side];
      if (!is_rate(old) || !is_rate(gradient) || constant(old, 2) != 15) continue;
      const int64_t factor = constant(old, 1);
      if (factor < 0 || factor >= 1 << 15) continue;
      Update update;
      update.set_x({at(gradient).reg[0], at(old).reg[0]});
      update.set_scalars({at(gradient).scalar[1], at(gradient).scalar[2], at(old).scalar[1]});
      update.set_limits(code_.attrs_[gradient].a, code_.attrs_[old].a, code_.attrs_[i]);
      add(UpdateKind::kVelocity, DType::int32, update, {old, gradient, sum}, {i});
      return true;
    }
    return false;
  }

  bool find_ratio(uint32_t i) {
    if (!is(i, Op::mul_rsqrt) || !registers(i)) return false;
    const uint32_t mean = at(i).reg[0], square = at(i).reg[1];
    if (!is(mean, Op::add) || readers_[mean] != 1 || !registers(mean) ||
        !is(square, Op::mean_square) || readers_[square] != 1 || !registers(square))
      return false;
    const uint32_t old_mean = at(mean).reg[0], change = at(mean).reg[1];
    if (!is_rate(change) || constant(change, 2) != 15) return false;
    const int64_t gain = constant(change, 1);
    const uint32_t difference = at(change).reg[0], gradient = at(square).reg[1];
    if (gain < 0 || gain >= 1 << 15 || !inner(difference, Op::sub) || !registers(difference) ||
        at(difference).reg[0] != gradient || at(difference).reg[1] != old_mean)
      return false;
    if (kept_[gradient] || readers_[gradient] != 2 || !is_product(gradient)) return false;
    Update update;
    update.set_x({at(gradient).reg[0], old_mean, at(square).reg[0]});
    update.set_scalars({at(gradient).scalar[1], at(gradient).scalar[2], at(change).scalar[1]});
    update.limit[0] = code_.attrs_[gradient].a;
    update.limit[1] = code_.attrs_[change].a;
    update.decay_bits = static_cast<int32_t>(code_.attrs_[square].a);
    update.epsilon = static_cast<int32_t>(code_.attrs_[i].a);
    add(UpdateKind::kRatio, DType::int32, update, {gradient, difference, change},
        {mean, square, i});
    return true;
  }

  void find_write(uint32_t i) {
    if (!is(i, Op::clamp) || at(i).type != DType::int32 || at(i).source[0] != Source::kRegister)
      return;
    const uint32_t difference = at(i).reg[0];
    if (!inner(difference, Op::sub) || !registers(difference) || !is_rate(at(difference).reg[1]))
      return;
    const uint32_t rate = at(difference).reg[1];
    Update update;
    update.set_x({at(rate).reg[0], at(difference).reg[0]});
    update.set_scalars({at(rate).scalar[1], at(rate).scalar[2]});
    update.set_limits(code_.attrs_[rate].a, 0, code_.attrs_[i]);
    const uint32_t view = view_of(i);
    if (view == i) return add(UpdateKind::kWrite, DType::int32, update, {rate, difference}, {i});
    update.scalar[2] = at(view).scalar[1];
    update.limit[1] = code_.attrs_[view].a;
    update.bits = true;
    add(UpdateKind::kWriteView, at(view).type, update, {rate, difference}, {i, view});
  }

  /// The one step that reads step i, if that rounds it to a view; otherwise i.
  uint32_t view_of(uint32_t i) const {
    for (uint32_t k = i + 1; k < code_.steps_.size(); ++k)
      if (is(k, Op::requantise) && readers_[i] == 1 && at(k).source[0] == Source::kRegister &&
          at(k).reg[0] == i && at(k).source[1] == Source::kScalar &&
          update_kernel(UpdateKind::kWriteView, at(k).type) != nullptr)
        return k;
    return i;
  }

  BoundCode& code_;
  const runtime::Dispatch& dispatch_;
  const runtime::Program& program_;
  std::vector<size_t> readers_;  // operations that read a step's result, by step
  std::vector<bool> kept_;       // the result goes to memory
};

void BoundCode::find_updates(const runtime::Dispatch& dispatch, const runtime::Program& program) {
  UpdateFinder(*this, dispatch, program).run();
}

UpdateArgs BoundCode::update_args(const Update& update) const {
  UpdateArgs args;
  std::copy(std::begin(update.scalar), std::end(update.scalar), args.scalar);
  std::copy(std::begin(update.limit), std::end(update.limit), args.limit);
  args.low = update.low;
  args.high = update.high;
  args.decay_bits = update.decay_bits;
  args.epsilon = update.epsilon;
  return args;
}

void BoundCode::run_update(const Update& update, const Tile& tile, std::byte* scratch,
                           const std::byte** registers) const {
  const bool dense = is_dense(tile);
  UpdateArgs args = update_args(update);
  for (unsigned k = 0; k < update.operands; ++k) args.x[k] = registers[update.x[k]];
  args.n = tile.elements();
  for (unsigned k = 0; k < update.results; ++k)
    args.result[k] = result_of(steps_[update.result[k]], tile, dense, scratch);
  const int32_t bits = update.kernel(args);
  for (unsigned k = 0; k < update.results; ++k) {
    const uint32_t i = update.result[k];
    registers[i] = static_cast<const std::byte*>(args.result[k]);
    if (!dense) store_rows(steps_[i], tile, registers[i]);
  }
  if (update.or_target != nullptr) collect_bits(update.or_target, bits);
}

void BoundCode::find_pure_updates() {
  pure_updates_ = !updates_.empty() && stores_.empty() && or_stores_.empty();
  for (const Step& step : steps_) {
    if (step.absorbed || step.kind == Instruction::Kind::kAccumulator) continue;
    pure_updates_ = pure_updates_ && (step.kind == Instruction::Kind::kLoad
                                          ? !step.repeat_rows && !step.repeat_cols
                                          : step.update >= 0 && step.direct != nullptr);
  }
  takes_outer_product_ = pure_updates_ && updates_.size() == 1 && updates_[0].x[0] == 0 &&
                         steps_[0].kind == Instruction::Kind::kAccumulator &&
                         is_float(steps_[0].type);
}

UpdateArgs BoundCode::pure_update_args(const Update& update, const Tile& tile,
                                       Accumulators accumulators) const {
  const auto place = [&](uint32_t reg, size_t& stride) {
    const Step& step = steps_[reg];
    stride = cols_;
    if (step.kind == Instruction::Kind::kAccumulator) {
      stride = accumulators.stride;
      return const_cast<std::byte*>(accumulators.data);
    }
    std::byte* memory =
        step.kind == Instruction::Kind::kLoad ? const_cast<std::byte*>(step.memory) : step.direct;
    return memory + (tile.row * cols_ + tile.col) * step.element;
  };
  UpdateArgs args = update_args(update);
  args.rows = tile.rows;
  args.n = tile.cols;
  for (unsigned k = 0; k < update.operands; ++k) args.x[k] = place(update.x[k], args.x_stride[k]);
  for (unsigned k = 0; k < update.results; ++k)
    args.result[k] = place(update.result[k], args.result_stride[k]);
  return args;
}

void BoundCode::run_pure_updates(const Tile& tile, Accumulators accumulators) const {
  for (const Update& update : updates_) {
    UpdateArgs args = pure_update_args(update, tile, accumulators);
    if (tile.cols == cols_ && accumulators.stride == cols_) {  // one long row
      args.n *= args.rows;
      args.rows = 1;
    }
    const int32_t bits = update.kernel(args);
    if (update.or_target != nullptr) collect_bits(update.or_target, bits);
  }
}

void BoundCode::run_outer(const std::byte* column, const std::byte* row) const {
  UpdateArgs args = pure_update_args(updates_[0], {0, rows_, 0, cols_}, {row, 0});
  args.row_factors = column;
  updates_[0].kernel(args);
}

}  // namespace paragon::cpu
