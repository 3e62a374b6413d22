// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "backends/cpu/code.hpp"
#include "backends/cpu/gather_dot/gather_dot.hpp"
#include "backends/cpu/gemm/gemm.hpp"

namespace paragon::cpu {

/// One dispatch bound to memory, with everything planned: it runs without allocating.
class BoundDispatch {
 public:
  BoundDispatch(const runtime::Dispatch& dispatch, const runtime::Program& program,
                const runtime::HostMemory& memory, int threads);

  /// Threads that get work, at least 1.
  int parts() const { return parts_; }
  size_t scratch_bytes() const { return code_scratch_ + kernel_scratch_; }
  /// Bytes of a packed copy of the second operand of a contraction; 0 if it cannot be packed.
  size_t packed_bytes() const { return gemm_ ? gemm_->packed_b_bytes : 0; }
  runtime::BufferId second_operand() const {
    return dispatch_.operands.size() > 1 ? dispatch_.operands[1] : runtime::kNoBuffer;
  }
  bool is_contraction() const { return gemm_.has_value(); }
  const runtime::Dispatch& dispatch() const { return dispatch_; }
  /// It calls a function of the user's, which may throw; a team's job must not.
  bool may_throw() const { return dispatch_.op == ir::Op::host_score; }

  /// Whether part i computes slice i of its rows, of several, and nothing else.
  bool sliced() const;
  /// Whether it reads then of its operand, too, what lies in those rows.
  bool slices_operand(size_t operand) const;
  /// Whether it can be cut into any number of slices of rows; split() does it.
  bool splits_freely() const { return !gemm_ && sliced(); }
  void split(int parts) {
    if (splits_freely()) parts_ = parts;
  }

  /// Makes the contraction read its second operand from `packed`, filled by pack().
  void use_packed(std::byte* packed, int threads);
  void pack() const;

  void run(int thread, std::byte* scratch) const;
  bool skipped() const;
  void rebind(const runtime::HostMemory& memory);
  const std::vector<std::span<std::byte>>& or_targets() const { return or_targets_; }

 private:
  struct Scalar {
    const runtime::Instruction* instruction;
    const std::byte* operands[3];
    DType types[3];
    std::byte* result;
    bool all_int32, all_int64, integer;  // result and operands
  };

  /// Features that a turned gather works on at once: whole cache lines of byte rows.
  static constexpr size_t kTurnedFeatures = 64;

  void bind_scalars(const runtime::HostMemory& memory);
  GemmType operand_type() const;
  void plan_contraction(int threads, bool packed);
  void run_scalars() const;
  void run_tiles(int thread, std::byte* scratch) const;
  void run_contraction(int thread, std::byte* scratch) const;
  void run_gather_dot_part(int thread, std::byte* scratch) const;
  void run_reduction(int thread, std::byte* scratch) const;
  void run_gather(int thread, std::byte* scratch) const;
  void run_turned_gather(int thread, std::byte* scratch) const;
  void run_move(int thread) const;
  template <class Acc, class T>
  void reduce(int thread, std::byte* scratch) const;
  std::pair<size_t, size_t> share(size_t total, int thread) const;
  GemmEpilogue epilogue(struct EpilogueContext& context) const;

  const runtime::Dispatch& dispatch_;
  const runtime::Program& program_;
  BoundCode code_;
  std::vector<std::byte*> operands_;
  std::byte* result_ = nullptr;
  const int32_t* when_ = nullptr;
  std::vector<Scalar> scalars_;
  std::vector<std::span<std::byte>> or_targets_;
  std::optional<GemmPlan> gemm_;
  std::optional<GatherDotPlan> gather_dot_;
  std::byte* packed_ = nullptr;
  int parts_ = 1;
  size_t code_scratch_ = 0, kernel_scratch_ = 0;
};

}  // namespace paragon::cpu
