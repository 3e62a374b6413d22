// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "runtime/accesses.hpp"
#include "runtime/program.hpp"

namespace paragon::runtime {
namespace {

constexpr size_t kSmall = size_t{12} << 10;  // bytes of a buffer that is kept apart

struct Lifetime {
  BufferId buffer;
  size_t phase, first, last;  // dispatches, inclusive
  size_t bytes;
};

std::vector<Lifetime> lifetimes(const Program& program, const BytesOf& bytes_of) {
  std::vector<Lifetime> result;
  std::vector<size_t> index(program.buffers.size(), std::numeric_limits<size_t>::max());
  for (size_t p = 0; p < program.phases.size(); ++p) {
    for (size_t d = 0; d < program.phases[p].dispatches.size(); ++d) {
      for_each_access(program.phases[p].dispatches[d], [&](BufferId id, Access, size_t) {
        const Buffer& buffer = program.buffers[id];
        if (buffer.kind != Buffer::Kind::kTemporary) return;
        if (index[id] == std::numeric_limits<size_t>::max()) {
          index[id] = result.size();
          // Tensors take whole cache lines, so that no two threads' buffers share one. Scalars come
          // last in the order of sizes and fill the gaps.
          const size_t unit = buffer.shape.is_scalar() ? 8 : 64;
          result.push_back({id, p, d, d, std::max((bytes_of(id) + unit - 1) / unit * unit, unit)});
        }
        result[index[id]].last = d;
      });
      // They are cleared when the phase starts and collect bits from then on.
      for (const auto& store : program.phases[p].dispatches[d].code.or_stores)
        if (index[store.buffer] != std::numeric_limits<size_t>::max())
          result[index[store.buffer]].first = 0;
    }
  }
  return result;
}

/// How many dispatches lie at least between a small buffer and others in the same place.
struct Distance {
  size_t to_small = 0, to_large = 0;
};

size_t first_fit(const Lifetime& next, const std::vector<Lifetime>& placed,
                 const std::vector<size_t>& offsets, Distance distance, size_t chunk) {
  std::vector<std::pair<size_t, size_t>> taken;  // begin, end
  for (const Lifetime& other : placed) {
    const size_t apart = other.bytes <= kSmall ? distance.to_small : distance.to_large;
    if (other.first > next.last + apart || next.first > other.last + apart) continue;
    const size_t begin = offsets[other.buffer];
    taken.emplace_back(begin, begin + other.bytes);
  }
  std::sort(taken.begin(), taken.end());
  size_t offset = 0;
  for (const auto& [begin, end] : taken) {
    if (offset + next.bytes <= begin) break;
    offset = std::max(offset, within_chunk(end, next.bytes, chunk));
  }
  return offset;
}

/// Places the buffers of a phase; the bytes that they need.
size_t place(const std::vector<Lifetime>& all, size_t phase, Distance distance, size_t chunk,
             std::vector<size_t>& offsets) {
  size_t bytes = 0;
  std::vector<Lifetime> placed;
  for (const Lifetime& next : all) {
    if (next.phase != phase) continue;
    offsets[next.buffer] =
        first_fit(next, placed, offsets, next.bytes <= kSmall ? distance : Distance{}, chunk);
    bytes = std::max(bytes, offsets[next.buffer] + next.bytes);
    placed.push_back(next);
  }
  return bytes;
}

}  // namespace

size_t within_chunk(size_t offset, size_t size, size_t chunk) {
  if (chunk == 0 || offset % chunk + size <= chunk) return offset;
  return (offset + chunk - 1) / chunk * chunk;
}

MemoryPlan plan_memory(const Program& program, const BytesOf& bytes_of, const ArenaRules& rules) {
  std::vector<Lifetime> all = lifetimes(program, bytes_of);
  std::stable_sort(all.begin(), all.end(),
                   [](const Lifetime& a, const Lifetime& b) { return a.bytes > b.bytes; });
  MemoryPlan plan;
  plan.offsets.resize(program.buffers.size(), 0);
  const size_t phases = program.phases.size();
  for (size_t phase = 0; phase < phases; ++phase)
    plan.bytes = std::max(plan.bytes, place(all, phase, {}, rules.chunk, plan.offsets));
  const size_t apart = rules.apart;
  if (apart == 0) return plan;
  // Distance is worth little memory.
  const size_t most = plan.bytes + plan.bytes / 64 + rules.extra;
  for (size_t phase = 0; phase < phases; ++phase)
    for (const Distance distance : {Distance{apart, apart}, Distance{apart, 0}, Distance{}}) {
      const size_t bytes = place(all, phase, distance, rules.chunk, plan.offsets);
      if (bytes > most) continue;
      plan.bytes = std::max(plan.bytes, bytes);
      break;
    }
  return plan;
}

void plan_memory(Program& program, size_t apart) {
  const MemoryPlan plan = plan_memory(
      program, [&](BufferId id) { return program.buffers[id].bytes(); }, {.apart = apart});
  for (BufferId id = 0; id < program.buffers.size(); ++id)
    program.buffers[id].offset = plan.offsets[id];
  program.arena_bytes = plan.bytes;
}

}  // namespace paragon::runtime
