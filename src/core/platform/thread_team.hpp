// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace paragon::platform {

/// All threads of a team meet here. Waiting spins briefly and then sleeps, so that eight threads on
/// two processors finish too.
class Barrier {
 public:
  explicit Barrier(int threads) : threads_(threads) {}
  void wait();

 private:
  const int threads_;
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<uint32_t> generation_{0};
};

/// A fixed set of threads that run the same function together; the caller is thread 0. Teams do not
/// nest. A team of one has no threads and no synchronisation.
class ThreadTeam {
 public:
  explicit ThreadTeam(int threads);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const { return threads_; }
  /// Runs function(context, thread) on every thread and returns when all are done.
  void run(void (*function)(void* context, int thread), void* context);
  /// Called from inside run by every thread.
  void barrier() {
    if (threads_ > 1) barrier_.wait();
  }

 private:
  struct Workers;

  const int threads_;
  Barrier barrier_;
  std::unique_ptr<Workers> workers_;
};

}  // namespace paragon::platform
