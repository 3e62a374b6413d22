// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

namespace paragon::platform {

/// A fixed set of threads that share out the parts of one job after the other; the caller is thread
/// 0. Teams do not nest. A team of one has no threads and no synchronisation.
///
/// Part i is meant for thread i, so that it finds its data in its caches. But the caller takes
/// every part that nobody has begun when it has finished its own: a thread that sleeps, or whose
/// processor another program holds, is not waited for. Waiting spins briefly and then sleeps.
class ThreadTeam {
 public:
  /// Computes part `part` of a job on thread `thread`; the two may differ.
  using Function = void (*)(void* context, int part, int thread);

  explicit ThreadTeam(int threads);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const { return threads_; }
  /// Calls function(context, part, thread) once for each of `parts` <= size() parts and returns
  /// when all are done. The function must not throw, and no part may wait for another.
  void run(int parts, Function function, void* context);

 private:
  struct Workers;

  const int threads_;
  std::unique_ptr<Workers> workers_;
};

}  // namespace paragon::platform
