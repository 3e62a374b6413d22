// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <tuple>

#include "core/platform/thread.hpp"
#include "ir/graph.hpp"
#include "runtime/program.hpp"

namespace paragon::runtime {
namespace {

using Key = std::tuple<uint64_t, std::string, bool, size_t>;

// Programs live as long as somebody uses them: a dynamic network passes through many shapes.
struct Cache {
  platform::Mutex mutex;
  std::map<Key, std::weak_ptr<const Program>> programs;
};

Cache& cache() {
  static Cache instance;
  return instance;
}

}  // namespace

std::shared_ptr<const Program> compile_cached(const ir::Graph& graph,
                                              const CompileOptions& options) {
  const Key key{graph.structural_hash(), options.target, options.fuse, options.apart};
  {
    const platform::LockGuard lock(cache().mutex);
    const auto it = cache().programs.find(key);
    if (it != cache().programs.end())
      if (auto program = it->second.lock()) return program;
  }
  auto program = compile(graph, options);
  const platform::LockGuard lock(cache().mutex);
  std::erase_if(cache().programs, [](const auto& entry) { return entry.second.expired(); });
  cache().programs[key] = program;
  return program;
}

}  // namespace paragon::runtime
