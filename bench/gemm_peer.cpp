// SPDX-License-Identifier: Apache-2.0

// Compares the GEMM with oneDNN's matmul primitive: square sizes, float32 and int8 (s8*s8->s32).
// Both run in turn in one process and medians are taken, so that noise of the machine hits both.
// oneDNN's weights are reordered once into the layout it asks for; ours are measured both as plain
// row-major B and packed once. OpenBLAS (float32 only, plain B) is measured where it is installed.
//   gemm_peer [threads] [seconds for each line]
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include <oneapi/dnnl/dnnl.hpp>

#include "backends/cpu/gemm/gemm.hpp"
#include "backends/cpu/target.hpp"

namespace {

using paragon::cpu::GemmPlan;
using paragon::cpu::GemmShape;
using paragon::cpu::GemmType;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Release {
  void operator()(std::byte* bytes) const { ::operator delete (bytes, std::align_val_t{64}); }
};
using Buffer = std::unique_ptr<std::byte, Release>;

Buffer make_buffer(size_t bytes) {
  auto* data = static_cast<std::byte*>(::operator new (bytes + 64, std::align_val_t{64}));
  for (size_t i = 0; i < bytes; ++i) data[i] = static_cast<std::byte>(i * 7 % 61);
  return Buffer(data);
}

/// Threads that spin while a measurement lasts; the caller is member 0.
class SpinningTeam {
 public:
  explicit SpinningTeam(int threads) {
    for (int index = 1; index < threads; ++index) {
      members_.emplace_back([this, index] { serve(index); });
      // On a core of its own: a spinning thread that shares the caller's holds it up for a tick.
      cpu_set_t core;
      CPU_ZERO(&core);
      CPU_SET(static_cast<size_t>(index), &core);
      pthread_setaffinity_np(members_.back().native_handle(), sizeof core, &core);
    }
  }
  SpinningTeam(const SpinningTeam&) = delete;
  SpinningTeam& operator=(const SpinningTeam&) = delete;
  ~SpinningTeam() {
    stop_ = true;
    for (std::thread& member : members_) member.join();
  }

  void run(const std::function<void(int)>& work) {
    work_ = &work;
    busy_.store(static_cast<int>(members_.size()), std::memory_order_relaxed);
    round_.fetch_add(1, std::memory_order_release);
    work(0);
    while (busy_.load(std::memory_order_acquire) != 0) {
    }
  }

 private:
  void serve(int index) {
    unsigned seen = 0;
    while (!stop_.load(std::memory_order_relaxed)) {
      const unsigned round = round_.load(std::memory_order_acquire);
      if (round == seen) continue;
      seen = round;
      (*work_)(index);
      busy_.fetch_sub(1, std::memory_order_release);
    }
  }

  std::atomic<bool> stop_{false};
  std::atomic<unsigned> round_{0};
  std::atomic<int> busy_{0};
  const std::function<void(int)>* work_ = nullptr;
  std::vector<std::thread> members_;
};

/// One side of the comparison: `call` computes the product once.
struct Contender {
  std::function<void()> call;
  std::vector<double> seconds;

  double quantile(size_t percent) {
    std::sort(seconds.begin(), seconds.end());
    return seconds[seconds.size() * percent / 100];
  }
};

struct Operands {
  Buffer a, b, c;
};

class Ours {
 public:
  Ours(GemmType type, size_t n, bool b_packed, int threads, const Operands& operands)
      : n_(n), operands_(operands) {
    plan_ = paragon::cpu::plan_gemm({.type = type, .m = n, .n = n, .k = n, .b_packed = b_packed},
                                    threads);
    for (int i = 0; i < plan_.threads; ++i) {
      scratch_.push_back(make_buffer(plan_.scratch_bytes_per_thread));
    }
    b_ = operands.b.get();
    if (b_packed) {
      packed_ = make_buffer(plan_.packed_b_bytes);
      paragon::cpu::pack_b(plan_, operands.b.get(), n, packed_.get());
      b_ = packed_.get();
    }
    work_ = [this](int thread) {
      if (thread >= plan_.threads) return;
      paragon::cpu::run_gemm(plan_, thread, operands_.a.get(), n_, b_, n_, operands_.c.get(), n_,
                             {}, scratch_[static_cast<size_t>(thread)].get());
    };
  }
  Ours(const Ours&) = delete;
  Ours& operator=(const Ours&) = delete;

  void run(SpinningTeam& team) const { team.run(work_); }

 private:
  size_t n_;
  const Operands& operands_;
  GemmPlan plan_;
  Buffer packed_;
  const std::byte* b_;
  std::vector<Buffer> scratch_;
  std::function<void(int)> work_;
};

class Peer {
 public:
  Peer(GemmType type, size_t n, const Operands& operands)
      : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    using dnnl::memory;
    const auto source = type == GemmType::kInt8 ? memory::data_type::s8 : memory::data_type::f32;
    const auto result = type == GemmType::kInt8 ? memory::data_type::s32 : memory::data_type::f32;
    const auto size = static_cast<memory::dim>(n);
    const memory::dims dims = {size, size};
    const memory::desc a(dims, source, memory::format_tag::ab);
    const memory::desc any(dims, source, memory::format_tag::any);
    const memory::desc c(dims, result, memory::format_tag::ab);
#if DNNL_VERSION_MAJOR >= 3
    const dnnl::matmul::primitive_desc description(engine_, a, any, c);
#else
    const dnnl::matmul::primitive_desc description({a, any, c}, engine_);
#endif
    memory plain(a, engine_, operands.b.get());
    memory weights(description.weights_desc(), engine_);
    dnnl::reorder(plain, weights).execute(stream_, plain, weights);
    stream_.wait();
    primitive_ = dnnl::matmul(description);
    arguments_ = {{DNNL_ARG_SRC, memory(a, engine_, operands.a.get())},
                  {DNNL_ARG_WEIGHTS, weights},
                  {DNNL_ARG_DST, memory(c, engine_, operands.c.get())}};
  }

