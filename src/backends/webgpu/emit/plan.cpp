// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/emit/plan.hpp"

#include <algorithm>
#include <memory>
#include <set>

#include "backends/webgpu/conflicts.hpp"
#include "backends/webgpu/emit/anchors.hpp"
#include "backends/webgpu/emit/gemm.hpp"
#include "backends/webgpu/emit/reductions.hpp"
#include "core/error.hpp"

namespace paragon::webgpu {
namespace {

using runtime::BufferId;
using runtime::Dispatch;
using runtime::kNoBuffer;
using runtime::PhaseProgram;

/// Loop iterations of one invocation, each about as long as a wait for memory, up to which a
/// dispatch is done by one workgroup: no more than a kernel's start takes.
constexpr uint64_t kSmallWork = 24;
/// Mesa's software driver (22.3) silently ends an invocation's loops after 65,535 iterations in
/// all.
constexpr uint64_t kMostIterations = 60000;
/// Characters of a kernel's own text after which it takes no more dispatches: drivers compile long
/// kernels slowly, those of emulated types, whose operations are calls, most of all.
constexpr size_t kMostText = 24000, kMostEmulatedText = 6000;

uint64_t chained_iterations(const Piece& piece) {
  const uint64_t turns = (piece.count + kThreads - 1) / kThreads;
  return turns * (1 + piece.iterations);
}

/// A kernel in the making.
class Stage {
 public:
  Stage(const runtime::Program& program, const Layout& layout, Tables& tables)
      : writer_(program, layout, tables) {}

  Writer& writer() { return writer_; }
  size_t text() const { return writer_.text().size(); }

  /// Whether dispatch `d` runs in the one workgroup of small dispatches.
  bool chains(size_t d) const {
    return std::find(chained_.begin(), chained_.end(), d) != chained_.end();
  }
  bool has_room(uint64_t iterations) const { return iterations_ + iterations <= kMostIterations; }

  /// What every phase starts with.
  void begin_phase(const PhaseProgram& phase, const Layout& layout) {
    Piece piece{.function = writer_.unique("begin"), .count = kRecordWords / 2};
    // A record is its number of entries, then for each a place and a word.
    writer_.add(
        "fn {}(i: u32) {{\n"
        "  if (i >= record[0].x) {{ return; }}\n"
        "  let to = record[(i * 2u + 2u) >> 2u][(i * 2u + 2u) & 3u];\n"
        "  let bits = record[(i * 2u + 3u) >> 2u][(i * 2u + 3u) & 3u];\n"
        "  memory[to >> 2u][to & 3u] = bits;\n}}\n",
        piece.function);
    add_chained(piece);
    std::set<uint32_t> words;
    for (const Dispatch& dispatch : phase.dispatches)
      for (const auto& store : dispatch.code.or_stores) words.insert(layout[store.buffer].word);
    for (const uint32_t word : words) {
      const std::string at = writer_.param(word);
      clears_ += fmt::format(
          "    atomicStore(&flags[{0}], 0u);\n    atomicStore(&flags[{0} + 1u], 0u);\n", at);
    }
  }
  void chain(size_t d, const Dispatch& dispatch) {
    chained_.push_back(d);
    for (const Piece& piece : write_dispatch(writer_, dispatch)) add_chained(piece);
    name(d, dispatch);
  }
  void add(size_t d, const Dispatch& dispatch, Part part) {
    parts_.push_back(std::move(part));
    name(d, dispatch);
  }
  /// Items spread over workgroups.
  void spread(size_t d, const Dispatch& dispatch, const Piece& piece) {
    if (piece.iterations > kMostIterations)
      raise("[webgpu] one element of {} takes {} iterations, at most {} are possible",
            info(dispatch.op).name, piece.iterations, kMostIterations);
    Part part{writer_.unique("spread"), (piece.count + kThreads - 1) / kThreads};
    writer_.add("fn {}(group: u32, local: u32) {{\n  let i = group * {}u + local;\n", part.function,
                kThreads);
    const std::string when =
        piece.when == kNoBuffer ? "" : fmt::format(" && {} != 0", writer_.load_scalar(piece.when));
    writer_.add("  if (i < {}{}) {{ {}(i); }}\n}}\n", writer_.param(piece.count), when,
                piece.function);
    add(d, dispatch, std::move(part));
  }

  Kernel finish(const std::string& phase) {
    if (!pieces_.empty()) parts_.insert(parts_.begin(), write_chain());
    std::string body;
    Kernel kernel;
    kernel.name = phase + names_;
    for (const Part& part : parts_) {
      if (part.groups == 0) continue;
      const std::string first = kernel.groups_x == 0 ? "0u" : writer_.param(kernel.groups_x),
                        last = writer_.param(kernel.groups_x + part.groups);
      body += fmt::format("  {}if (group < {}) {{\n    {}(group - {}, local);\n  }}\n",
                          body.empty() ? "" : "else ", last, part.function, first);
      kernel.groups_x += part.groups;
    }
    writer_.add(
        "@compute @workgroup_size({})\n"
        "fn main(@builtin(local_invocation_index) local: u32,\n"
        "        @builtin(workgroup_id) place: vec3<u32>,\n"
        "        @builtin(num_workgroups) places: vec3<u32>) {{\n"
        "  let group = place.y * places.x + place.x;\n{}}}\n",
        kThreads, body);
    kernel.params = writer_.params();
    kernel.text = writer_.declarations() + writer_.text();
    return kernel;
  }

 private:
  void name(size_t d, const Dispatch& dispatch) {
    names_ += fmt::format(" {}:{}", d, info(dispatch.op).name);
  }
  void add_chained(const Piece& piece) {
    pieces_.push_back(piece);
    iterations_ += chained_iterations(piece);
  }

