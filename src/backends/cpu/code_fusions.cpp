// SPDX-License-Identifier: Apache-2.0
// Pairs of operations that one kernel computes in one pass.
#include <vector>

#include "backends/cpu/code.hpp"

namespace paragon::cpu {

using runtime::Instruction;

std::vector<size_t> BoundCode::count_operations() const {
  std::vector<size_t> readers(steps_.size(), 0);
  for (const Step& step : steps_)
    for (unsigned k = 0; k < step.operands; ++k)
      if (step.source[k] == Source::kRegister) ++readers[step.reg[k]];
  return readers;
}

std::vector<size_t> BoundCode::count_readers(const runtime::Dispatch& dispatch) const {
  std::vector<size_t> readers = count_operations();
  for (const auto* stores : {&dispatch.code.stores, &dispatch.code.or_stores})
    for (const auto& store : *stores) ++readers[store.reg];
  return readers;
}

// Bytes of a data set are widened by the kernel that rounds them to operands: one pass over the
// tile less.
void BoundCode::absorb_casts(const std::vector<size_t>& readers) {
  for (Step& step : steps_) {
    if (step.op != ir::Op::requantise || step.source[0] != Source::kRegister || step.update >= 0)
      continue;
    Step& cast = steps_[step.reg[0]];
    if (cast.kind != Instruction::Kind::kCompute || cast.op != ir::Op::cast ||
        cast.operand_type != DType::uint8 || cast.source[0] != Source::kRegister ||
        readers[step.reg[0]] != 1)
      continue;
    const TileKernel kernel = tile_kernel(step.op, step.type, DType::uint8);
    if (kernel == nullptr) continue;
    cast.absorbed = true;
    step.kernel = kernel;
    step.reg[0] = cast.reg[0];
    step.operand_type = step.operand_types[0] = DType::uint8;
  }
}

// A floating-point product that only the next addition or subtraction reads becomes part of it: one
// pass over the tile less, the same two roundings.
void BoundCode::fuse_products(const std::vector<size_t>& readers) {
  for (Step& step : steps_) {
    const bool add = step.op == ir::Op::add, sub = step.op == ir::Op::sub;
    if (step.kind != Instruction::Kind::kCompute || !is_float(step.type) || (!add && !sub) ||
        step.scalars != 0 || step.absorbed || step.update >= 0)
      continue;
    for (unsigned side = 0; side < 2; ++side) {
      Step& product = steps_[step.reg[side]];
      if (product.kind != Instruction::Kind::kCompute || product.op != ir::Op::mul ||
          product.absorbed || product.update >= 0 || product.type != step.type ||
          readers[step.reg[side]] != 1 || product.scalars == 3)
        continue;
      const unsigned first =
          product.source[0] == Source::kScalar ? 1 : 0;  // a single value goes second
      const uint32_t other = step.reg[1 - side];
      product.absorbed = true;
      for (unsigned k = 0; k < 2; ++k) {
        const unsigned from = k == 0 ? first : 1 - first;
        step.source[k] = product.source[from];
        step.reg[k] = product.reg[from];
        step.scalar[k] = product.scalar[from];
      }
      step.scalars = product.scalars == 0 ? 0 : 2;
      step.source[2] = Source::kRegister;
      step.reg[2] = other;
      step.operands = 3;
      const FusedProduct kind = add         ? FusedProduct::kMulAdd
                                : side == 0 ? FusedProduct::kMulSub
                                            : FusedProduct::kSubMul;
      step.kernel = fused_product_kernel(kind, step.type);
      break;
    }
  }
}

}  // namespace paragon::cpu
