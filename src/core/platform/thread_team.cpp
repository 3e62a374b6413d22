// SPDX-License-Identifier: Apache-2.0
#include "core/platform/thread_team.hpp"

#include <vector>

#include "core/platform/thread.hpp"

namespace paragon::platform {
namespace {

// About 20 microseconds: longer than a gap inside a step, shorter than a time slice.
constexpr int kSpins = 1000;

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

void Barrier::wait() {
  const uint32_t generation = generation_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
    arrived_.store(0, std::memory_order_relaxed);
    generation_.store(generation + 1, std::memory_order_release);
    generation_.notify_all();
  } else {
    wait_change(generation_, generation);
  }
}

struct ThreadTeam::Workers {
  alignas(64) std::atomic<uint32_t> ticket{0};  // a new number starts a run
  bool stop = false;
  void (*function)(void*, int) = nullptr;
  void* context = nullptr;
  Barrier done;
  std::vector<Thread> threads;

  explicit Workers(int count) : done(count) {}
};

ThreadTeam::ThreadTeam(int threads) : threads_(threads < 1 ? 1 : threads), barrier_(threads_) {
  if (threads_ == 1) return;
  workers_ = std::make_unique<Workers>(threads_);
  for (int thread = 1; thread < threads_; ++thread) {
    workers_->threads.emplace_back([this, thread] {
      Workers& workers = *workers_;
      for (uint32_t ticket = 0;; ++ticket) {
        wait_change(workers.ticket, ticket);
        if (workers.stop) return;
        workers.function(workers.context, thread);
        workers.done.wait();
      }
    });
  }
}

ThreadTeam::~ThreadTeam() {
  if (workers_ == nullptr) return;
  workers_->stop = true;
  workers_->ticket.fetch_add(1, std::memory_order_release);
  workers_->ticket.notify_all();
  workers_->threads.clear();  // joins
}

void ThreadTeam::run(void (*function)(void*, int), void* context) {
  if (workers_ == nullptr) return function(context, 0);
  workers_->function = function;
  workers_->context = context;
  workers_->ticket.fetch_add(1, std::memory_order_release);
  workers_->ticket.notify_all();
  function(context, 0);
  workers_->done.wait();
}

}  // namespace paragon::platform
