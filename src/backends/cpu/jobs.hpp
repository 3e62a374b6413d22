// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "backends/cpu/dispatch.hpp"

namespace paragon::cpu {

/// Dispatches that a team computes without meeting in between: what part i of one reads or writes,
/// no other part of the others writes or reads. So every part runs through all of them.
struct Job {
  std::vector<const BoundDispatch*> dispatches;
  int parts = 1;

  void run(int part, std::byte* scratch) const {
    for (const BoundDispatch* dispatch : dispatches)
      if (part < dispatch->parts() && !dispatch->skipped()) dispatch->run(part, scratch);
  }
};

/// The dispatches of a phase as jobs. A dispatch joins the first one that it can: it goes before
/// others that it has nothing to do with, and small ones are split like those that they join.
/// Which thread computes an element changes no bit of it.
std::vector<Job> make_jobs(std::vector<BoundDispatch>& dispatches, const runtime::Program& program,
                           const runtime::HostMemory& memory, int threads);

}  // namespace paragon::cpu
