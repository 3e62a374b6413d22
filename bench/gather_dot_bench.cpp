// SPDX-License-Identifier: Apache-2.0
// Times the indexed contraction of a locally connected layer, 28 x 28 -> 16 x 16 with 5 x 5
// windows:
//   gather_dot_bench [batch]     median and best in microseconds, by type, target and thread count
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "backends/cpu/gather_dot/gather_dot.hpp"
#include "backends/cpu/target.hpp"

namespace {

using namespace paragon::cpu;

constexpr size_t kIn = 28, kSide = 16, kField = 5;

std::vector<int32_t> windows() {
  std::vector<int32_t> index;
  const auto start = [](size_t i) {
    return static_cast<size_t>(std::lround(static_cast<double>(i * (kIn - kField)) / (kSide - 1)));
  };
  for (size_t n = 0; n < kSide * kSide; ++n) {
    for (size_t t = 0; t < kField * kField; ++t) {
      index.push_back(static_cast<int32_t>((start(n / kSide) + t / kField) * kIn +
                                           start(n % kSide) + t % kField));
    }
  }
  return index;
}

struct Free {
  void operator()(std::byte* p) const { std::free(p); }
};
using Bytes = std::unique_ptr<std::byte, Free>;

Bytes aligned(size_t size) {
  return Bytes(static_cast<std::byte*>(std::aligned_alloc(64, (size / 64 + 1) * 64)));
}

struct Type {
  const char* name;
  GemmType type;
  int shift;
};
constexpr Type kTypes[] = {{"float32", GemmType::kFloat32, 0},
                           {"float64", GemmType::kFloat64, 0},
                           {"int8", GemmType::kInt8, 0},
                           {"int16", GemmType::kInt16, 7},
                           {"int32", GemmType::kInt32, 23}};

/// Eight bytes for an element of any type; integers fill the range of the type.
Bytes random_operand(GemmType type, size_t count) {
  std::mt19937 random(static_cast<unsigned>(count));
  Bytes bytes = aligned(count * 8);
  for (size_t i = 0; i < count; ++i) {
    const auto value = static_cast<int>(random() % 255) - 127;
    const auto set = [&]<class T>(T number) { reinterpret_cast<T*>(bytes.get())[i] = number; };
    switch (type) {
      case GemmType::kFloat32:
        set(static_cast<float>(value) / 128.0F);
        break;
      case GemmType::kFloat64:
        set(static_cast<double>(value) / 128.0);
        break;
      case GemmType::kInt8:
        set(static_cast<int8_t>(value));
        break;
      case GemmType::kInt16:
        set(static_cast<int16_t>(value * 257));
        break;
      case GemmType::kInt32:
        set(int32_t{value * 65793});
        break;
    }
  }
  return bytes;
}

/// Two threads that spin between jobs, so that waking them is not part of the figures.
class Pair {
 public:
  Pair() : helper_([this] { serve(); }) {}
  ~Pair() {
    stop_ = true;
    ++started_;
    helper_.join();
  }
  void run(const std::function<void(int)>& job) {
    job_ = &job;
    const unsigned turn = ++started_;
    job(0);
    while (finished_.load(std::memory_order_acquire) != turn) {
    }
  }

 private:
  void serve() {
    for (unsigned turn = 1;; ++turn) {
      while (started_.load(std::memory_order_acquire) != turn) {
      }
      if (stop_) return;
      (*job_)(1);
      finished_.store(turn, std::memory_order_release);
    }
  }
  std::atomic<unsigned> started_{0}, finished_{0};
  std::atomic<bool> stop_{false};
  const std::function<void(int)>* job_ = nullptr;
  std::thread helper_;
};

struct Time {
  double median, best;  // microseconds
};

Time time_of(const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> times;
  const auto end = Clock::now() + std::chrono::milliseconds(200);
  for (auto now = Clock::now(); now < end;) {
    work();
    const auto after = Clock::now();
    times.push_back(std::chrono::duration<double, std::micro>(after - now).count());
    now = after;
  }
  std::sort(times.begin(), times.end());
  return {.median = times[times.size() / 2], .best = times.front()};
}

void measure(const Type& measured, size_t batch) {
  const GemmType type = measured.type;
  const std::vector<int32_t> index = windows();
  const size_t units = kSide * kSide, taps = kField * kField, features = kIn * kIn;
  const Bytes w = random_operand(type, units * taps), x = random_operand(type, features * batch),
              dy = random_operand(type, units * batch);
  const Bytes y = aligned(units * batch * 8), dw = aligned(units * taps * 8),
              dx = aligned(features * batch * 8);
  for (const int threads : {1, 2}) {
    const auto plan = [&](GatherDotOp op) {
      return plan_gather_dot({.op = op,
                              .type = type,
                              .units = units,
                              .taps = taps,
                              .features = features,
                              .batch = batch,
                              .shift = measured.shift},
                             index.data(), threads);
    };
    const GatherDotPlan forward = plan(GatherDotOp::kForward),
                        weights = plan(GatherDotOp::kWeightGradient),
                        inputs = plan(GatherDotOp::kInputGradient);
    const size_t scratch_bytes =
        std::max({forward.scratch_bytes_per_thread, weights.scratch_bytes_per_thread,
                  inputs.scratch_bytes_per_thread, size_t{64}});
    const Bytes scratch[2] = {aligned(scratch_bytes), aligned(scratch_bytes)};
    const auto part = [&](const GatherDotPlan& p, int thread, const Bytes& a, const Bytes& b,
                          const Bytes& out) {
      if (thread < p.threads) {
        run_gather_dot(p, thread, a.get(), b.get(), out.get(), {}, scratch[thread].get());
      }
    };
    const auto time = [&](const std::function<void(int)>& job) {
      if (threads == 1) return time_of([&] { job(0); });
      Pair pair;
      return time_of([&] { pair.run(job); });
    };
    const Time f = time([&](int i) { part(forward, i, w, x, y); });
    const Time g = time([&](int i) { part(weights, i, dy, x, dw); });
    const Time h = time([&](int i) { part(inputs, i, w, dy, dx); });
    const Time both = time([&](int i) {
      part(forward, i, w, x, y);
      part(weights, i, dy, x, dw);
    });
    fmt::print("{:8} {:12} {:>7}", measured.name, target_name(active_target()), threads);
    for (const Time& t : {f, g, h, both}) fmt::print(" {:8.2f} {:6.2f}", t.median, t.best);
    fmt::print("\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const size_t batch = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 64;
  fmt::print("{:8} {:12} {:7} {:>15} {:>15} {:>15} {:>15}\n", "type", "target", "threads",
             "forward", "weight gradient", "input gradient", "forward+weight");
  for (const Target target : available_targets()) {
    force_target(target);
    for (const Type& type : kTypes) measure(type, batch);
  }
}
