// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/emit/plan.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "backends/webgpu/emit/anchors.hpp"
#include "backends/webgpu/emit/gemm.hpp"
#include "core/error.hpp"

namespace paragon::webgpu {
namespace {

using runtime::BufferId;
using runtime::Dispatch;
using runtime::kNoBuffer;
using runtime::PhaseProgram;

constexpr uint32_t kChainThreads = 256, kThreads = 64;
/// Loop iterations of one invocation up to which a dispatch is done by one workgroup.
constexpr uint64_t kSmallWork = 1024;
/// Mesa's software driver (22.3) silently ends an invocation's loops after 65,535 iterations in
/// all.
constexpr uint64_t kMostIterations = 60000;

uint64_t chained_iterations(const Piece& piece) {
  const uint64_t turns = (piece.count + kChainThreads - 1) / kChainThreads;
  return turns * (1 + piece.iterations);
}

/// Dispatches that run one after the other in one workgroup.
class Chain {
 public:
  Chain(const runtime::Program& program, const Layout& layout, Tables& tables)
      : writer_(program, layout, tables) {}

  bool empty() const { return pieces_.empty(); }
  bool has_room(uint64_t iterations) const { return iterations_ + iterations <= kMostIterations; }

  /// What every phase starts with.
  void begin_phase(const PhaseProgram& phase, const Layout& layout) {
    Piece piece{.function = writer_.unique("begin"), .count = kRecordWords / 2};
    // A record is its number of entries, then for each a place and a word; the highest bit of a
    // place says that it is a flag.
    writer_.add(
        "fn {}(i: u32) {{\n"
        "  if (i >= record[0].x) {{ return; }}\n"
        "  let to = record[(i * 2u + 2u) >> 2u][(i * 2u + 2u) & 3u];\n"
        "  let bits = record[(i * 2u + 3u) >> 2u][(i * 2u + 3u) & 3u];\n"
        "  memory[to >> 2u][to & 3u] = bits;\n}}\n",
        piece.function);
    add(piece);
    std::set<uint32_t> words;
    for (const Dispatch& dispatch : phase.dispatches)
      for (const auto& store : dispatch.code.or_stores) words.insert(layout[store.buffer].word);
    for (const uint32_t word : words) {
      const std::string at = writer_.param(word);
      clears_ += fmt::format(
          "    atomicStore(&flags[{0}], 0u);\n    atomicStore(&flags[{0} + 1u], 0u);\n", at);
    }
  }
  void add(const Dispatch& dispatch) {
    for (const Piece& piece : write_dispatch(writer_, dispatch)) add(piece);
  }

  Kernel finish(std::string name) {
    std::string main = fmt::format(
        "@compute @workgroup_size({})\n"
        "fn main(@builtin(local_invocation_index) local: u32) {{\n",
        kChainThreads);
    if (!clears_.empty()) main += "  if (local == 0u) {\n" + clears_ + "  }\n";
    bool first = true;
    for (const Piece& piece : pieces_) {
      if (!first) main += "  storageBarrier();\n";
      first = false;
      std::string call =
          piece.count == 1 ? fmt::format("if (local == 0u) {{ {}(0u); }}", piece.function)
          : piece.count <= kChainThreads
              ? fmt::format("if (local < {}) {{ {}(local); }}", writer_.param(piece.count),
                            piece.function)
              : fmt::format("for (var i = local; i < {}; i += {}u) {{ {}(i); }}",
                            writer_.param(piece.count), kChainThreads, piece.function);
      if (piece.when != kNoBuffer)
        call = fmt::format("if ({} != 0) {{ {} }}", writer_.load_scalar(piece.when), call);
      main += "  " + call + "\n";
    }
    main += "}\n";
    Kernel kernel;
    kernel.name = std::move(name);
    kernel.params = writer_.params();
    writer_.add("{}", main);
    kernel.text = writer_.declarations() + writer_.text();
    return kernel;
  }

 private:
  void add(const Piece& piece) {
    pieces_.push_back(piece);
    iterations_ += chained_iterations(piece);
  }

  Writer writer_;
  std::vector<Piece> pieces_;
  std::string clears_;
  uint64_t iterations_ = 0;
};

Kernel single(Writer& writer, const Piece& piece, std::string name) {
  if (piece.iterations > kMostIterations)
    raise("[webgpu] one element of {} takes {} iterations, at most {} are possible", name,
          piece.iterations, kMostIterations);
  writer.add(
      "@compute @workgroup_size({})\n"
      "fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: "
      "vec3<u32>,\n"
      "        @builtin(num_workgroups) groups: vec3<u32>) {{\n"
      "  let i = (group.y * groups.x + group.x) * {}u + local;\n",
      kThreads, kThreads);
  const std::string when =
      piece.when == kNoBuffer ? "" : fmt::format(" && {} != 0", writer.load_scalar(piece.when));
  writer.add("  if (i < {}{}) {{ {}(i); }}\n}}\n", writer.param(piece.count), when, piece.function);
  Kernel kernel;
  kernel.name = std::move(name);
  kernel.params = writer.params();
  kernel.text = writer.declarations() + writer.text();
  kernel.groups_x = (piece.count + kThreads - 1) / kThreads;
  return kernel;
}

}  // namespace

std::vector<PhasePlan> plan_kernels(const runtime::Program& program, const Layout& layout,
                                    Tables& tables, const Features& features) {
  std::vector<PhasePlan> plans;
  for (const PhaseProgram& phase : program.phases) {
    PhasePlan& plan = plans.emplace_back();
    std::optional<Chain> chain;
    size_t first = 0;
    const auto close = [&](size_t next) {
      if (chain && !chain->empty())
        plan.kernels.push_back(chain->finish(fmt::format("{}[{}..{}]", phase.name, first, next)));
      chain.reset();
    };
    chain.emplace(program, layout, tables);
    chain->begin_phase(phase, layout);
    for (size_t d = 0; d < phase.dispatches.size(); ++d) {
      const Dispatch& dispatch = phase.dispatches[d];
      const std::string name = fmt::format("{}[{}] {}", phase.name, d, info(dispatch.op).name);
      Writer trial(program, layout, tables);
      const std::vector<Piece> pieces = write_dispatch(trial, dispatch);
      uint64_t iterations = 0;
      for (const Piece& piece : pieces) iterations += chained_iterations(piece);
      if (iterations <= kSmallWork) {
        if (chain && !chain->has_room(iterations)) close(d);
        if (!chain) {
          chain.emplace(program, layout, tables);
          first = d;
        }
        chain->add(dispatch);
        continue;
      }
      close(d);
      if (takes_gemm(layout, dispatch, features)) {
        Writer writer(program, layout, tables);
        plan.kernels.push_back(write_gemm(writer, dispatch, name));
        continue;
      }
      if (pieces.size() == 1) {
        plan.kernels.push_back(single(trial, pieces[0], name));
        continue;
      }
      // Each part of a movement is a kernel of its own, with the functions of all of them.
      for (const Piece& piece : pieces) {
        Writer copy = trial;
        plan.kernels.push_back(single(copy, piece, name));
      }
    }
    close(phase.dispatches.size());
  }
  return plans;
}

}  // namespace paragon::webgpu
