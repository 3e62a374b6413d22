// SPDX-License-Identifier: Apache-2.0
#include "core/platform/process.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <iostream>
#include <thread>

#include <paragon/diagnostics.hpp>
#include <paragon/support.hpp>

namespace paragon {

size_t processors() {
#if defined(__linux__)
  // Containers and taskset restrict the affinity; hardware_concurrency does not always look there.
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof(set), &set) == 0) {
    const int count = CPU_COUNT(&set);
    if (count > 0) return static_cast<size_t>(count);
  }
#endif
  const unsigned count = std::thread::hardware_concurrency();
  return count > 0 ? count : 1;
}

size_t peak_memory_bytes() {
  struct rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
#if defined(__APPLE__)
  return static_cast<size_t>(usage.ru_maxrss);
#else
  return static_cast<size_t>(usage.ru_maxrss) * 1024;
#endif
}

bool is_terminal(const std::ostream& out) {
  if (&out == &std::cout) return ::isatty(STDOUT_FILENO) == 1;
  if (&out == &std::cerr || &out == &std::clog) return ::isatty(STDERR_FILENO) == 1;
  return false;
}

}  // namespace paragon
