// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>

#include <paragon/diagnostics.hpp>

#include "backends/cpu/gemm/gemm.hpp"
#include "backends/cpu/target.hpp"
#include "core/error.hpp"
#include "core/platform/thread_team.hpp"
#include "core/tensor.hpp"

namespace paragon {

std::string_view active_simd() {
  return cpu::target_name(cpu::active_target());
}

std::vector<std::string> available_simd() {
  std::vector<std::string> names;
  for (cpu::Target target : cpu::available_targets()) names.emplace_back(cpu::target_name(target));
  return names;
}

GemmTiming time_gemm(DType type, size_t m, size_t n, size_t k, size_t threads) {
  if (type != DType::float32 && type != DType::int8)
    raise("[gemm] type {} has no matrix product of its own; expected float32 or int8", name(type));
  constexpr size_t kLargest = 16384;
  for (size_t extent : {m, n, k})
    if (extent < 1 || extent > kLargest)
      raise("[gemm] got a size of {}, expected 1 to {}", extent, kLargest);
  struct Job {
    cpu::GemmPlan plan;
    Tensor a, b, c;
    AlignedBuffer packed, scratch;
    void run(int thread) {
      if (thread >= plan.threads) return;
      cpu::run_gemm(plan, thread, a.data(), plan.shape.k, packed.data(), plan.shape.n, c.data(),
                    plan.shape.n, {},
                    scratch.data() + static_cast<size_t>(thread) * plan.scratch_bytes_per_thread);
    }
  };
  Job job;
  platform::ThreadTeam team(static_cast<int>(threads == 0 ? processors() : threads));
  const bool real = type == DType::float32;
  job.plan = cpu::plan_gemm({.type = real ? cpu::GemmType::kFloat32 : cpu::GemmType::kInt8,
                             .m = m,
                             .n = n,
                             .k = k,
                             .b_packed = true},
                            team.size());
  job.a = Tensor(type, {m, k});
  job.b = Tensor(type, {k, n});
  job.c = Tensor(real ? DType::float32 : DType::int32, {m, n});
  for (Tensor* tensor : {&job.a, &job.b})
    for (size_t i = 0; i < tensor->elements(); ++i) {
      const auto value = static_cast<int8_t>((i * 7 + 3) % 61) - 30;
      if (real)
        tensor->as<float>()[i] = static_cast<float>(value);
      else
        tensor->as<int8_t>()[i] = static_cast<int8_t>(value);
    }
  job.packed = AlignedBuffer(job.plan.packed_b_bytes);
  job.scratch = AlignedBuffer(job.plan.scratch_bytes_per_thread * static_cast<size_t>(team.size()));
  cpu::pack_b(job.plan, job.b.data(), n, job.packed.data());

  using Clock = std::chrono::steady_clock;
  const auto seconds_of = [&](size_t repetitions) {
    const auto start = Clock::now();
    for (size_t i = 0; i < repetitions; ++i)
      team.run([](void* self, int thread) { static_cast<Job*>(self)->run(thread); }, &job);
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  seconds_of(2);
  const auto repetitions =
      static_cast<size_t>(std::clamp(0.1 / std::max(seconds_of(1), 1e-7), 1.0, 100000.0));
  std::vector<double> rates;
  const double work =
      2e-9 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  for (int run = 0; run < 5; ++run)
    rates.push_back(work * static_cast<double>(repetitions) / seconds_of(repetitions));
  std::nth_element(rates.begin(), rates.begin() + 2, rates.end());
  return {m, n, k, rates[2]};
}

}  // namespace paragon