  Part write_chain() {
    Part part{writer_.unique("chain"), 1};
    std::string text = fmt::format("fn {}(group: u32, local: u32) {{\n", part.function);
    if (!clears_.empty()) text += "  if (local == 0u) {\n" + clears_ + "  }\n";
    bool first = true;
    for (const Piece& piece : pieces_) {
      if (!first) text += "  storageBarrier();\n";
      first = false;
      std::string call = piece.count == 1
                             ? fmt::format("if (local == 0u) {{ {}(0u); }}", piece.function)
                         : piece.count <= kThreads
                             ? fmt::format("if (local < {}) {{ {}(local); }}",
                                           writer_.param(piece.count), piece.function)
                             : fmt::format("for (var i = local; i < {}; i += {}u) {{ {}(i); }}",
                                           writer_.param(piece.count), kThreads, piece.function);
      if (piece.when != kNoBuffer)
        call = fmt::format("if ({} != 0) {{ {} }}", writer_.load_scalar(piece.when), call);
      text += "  " + call + "\n";
    }
    writer_.add("{}}}\n", text);
    return part;
  }

  Writer writer_;
  std::vector<Part> parts_;
  std::vector<Piece> pieces_;    // of the one workgroup of small dispatches
  std::vector<size_t> chained_;  // their numbers
  std::string clears_, names_;
  uint64_t iterations_ = 0;
};

/// Puts each dispatch of a phase into the first stage where what it needs is done.
class Planner {
 public:
  Planner(const runtime::Program& program, const Layout& layout, Tables& tables,
          const Features& features)
      : program_(program), layout_(layout), tables_(tables), features_(features) {}

  PhasePlan plan(const PhaseProgram& phase) {
    stages_.clear();
    std::vector<Accesses> accesses;
    std::vector<size_t> done_in;  // the stage of each dispatch
    stage(0).begin_phase(phase, layout_);
    for (size_t d = 0; d < phase.dispatches.size(); ++d) {
      const Dispatch& dispatch = phase.dispatches[d];
      accesses.emplace_back(dispatch, layout_);
      // All read what the first stage does before its dispatches, which belongs to its chain.
      size_t last = 0;
      bool on_chain_only = true;
      for (size_t e = 0; e < d; ++e) {
        if (done_in[e] < last || !accesses[d].conflict(accesses[e])) continue;
        if (done_in[e] > last) on_chain_only = true;
        last = done_in[e];
        on_chain_only = on_chain_only && stages_[last]->chains(e);
      }
      done_in.push_back(place(d, dispatch, last, on_chain_only));
    }
    PhasePlan plan;
    for (const auto& stage : stages_) plan.kernels.push_back(stage->finish(phase.name));
    return plan;
  }

 private:
  Stage& stage(size_t index) {
    while (stages_.size() <= index)
      stages_.push_back(std::make_unique<Stage>(program_, layout_, tables_));
    return *stages_[index];
  }
  size_t with_room(size_t first) {
    const size_t most = features_.int64 && features_.float64 ? kMostText : kMostEmulatedText;
    while (stage(first).text() > most) ++first;
    return first;
  }

  /// The library does not refuse more workgroup memory than there is.
  size_t with_workgroup_memory(size_t first, const Writer& part, const Dispatch& dispatch) {
    while (stage(first).writer().shared_bytes_with(part) > features_.workgroup_bytes) {
      if (stage(first).text() == 0)
        raise("[webgpu] {} needs {} bytes of workgroup memory, the device has {}",
              info(dispatch.op).name, stage(first).writer().shared_bytes_with(part),
              features_.workgroup_bytes);
      first = with_room(first + 1);
    }
    return first;
  }

  /// The stage that the dispatch goes to, of several the last one.
  size_t place(size_t d, const Dispatch& dispatch, size_t last, bool on_chain_only) {
    Writer trial(program_, layout_, tables_);
    const std::vector<Piece> pieces = write_dispatch(trial, dispatch);
    uint64_t iterations = 0;
    for (const Piece& piece : pieces) iterations += chained_iterations(piece);
    if (iterations <= kSmallWork) {
      size_t at = with_room(on_chain_only ? last : last + 1);
      while (!stage(at).has_room(iterations)) at = with_room(at + 1);
      stage(at).chain(d, dispatch);
      return at;
    }
    size_t at = with_room(last + 1);
    const bool gemm = takes_gemm(layout_, dispatch, features_);
    if (gemm || takes_slices(layout_, dispatch)) {
      const auto write = [&](Writer& writer) {
        return gemm ? write_gemm(writer, dispatch, features_) : write_reduction(writer, dispatch);
      };
      Writer alone(program_, layout_, tables_);
      write(alone);
      at = with_workgroup_memory(at, alone, dispatch);
      stage(at).add(d, dispatch, write(stage(at).writer()));
    } else {
      // Parts of a movement follow each other.
      for (size_t i = 0; i < pieces.size(); ++i) {
        if (i > 0) at = with_room(at + 1);
        const std::vector<Piece> again = write_dispatch(stage(at).writer(), dispatch);
        stage(at).spread(d, dispatch, again[i]);
      }
    }
    return at;
  }

  const runtime::Program& program_;
  const Layout& layout_;
  Tables& tables_;
  const Features& features_;
  std::vector<std::unique_ptr<Stage>> stages_;
};

}  // namespace

std::vector<PhasePlan> plan_kernels(const runtime::Program& program, const Layout& layout,
                                    Tables& tables, const Features& features) {
  Planner planner(program, layout, tables, features);
  std::vector<PhasePlan> plans;
  for (const PhaseProgram& phase : program.phases) plans.push_back(planner.plan(phase));
  return plans;
}

}  // namespace paragon::webgpu
