// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/jobs.hpp"

#include <algorithm>

#include "runtime/accesses.hpp"

namespace paragon::cpu {

using runtime::Access;
using runtime::BufferId;
using runtime::Dispatch;

namespace {

// A dispatch is looked for a place in a job as long as fewer than these wait before it.
constexpr size_t kMostWaiting = 32;

struct Span {
  const std::byte *begin, *end;
  BufferId buffer;
  bool writes, sliced;  // sliced: part i touches slice i of the buffer's rows only
};

struct Candidate {
  BoundDispatch* dispatch;
  std::vector<Span> accesses;
  int parts;  // in the job that is being made
};

Candidate candidate(BoundDispatch& bound, const runtime::Program& program,
                    const runtime::HostMemory& memory) {
  Candidate result{&bound, {}, bound.parts()};
  const Dispatch& dispatch = bound.dispatch();
  // Different buffers may lie in the same place at different times.
  runtime::for_each_access(dispatch, [&](BufferId id, Access access, size_t index) {
    const bool by_rows = access == Access::kOperand
                             ? bound.slices_operand(index)
                             : access == Access::kElements || access == Access::kStore;
    const runtime::Buffer& buffer = program.buffers[id];
    const std::byte* begin = memory.data(id);
    const bool sliced = by_rows && bound.sliced() && buffer.shape.rows() == dispatch.rows;
    if (begin != nullptr)
      result.accesses.push_back(
          {begin, begin + buffer.bytes(), id, runtime::writes(access), sliced});
  });
  return result;
}

bool collide(const Span& a, const Span& b) {
  return (a.writes || b.writes) && a.begin < b.end && b.begin < a.end;
}

/// Must one come after the other?
bool ordered(const Candidate& a, const Candidate& b) {
  return std::ranges::any_of(a.accesses, [&](const Span& x) {
    return std::ranges::any_of(b.accesses, [&](const Span& y) { return collide(x, y); });
  });
}

/// The same, and parts of their own numbers are not enough to keep the order.
bool must_meet(const Candidate& a, const Candidate& b) {
  if (a.parts == 1 && b.parts == 1) return false;
  return std::ranges::any_of(a.accesses, [&](const Span& x) {
    return std::ranges::any_of(b.accesses, [&](const Span& y) {
      const bool same_slices = x.buffer == y.buffer && x.sliced && y.sliced && a.parts == b.parts;
      return collide(x, y) && !same_slices;
    });
  });
}

/// Whether `next` can go with the job as it is, and in how many parts.
bool join(Candidate& next, const std::vector<Candidate*>& job, int threads) {
  if (next.dispatch->may_throw()) return job.empty();
  if (!job.empty() && job.front()->dispatch->may_throw()) return false;
  const auto fits = [&](int parts) {
    next.parts = parts;
    return std::ranges::none_of(job,
                                [&](const Candidate* other) { return must_meet(next, *other); });
  };
  const int own = next.dispatch->parts();
  if (next.dispatch->splits_freely()) {
    if (fits(threads)) return true;
    for (const Candidate* other : job)
      if (other->parts > 1 && fits(other->parts)) return true;
  }
  return fits(own);
}

}  // namespace

std::vector<Job> make_jobs(std::vector<BoundDispatch>& dispatches, const runtime::Program& program,
                           const runtime::HostMemory& memory, int threads) {
  std::vector<Candidate> all;
  for (BoundDispatch& dispatch : dispatches) all.push_back(candidate(dispatch, program, memory));
  std::vector<Candidate*> remaining;
  for (Candidate& each : all) remaining.push_back(&each);
  std::vector<Job> jobs;
  while (!remaining.empty()) {
    std::vector<Candidate*> members, waiting;
    size_t at = 0;
    for (; at < remaining.size() && waiting.size() < kMostWaiting; ++at) {
      Candidate& next = *remaining[at];
      const bool waits = std::ranges::any_of(
          waiting, [&](const Candidate* before) { return ordered(next, *before); });
      (!waits && join(next, members, threads) ? members : waiting).push_back(&next);
    }
    waiting.insert(waiting.end(), remaining.begin() + static_cast<ptrdiff_t>(at), remaining.end());
    remaining = std::move(waiting);

    Job& job = jobs.emplace_back();
    // Nothing is split for small dispatches alone: a job's start would cost more.
    for (const Candidate* member : members)
      job.parts = std::max(job.parts, member->dispatch->parts());
    for (const Candidate* member : members) {
      if (job.parts > 1 && member->parts > 1) member->dispatch->split(member->parts);
      job.dispatches.push_back(member->dispatch);
      job.parts = std::max(job.parts, member->dispatch->parts());
    }
  }
  return jobs;
}

}  // namespace paragon::cpu
