// SPDX-License-Identifier: Apache-2.0
#include "core/platform/thread_team.hpp"

#include <atomic>
#include <vector>

#include "core/platform/float_mode.hpp"
#include "core/platform/thread.hpp"

namespace paragon::platform {
namespace {

// About 20 microseconds: longer than a gap inside a step, shorter than a time slice.
constexpr int kSpins = 1000;

// A job's ticket: its number, and its parts in the lower bits.
constexpr uint32_t kPartBits = 12;
constexpr uint32_t kMostParts = (1u << kPartBits) - 1;

// Waits until the atomic differs from `old`.
template <class T>
void wait_change(const std::atomic<T>& value, T old) {
  for (int spin = 0; spin < kSpins; ++spin) {
    if (value.load(std::memory_order_acquire) != old) return;
    spin_pause();
  }
  while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
}

}  // namespace

struct ThreadTeam::Workers {
  struct alignas(64) Part {
    std::atomic<uint32_t> taken{0};  // ticket of the last job of which it was taken
  };

  alignas(64) std::atomic<uint32_t> ticket{0};  // of the current job
  alignas(64) std::atomic<int> left{0};         // parts that are not done
  std::unique_ptr<Part[]> parts;
  std::atomic<bool> stop{false};
  Function function = nullptr;
  void* context = nullptr;
  std::vector<Thread> threads;

  // True for one caller for each part of each job, while the job is the current one: once it is
  // over, all its parts have been taken, and the exchange fails.
  bool take(int part, uint32_t job) {
    std::atomic<uint32_t>& taken = parts[static_cast<size_t>(part)].taken;
    uint32_t before = taken.load(std::memory_order_acquire);
    return before != job && ticket.load(std::memory_order_acquire) == job &&
           taken.compare_exchange_strong(before, job, std::memory_order_acq_rel);
  }

  void compute(int part, int thread) {
    function(context, part, thread);
    if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) left.notify_all();
  }

  void serve(int thread) {
    for (uint32_t job = 0;;) {
      wait_change(ticket, job);
      job = ticket.load(std::memory_order_acquire);
      if (stop.load(std::memory_order_relaxed)) return;
      if (static_cast<uint32_t>(thread) < (job & kMostParts) && take(thread, job))
        compute(thread, thread);
    }
  }
};

ThreadTeam::ThreadTeam(int threads)
    : threads_(threads < 1                              ? 1
               : threads > static_cast<int>(kMostParts) ? static_cast<int>(kMostParts)
                                                        : threads) {
  if (threads_ == 1) return;
  workers_ = std::make_unique<Workers>();
  workers_->parts = std::make_unique<Workers::Part[]>(static_cast<size_t>(threads_));
  for (int thread = 1; thread < threads_; ++thread)
    workers_->threads.emplace_back([this, thread] {
      const FlushSubnormals mode;
      workers_->serve(thread);
    });
}

ThreadTeam::~ThreadTeam() {
  if (workers_ == nullptr) return;
  workers_->stop.store(true, std::memory_order_relaxed);
  workers_->ticket.fetch_add(1u << kPartBits, std::memory_order_release);
  workers_->ticket.notify_all();
  workers_->threads.clear();  // joins
}

void ThreadTeam::run(int parts, Function function, void* context) {
  if (workers_ == nullptr || parts <= 1) {
    for (int part = 0; part < parts; ++part) function(context, part, 0);
    return;
  }
  Workers& workers = *workers_;
  workers.function = function;
  workers.context = context;
  workers.left.store(parts, std::memory_order_relaxed);
  const uint32_t number = (workers.ticket.load(std::memory_order_relaxed) >> kPartBits) + 1;
  const uint32_t job = number << kPartBits | static_cast<uint32_t>(parts);
  workers.ticket.store(job, std::memory_order_release);
  workers.ticket.notify_all();
  for (int part = 0; part < parts; ++part)
    if (workers.take(part, job)) workers.compute(part, 0);
  for (int left = workers.left.load(std::memory_order_acquire); left != 0;
       left = workers.left.load(std::memory_order_acquire))
    wait_change(workers.left, left);
}

}  // namespace paragon::platform
