// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/dispatch.hpp"

#include <algorithm>
#include <cstring>

#include "backends/cpu/gemm/gemm_type.hpp"
#include "backends/cpu/movement/movement.hpp"
#include "backends/cpu/movement/real_scatter.hpp"
#include "core/error.hpp"
#include "runtime/host_score.hpp"

namespace paragon::cpu {

using ir::Op;
using runtime::BufferId;
using runtime::Dispatch;
using runtime::kNoBuffer;

namespace {

// Below this many element operations a second thread costs more than it brings (about 2
// microseconds).
constexpr size_t kSerialWork = 16384;
constexpr size_t kFewSamples = 4;

int parts_for(size_t elements, size_t cost, size_t rows, int threads) {
  if (elements * std::max<size_t>(cost, 1) < kSerialWork) return 1;
  return static_cast<int>(
      std::min<size_t>(static_cast<size_t>(threads), std::max<size_t>(rows, 1)));
}

size_t lines(size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

}  // namespace

/// What an epilogue needs of its dispatch.
struct EpilogueContext {
  const BoundCode* code;
  std::byte* scratch;
};

BoundDispatch::BoundDispatch(const Dispatch& dispatch, const runtime::Program& program,
                             const runtime::HostMemory& memory, int threads)
    : dispatch_(dispatch), program_(program) {
  for (BufferId operand : dispatch.operands) operands_.push_back(memory.data(operand));
  if (dispatch.result != kNoBuffer) result_ = memory.data(dispatch.result);
  if (dispatch.when != kNoBuffer)
    when_ = reinterpret_cast<const int32_t*>(memory.data(dispatch.when));
  for (const auto& store : dispatch.code.or_stores)
    or_targets_.emplace_back(memory.data(store.buffer), program.buffers[store.buffer].bytes());
  const size_t elements = dispatch.rows * dispatch.cols;
  if (dispatch.kind == Dispatch::Kind::kScalars) {
    bind_scalars(memory);
    return;
  }
  code_ = BoundCode(dispatch, program, memory);
  code_scratch_ = lines(code_.scratch_bytes());
  const auto shape = [&](size_t i) -> const Shape& {
    return program.buffers[dispatch.operands[i]].shape;
  };
  switch (dispatch.op) {
    case Op::contract:
      plan_contraction(threads, false);
      break;
    case Op::gather_dot:
    case Op::gather_dot_wgrad:
    case Op::gather_dot_xgrad: {
      const ir::IndexTable& table = *dispatch.attrs.table;
      const GatherDotOp op = dispatch.op == Op::gather_dot         ? GatherDotOp::kForward
                             : dispatch.op == Op::gather_dot_wgrad ? GatherDotOp::kWeightGradient
                                                                   : GatherDotOp::kInputGradient;
      gather_dot_ = plan_gather_dot({.op = op,
                                     .type = operand_type(),
                                     .units = table.units,
                                     .taps = table.taps,
                                     .features = table.features,
                                     .batch = shape(0).cols(),
                                     .shift = static_cast<int>(dispatch.attrs.c)},
                                    table.index.data(), threads);
      parts_ = gather_dot_->threads;
      kernel_scratch_ = gather_dot_->scratch_bytes_per_thread;
      break;
    }
    case Op::sum:
    case Op::maximum:
      // A reduction to one value, or of single rows, stays on one thread: its order is part of it.
      if (dispatch.attrs.a == 0)
        parts_ = parts_for(shape(0).elements(), 1, dispatch.cols / 16, threads);
      if (dispatch.attrs.a == 1) parts_ = parts_for(shape(0).elements(), 1, dispatch.rows, threads);
      kernel_scratch_ = lines(std::max(dispatch.rows, dispatch.cols) * 8);
      break;
    case Op::gather:
      parts_ = parts_for(elements, 1 + code_.cost(), dispatch.rows, threads);
      if (dispatch.attrs.a != 0)
        kernel_scratch_ = lines(2 * kTurnedFeatures * dispatch.cols * size_of(dispatch.type));
      break;
    case Op::transpose:
      parts_ = parts_for(elements, 2, dispatch.rows, threads);
      break;
    default:
      if (dispatch.kind == Dispatch::Kind::kTiles)
        parts_ = parts_for(elements, code_.cost(), elements / 16, threads);
      break;
  }
}

GemmType BoundDispatch::operand_type() const {
  return gemm_type(program_.buffers[dispatch_.operands[0]].type);
}

void BoundDispatch::plan_contraction(int threads, bool packed) {
  const bool ta = dispatch_.attrs.a != 0, tb = dispatch_.attrs.b != 0;
  const Shape& a = program_.buffers[dispatch_.operands[0]].shape;
  const size_t k = a[ta ? 0 : 1];
  // With a few samples only, moving weights between the caches of two threads, one of which reads
  // what the other has updated, costs more than the arithmetic. Packed weights stay where they are.
  if (!packed && std::min(dispatch_.rows, k) <= kFewSamples) threads = 1;
  gemm_ = plan_gemm({.type = operand_type(),
                     .m = dispatch_.rows,
                     .n = dispatch_.cols,
                     .k = k,
                     .a_transposed = ta,
                     .b_transposed = tb,
                     .b_packed = packed,
                     .shift = static_cast<int>(dispatch_.attrs.c)},
                    threads);
  parts_ = gemm_->threads;
  kernel_scratch_ = gemm_->scratch_bytes_per_thread;
}

void BoundDispatch::use_packed(std::byte* packed, int threads) {
  plan_contraction(threads, true);
  packed_ = packed;
}

void BoundDispatch::pack() const {
  const size_t ldb = program_.buffers[dispatch_.operands[1]].shape[1];
  pack_b(*gemm_, operands_[1], ldb, packed_);
}

void BoundDispatch::rebind(const runtime::HostMemory& memory) {
  for (size_t i = 0; i < operands_.size(); ++i) operands_[i] = memory.data(dispatch_.operands[i]);
  code_.rebind(memory);
}

bool BoundDispatch::sliced() const {
  if (dispatch_.rows < 2) return false;
  if (dispatch_.kind == Dispatch::Kind::kTiles) return true;
  if (dispatch_.kind != Dispatch::Kind::kAnchored) return false;
  if (gemm_) return gemm_->threads_n == 1;
  return (dispatch_.op == Op::gather && dispatch_.attrs.a == 0) ||
         ((dispatch_.op == Op::sum || dispatch_.op == Op::maximum) && dispatch_.attrs.a == 1);
}

bool BoundDispatch::slices_operand(size_t operand) const {
  if (gemm_) return operand == 0 && !gemm_->shape.a_transposed;
  return operand == (dispatch_.op == Op::gather ? 1 : 0);
}

bool BoundDispatch::skipped() const {
  return when_ != nullptr && *when_ == 0;
}

void BoundDispatch::run(int thread, std::byte* scratch) const {
  switch (dispatch_.kind) {
    case Dispatch::Kind::kScalars:
      return run_scalars();
    case Dispatch::Kind::kTiles:
      return run_tiles(thread, scratch);
    case Dispatch::Kind::kMove:
      return run_move(thread);
    case Dispatch::Kind::kAnchored:
      break;
  }
  if (gemm_) return run_contraction(thread, scratch);
  if (gather_dot_) return run_gather_dot_part(thread, scratch);
  if (dispatch_.op == Op::gather)
    return dispatch_.attrs.a != 0 ? run_turned_gather(thread, scratch)
                                  : run_gather(thread, scratch);
  run_reduction(thread, scratch);
}

std::pair<size_t, size_t> BoundDispatch::share(size_t total, int thread) const {
  const auto parts = static_cast<size_t>(parts_), index = static_cast<size_t>(thread);
  return {total * index / parts, total * (index + 1) / parts};
}

void BoundDispatch::run_tiles(int thread, std::byte* scratch) const {
  // One row is split by columns, in whole cache lines.
  if (dispatch_.rows == 1) {
    const size_t blocks = (dispatch_.cols + 63) / 64;
    const auto [begin, end] = share(blocks, thread);
    const size_t first = begin * 64, last = std::min(end * 64, dispatch_.cols);
    if (first < last) code_.run(0, 1, first, last - first, {}, scratch);
    return;
  }
  const auto [begin, end] = share(dispatch_.rows, thread);
  if (begin < end) code_.run(begin, end - begin, 0, dispatch_.cols, {}, scratch);
}

GemmEpilogue BoundDispatch::epilogue(EpilogueContext& context) const {
  return {[](void* opaque, const GemmStrip& strip) {
            const auto& c = *static_cast<EpilogueContext*>(opaque);
            c.code->run(strip.row, strip.rows, strip.col, strip.cols,
                        {static_cast<const std::byte*>(strip.acc), strip.acc_stride}, c.scratch);
          },
          &context};
}

void BoundDispatch::run_contraction(int thread, std::byte* scratch) const {
  if (gemm_->shape.k == 1 && parts_ == 1 && code_.takes_outer_product())
    return code_.run_outer(operands_[0], operands_[1]);
  const size_t lda = program_.buffers[dispatch_.operands[0]].shape[1];
  const size_t ldb = program_.buffers[dispatch_.operands[1]].shape[1];
  EpilogueContext context{&code_, scratch};
  std::byte* plain = code_.plain_store();
  run_gemm(*gemm_, thread, operands_[0], lda, packed_ != nullptr ? packed_ : operands_[1], ldb,
           plain, dispatch_.cols, plain != nullptr ? GemmEpilogue{} : epilogue(context),
           scratch + code_scratch_);
}

void BoundDispatch::run_gather_dot_part(int thread, std::byte* scratch) const {
  EpilogueContext context{&code_, scratch};
  std::byte* plain = code_.plain_store();
  run_gather_dot(*gather_dot_, thread, operands_[1], operands_[0], plain,
                 plain != nullptr ? GemmEpilogue{} : epilogue(context), scratch + code_scratch_);
}

template <class Acc, class T>
void BoundDispatch::reduce(int thread, std::byte* scratch) const {
  const Shape& shape = program_.buffers[dispatch_.operands[0]].shape;
  const T* x = reinterpret_cast<const T*>(operands_[0]);
  Acc* out = reinterpret_cast<Acc*>(scratch + code_scratch_);
  const bool maximum = dispatch_.op == Op::maximum;
  const auto finish = [&](size_t row, size_t rows, size_t col, size_t cols) {
    code_.run(row, rows, col, cols, {reinterpret_cast<const std::byte*>(out), 1}, scratch);
  };
  if (dispatch_.attrs.a == 0) {
    const auto [begin, end] = share(dispatch_.cols, thread);
    reduce_columns<Acc, T>(maximum, x + begin, shape.rows(), shape.cols(), end - begin, out);
    if (begin < end) finish(0, 1, begin, end - begin);
  } else if (dispatch_.attrs.a == 1) {
    const auto [begin, end] = share(dispatch_.rows, thread);
    for (size_t row = begin; row < end; ++row)
      out[row - begin] = reduce_row<Acc, T>(maximum, x + row * shape.cols(), shape.cols());
    if (begin < end) finish(begin, end - begin, 0, 1);
  } else {
    out[0] = reduce_row<Acc, T>(maximum, x, shape.elements());
    finish(0, 1, 0, 1);
  }
}

void BoundDispatch::run_reduction(int thread, std::byte* scratch) const {
  switch (program_.buffers[dispatch_.operands[0]].type) {
    case DType::float32:
      return reduce<float, float>(thread, scratch);
    case DType::float64:
      return reduce<double, double>(thread, scratch);
    case DType::int32:
      return reduce<int32_t, int32_t>(thread, scratch);
    case DType::int64:
      return reduce<int64_t, int64_t>(thread, scratch);
    case DType::int8:
      return reduce<int32_t, int8_t>(thread, scratch);
    case DType::int16:
      return reduce<int32_t, int16_t>(thread, scratch);
    default:
      raise("[cpu] no reduction of {}", name(program_.buffers[dispatch_.operands[0]].type));
  }
}

void BoundDispatch::run_move(int thread) const {
  const auto& result = program_.buffers[dispatch_.result];
  const size_t bytes = result.bytes();
  switch (dispatch_.op) {
    case Op::transpose: {
      const auto [begin, end] = share(dispatch_.rows, thread);
      transpose(size_of(result.type), operands_[0], dispatch_.cols, dispatch_.rows, result_,
                dispatch_.cols, begin, end);
      return;
    }
    case Op::unstack:
      std::memcpy(result_, operands_[0] + static_cast<size_t>(dispatch_.attrs.a) * bytes, bytes);
      return;
    case Op::rows:
      std::memcpy(result_,
                  operands_[0] + static_cast<size_t>(dispatch_.attrs.a) * result.shape[1] *
                                     size_of(result.type),
                  bytes);
      return;
    case Op::concat: {
      std::byte* to = result_;
      for (size_t i = 0; i < operands_.size(); ++i) {
        const size_t part = program_.buffers[dispatch_.operands[i]].bytes();
        std::memcpy(to, operands_[i], part);
        to += part;
      }
      return;
    }
    case Op::host_score: {
      const auto& x = program_.buffers[dispatch_.operands[0]];
      return runtime::host_score(*dispatch_.attrs.function, x.type, operands_[0], x.shape.rows(),
                                 x.shape.cols(), *reinterpret_cast<const int32_t*>(operands_[1]),
                                 result_);
    }
    case Op::stack: {
      const size_t part = bytes / operands_.size();
      for (size_t i = 0; i < operands_.size(); ++i)
        std::memcpy(result_ + i * part, operands_[i], part);
      return;
    }
    case Op::scatter_add: {
      std::memset(result_, 0, bytes);
      const size_t rows = program_.buffers[dispatch_.operands[0]].shape.rows();
      const auto* index = reinterpret_cast<const int32_t*>(operands_[1]);
      const auto add = result.type == DType::float64 ? scatter_add_float64 : scatter_add_float32;
      add(operands_[0], rows, index, result_, dispatch_.rows, dispatch_.cols);
      return;
    }
    default:
      std::memcpy(result_, operands_[0], bytes);
      return;  // copy and reshape
  }
}

}  // namespace paragon::cpu
