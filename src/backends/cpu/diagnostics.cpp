// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>

#include <paragon/diagnostics.hpp>

#include "backends/cpu/gemm/gemm_type.hpp"
#include "backends/cpu/target.hpp"
#include "core/error.hpp"
#include "core/platform/thread_team.hpp"
#include "core/tensor.hpp"
#include "ir/builder.hpp"
#include "runtime/backend.hpp"

namespace paragon {

std::string_view active_simd() {
  return cpu::target_name(cpu::active_target());
}

std::vector<std::string> available_simd() {
  std::vector<std::string> names;
  for (cpu::Target target : cpu::available_targets()) names.emplace_back(cpu::target_name(target));
  return names;
}

namespace {

/// Small whole numbers of both signs.
void fill(Tensor& tensor) {
  for (size_t i = 0; i < tensor.elements(); ++i) {
    const int value = static_cast<int>((i * 7 + 3) % 61) - 30;
    const auto set = [&]<class T>(T*) { tensor.as<T>()[i] = static_cast<T>(value); };
    switch (tensor.type()) {
      case DType::float32:
        set(static_cast<float*>(nullptr));
        break;
      case DType::float64:
        set(static_cast<double*>(nullptr));
        break;
      case DType::int8:
        set(static_cast<int8_t*>(nullptr));
        break;
      case DType::int16:
        set(static_cast<int16_t*>(nullptr));
        break;
      default:
        set(static_cast<int32_t*>(nullptr));
    }
  }
}

/// 1e9 operations per second of a device's kernels for one product.
double contraction_gops(DType type, size_t m, size_t n, size_t k, const std::string& device) {
  ir::Graph graph;
  ir::Builder b(graph);
  Tensor left(type, {m, k}), right(type, {k, n});
  const auto operand = [&](const char* name, const Tensor& tensor) {
    return graph.read(graph.add_slot({name, 0, ir::SlotRole::kInput, type, tensor.shape()}));
  };
  const ir::NodeId x = operand("x", left), y = operand("y", right);
  const bool wide = type == DType::int16 || type == DType::int32;
  const ir::NodeId product = b.contract(x, y, false, false, wide ? 16 : 0);
  const uint32_t slot =
      graph.add_slot({"product", 0, ir::SlotRole::kOutput, b.type(product), b.shape(product)});
  graph.phases().push_back({"product", {{slot, product}}});
  const runtime::Backend& backend = runtime::find_backend(device);
  const auto program = runtime::compile(graph, backend.compile_options());
  const auto instance = backend.instantiate(program, 1);
  for (const auto& [name, tensor] : {std::pair{"x", &left}, {"y", &right}}) {
    fill(*tensor);
    instance->upload(program->find_slot(0, name), {tensor->data(), tensor->bytes()});
  }
  std::chrono::nanoseconds time{0};
  for (const KernelTime& kernel : instance->time_kernels(0, 20)) time = std::max(time, kernel.time);
  if (time.count() <= 0) raise("[gemm] device '{}' has no kernels to time", device);
  return 2 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) /
         static_cast<double>(time.count());
}

}  // namespace

GemmTiming time_gemm(DType type, size_t m, size_t n, size_t k, size_t threads,
                     const std::string& device) {
  const cpu::GemmType kind = cpu::gemm_type(type);
  constexpr size_t kLargest = 16384;
  for (size_t extent : {m, n, k})
    if (extent < 1 || extent > kLargest)
      raise("[gemm] got a size of {}, expected 1 to {}", extent, kLargest);
  if (device != "cpu") return {m, n, k, contraction_gops(type, m, n, k, device)};
  struct Job {
    cpu::GemmPlan plan;
    Tensor a, b, c;
    AlignedBuffer packed, scratch;
    void run(int part, int thread) {
      cpu::run_gemm(plan, part, a.data(), plan.shape.k, packed.data(), plan.shape.n, c.data(),
                    plan.shape.n, {},
                    scratch.data() + static_cast<size_t>(thread) * plan.scratch_bytes_per_thread);
    }
  };
  Job job;
  platform::ThreadTeam team(static_cast<int>(threads == 0 ? processors() : threads));
  job.plan = cpu::plan_gemm({.type = kind, .m = m, .n = n, .k = k, .b_packed = true}, team.size());
  job.a = Tensor(type, {m, k});
  job.b = Tensor(type, {k, n});
  const bool real = info(type).kind == DTypeKind::kFloat;
  job.c = Tensor(real ? type : DType::int32, {m, n});
  fill(job.a);
  fill(job.b);
  job.packed = AlignedBuffer(job.plan.packed_b_bytes);
  job.scratch = AlignedBuffer(job.plan.scratch_bytes_per_thread * static_cast<size_t>(team.size()));
  cpu::pack_b(job.plan, job.b.data(), n, job.packed.data());

  using Clock = std::chrono::steady_clock;
  const auto seconds_of = [&](size_t repetitions) {
    const auto start = Clock::now();
    for (size_t i = 0; i < repetitions; ++i)
      team.run(
          job.plan.threads,
          [](void* self, int part, int thread) { static_cast<Job*>(self)->run(part, thread); },
          &job);
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
