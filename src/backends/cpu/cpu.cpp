// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <deque>
#include <utility>

#include "backends/cpu/dispatch.hpp"
#include "backends/cpu/jobs.hpp"
#include "backends/cpu/target.hpp"
#include "core/error.hpp"
#include "core/platform/float_mode.hpp"
#include "core/platform/thread_team.hpp"
#include "runtime/backend.hpp"

// The CPU backend: dispatches bound to memory, in jobs that run one after the other, the large ones
// shared by a team of threads.
namespace paragon::cpu {
namespace {

using ir::Op;
using runtime::BufferId;
using runtime::Dispatch;
using runtime::Program;

// More dispatches than most jobs have.
constexpr size_t kApart = 12;

struct BoundPhase {
  std::vector<BoundDispatch> dispatches;
  std::vector<Job> jobs;
  std::vector<std::span<std::byte>> or_targets;  // start at zero
};

class CpuInstance final : public runtime::Instance {
 public:
  CpuInstance(std::shared_ptr<const Program> program, int threads)
      : program_(std::move(program)),
        memory_(*program_),
        team_(threads),
        real_(!runtime::is_integer(*program_)) {
    for (const auto& phase : program_->phases) {
      BoundPhase& bound = phases_.emplace_back();
      bound.dispatches.reserve(phase.dispatches.size());
      for (const Dispatch& dispatch : phase.dispatches)
        bound.dispatches.emplace_back(dispatch, *program_, memory_, threads);
    }
    pack_constant_weights();
    for (BoundPhase& phase : phases_) finish(phase);
  }

  void upload(uint32_t slot, std::span<const std::byte> bytes) override {
    memory_.upload(slot, bytes);
    for (PackedWeights& packed : packed_)
      if (packed.slot == slot) packed.dirty = true;
  }
  void download(uint32_t slot, std::span<std::byte> bytes) override {
    memory_.download(slot, bytes);
  }
  void bind(uint32_t slot, std::span<const std::byte> bytes) override {
    memory_.bind(slot, bytes);
    for (BoundPhase& phase : phases_)
      for (BoundDispatch& dispatch : phase.dispatches) dispatch.rebind(memory_);
  }
  size_t planned_bytes() const override {
    size_t bytes = memory_.bytes() + scratch_.size();
    for (const PackedWeights& packed : packed_) bytes += packed.memory.size();
    return bytes;
  }

  void run(size_t phase) override {
    runtime::expect_phase(*program_, phase);
    const platform::FlushSubnormals mode(real_);  // as the team's other threads do
    for (PackedWeights& packed : packed_) {
      if (!packed.dirty) continue;
      packed.dispatch->pack();
      packed.dirty = false;
    }
    const BoundPhase& current = phases_[phase];
    for (const std::span<std::byte> target : current.or_targets)
      std::memset(target.data(), 0, target.size());
    for (const Job& job : current.jobs) {
      if (job.parts == 1) {
        job.run(0, scratch_.data());
        continue;
      }
      current_ = &job;
      team_.run(
          job.parts,
          [](void* self, int part, int thread) {
            static_cast<CpuInstance*>(self)->run_part(part, thread);
          },
          this);
    }
  }

 private:
  struct PackedWeights {
    uint32_t slot;
    BoundDispatch* dispatch;
    AlignedBuffer memory;
    bool dirty = true;
  };

  void run_part(int part, int thread) {
    current_->run(part, scratch_.data() + static_cast<size_t>(thread) * scratch_per_thread_);
  }

  // Weights that no phase writes are packed once, when they are uploaded.
  void pack_constant_weights() {
    std::vector<bool> written(program_->slots.size(), false);
    for (const auto& phase : program_->phases)
      for (const Dispatch& dispatch : phase.dispatches) {
        const auto mark = [&](BufferId buffer) {
          if (buffer < written.size()) written[buffer] = true;
        };
        mark(dispatch.result);
        for (const auto& store : dispatch.code.stores) mark(store.buffer);
      }
    for (BoundPhase& phase : phases_)
      for (BoundDispatch& dispatch : phase.dispatches) {
        const BufferId weights = dispatch.second_operand();
        if (!dispatch.is_contraction() || weights >= written.size() || written[weights]) continue;
        const ir::SlotRole role = program_->slots[weights].role;
        if (role != ir::SlotRole::kParameter && role != ir::SlotRole::kView) continue;
        PackedWeights& packed = packed_.emplace_back(PackedWeights{weights, &dispatch, {}});
        dispatch.use_packed(nullptr, team_.size());
        packed.memory = AlignedBuffer(dispatch.packed_bytes());
        dispatch.use_packed(packed.memory.data(), team_.size());
      }
  }

  void finish(BoundPhase& phase) {
    phase.jobs = make_jobs(phase.dispatches, *program_, memory_, team_.size());
    for (const BoundDispatch& dispatch : phase.dispatches) {
      phase.or_targets.insert(phase.or_targets.end(), dispatch.or_targets().begin(),
                              dispatch.or_targets().end());
      scratch_per_thread_ = std::max(scratch_per_thread_, dispatch.scratch_bytes());
    }
    const size_t needed = scratch_per_thread_ * static_cast<size_t>(team_.size());
    if (scratch_.size() < needed) scratch_ = AlignedBuffer(needed);
  }

  std::shared_ptr<const Program> program_;
  runtime::HostMemory memory_;
  platform::ThreadTeam team_;
  bool real_;  // floating-point arithmetic
  std::vector<BoundPhase> phases_;
  std::deque<PackedWeights> packed_;
  AlignedBuffer scratch_;
  size_t scratch_per_thread_ = 0;
  const Job* current_ = nullptr;  // being shared by the team
};

class CpuBackend final : public runtime::Backend {
 public:
  std::string_view name() const override { return "cpu"; }

  bool supports(Op op, DType type) const override {
    if (!runtime::is_held(type)) return false;
    if (op == Op::host_score) return is_float(type) || type == DType::int32;
    // Every element-wise operation has a kernel or runs by its formula.
    return runtime::is_structured_result(op, type);
  }
  runtime::CompileOptions compile_options() const override {
    return {.target = "cpu", .fuse = true, .apart = kApart};
  }
  std::unique_ptr<runtime::Instance> instantiate(std::shared_ptr<const Program> program,
                                                 int threads) const override {
    check_supported(*this, *program);
    active_target();  // an unknown name in PARAGON_SIMD is an error before any kernel is chosen
    return std::make_unique<CpuInstance>(std::move(program), threads);
  }
};

}  // namespace

const runtime::Backend& backend() {
  static const CpuBackend instance;
  return instance;
}

}  // namespace paragon::cpu