  void run() {
    primitive_.execute(stream_, arguments_);
    stream_.wait();
  }

 private:
  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::matmul primitive_;
  std::unordered_map<int, dnnl::memory> arguments_;
};

/// OpenBLAS, found at run time: its float32 product of row-major matrices.
class OpenBlas {
 public:
  explicit OpenBlas(int threads) {
    // Its threads spin for 2^N cycles after a call: long enough to stay awake through a burst,
    // short enough not to disturb the next side.
    setenv("OPENBLAS_THREAD_TIMEOUT", "20", 1);
    void* library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return;
    const auto set_threads =
        reinterpret_cast<void (*)(int)>(dlsym(library, "openblas_set_num_threads"));
    product_ = reinterpret_cast<Product>(dlsym(library, "cblas_sgemm"));
    if (set_threads != nullptr) set_threads(threads);
  }
  bool found() const { return product_ != nullptr; }
  void run(size_t n, const Operands& operands) const {
    constexpr int kRowMajor = 101, kPlain = 111;
    const auto size = static_cast<int>(n);
    product_(kRowMajor, kPlain, kPlain, size, size, size, 1.0f,
             reinterpret_cast<const float*>(operands.a.get()), size,
             reinterpret_cast<const float*>(operands.b.get()), size, 0.0f,
             reinterpret_cast<float*>(operands.c.get()), size);
  }

 private:
  using Product = void (*)(int, int, int, int, int, int, float, const float*, int, const float*,
                           int, float, float*, int);
  Product product_ = nullptr;
};

void compare(GemmType type, size_t n, int threads, double budget, const OpenBlas& blas) {
  const size_t element = type == GemmType::kInt8 ? 1 : 4;
  const Operands operands = {make_buffer(n * n * element), make_buffer(n * n * element),
                             make_buffer(n * n * 4)};
  const Ours plain(type, n, false, threads, operands), packed(type, n, true, threads, operands);
  Peer peer(type, n, operands);
  std::unique_ptr<SpinningTeam> team;
  std::vector<Contender> sides = {
      {[&] { plain.run(*team); }, {}}, {[&] { packed.run(*team); }, {}}, {[&] { peer.run(); }, {}}};
  const bool with_blas = blas.found() && type == GemmType::kFloat32;
  if (with_blas) sides.push_back({[&] { blas.run(n, operands); }, {}});
  // Each side in bursts: the first calls of a burst find the other's data in the caches.
  const double end = now() + budget;
  for (int round = 0; round < 5 || now() < end; ++round) {
    for (Contender& side : sides) {
      // Our helpers spin, so they exist only while our side is measured.
      if (&side < &sides[2]) team = std::make_unique<SpinningTeam>(threads);
      side.call();
      const double burst_end = now() + 0.02;
      int calls = 0;
      while (calls < 3 || now() < burst_end) {
        const double start = now();
        side.call();
        side.seconds.push_back(now() - start);
        ++calls;
      }
      team.reset();
    }
  }
  const auto side = static_cast<double>(n);
  const double giga = 2e-9 * side * side * side;
  const double plain_rate = giga / sides[0].quantile(50);
  const double packed_rate = giga / sides[1].quantile(50);
  const double peer_rate = giga / sides[2].quantile(50);
  char blas_rate[16] = "-";
  if (with_blas) std::snprintf(blas_rate, sizeof blas_rate, "%.1f", giga / sides[3].quantile(50));
  // The fast tenth tells what happens when no other program holds a core.
  std::printf(
      "%-7s %5zu  ours %7.1f  packed %7.1f  oneDNN %7.1f  OpenBLAS %7s GOP/s  ratio %.2f  packed "
      "%.2f  "
      "(fast tenth %.2f %.2f)\n",
      type == GemmType::kInt8 ? "int8" : "float32", n, plain_rate, packed_rate, peer_rate,
      blas_rate, plain_rate / peer_rate, packed_rate / peer_rate,
      sides[2].quantile(10) / sides[0].quantile(10), sides[2].quantile(10) / sides[1].quantile(10));
  std::fflush(stdout);
}

/// oneDNN brings an OpenMP library along; it is asked for by name, as we do not link it ourselves.
bool set_peer_threads(int threads) {
  void* symbol = dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  if (symbol == nullptr) return false;
  reinterpret_cast<void (*)(int)>(symbol)(threads);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const int threads =
      argc > 1 ? std::atoi(argv[1]) : static_cast<int>(std::thread::hardware_concurrency());
  const double budget = argc > 2 ? std::atof(argv[2]) : 3.0;
  if (!set_peer_threads(threads)) {
    std::printf("oneDNN without OpenMP: its thread count is its own choice\n");
  }
  const std::string_view target = paragon::cpu::target_name(paragon::cpu::active_target());
  std::printf("%d threads, target %.*s, oneDNN %d.%d.%d\n", threads,
              static_cast<int>(target.size()), target.data(), dnnl_version()->major,
              dnnl_version()->minor, dnnl_version()->patch);
  const OpenBlas blas(threads);
  for (const GemmType type : {GemmType::kFloat32, GemmType::kInt8}) {
    for (const size_t n : {size_t{256}, size_t{1024}, size_t{2048}}) {
      compare(type, n, threads, budget, blas);
    }
  }
  return 0;
}
