// SPDX-License-Identifier: Apache-2.0
// Which dispatches a team of threads computes without meeting in between.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include <paragon/paragon.hpp>

#include "backends/cpu/jobs.hpp"
#include "graph_runner.hpp"
#include "network/state.hpp"
#include "train/programs.hpp"

namespace paragon::cpu {
namespace {

using ir::Builder;
using ir::NodeId;
using ir::Op;
using runtime::BufferId;
using testing::GraphMaker;
using testing::GraphRunner;

constexpr int kThreads = 2;

using Shared = std::shared_ptr<const runtime::Program>;

Shared compiled(const ir::Graph& graph) {
  return runtime::compile(ir::lower_for_backend(graph),
                          runtime::find_backend("cpu").compile_options());
}

/// The same with every temporary in a place of its own.
Shared spread(const Shared& program) {
  auto copy = std::make_shared<runtime::Program>(*program);
  for (runtime::Buffer& buffer : copy->buffers) {
    if (buffer.kind != runtime::Buffer::Kind::kTemporary) continue;
    buffer.offset = copy->arena_bytes;
    copy->arena_bytes += (buffer.bytes() + 63) / 64 * 64;
  }
  return copy;
}

/// The jobs of a program's last phase.
struct Plan {
  Shared program;
  runtime::HostMemory memory{*program};
  std::vector<BoundDispatch> dispatches;
  std::vector<Job> jobs;

  explicit Plan(Shared of, int threads = kThreads) : program(std::move(of)) {
    const auto& phase = program->phases.back();
    for (const runtime::Dispatch& dispatch : phase.dispatches)
      dispatches.emplace_back(dispatch, *program, memory, threads);
    jobs = make_jobs(dispatches, *program, memory, threads);
  }

  /// The job of the first dispatch with this operation, or that writes the slot.
  size_t job_of(Op op) const {
    return find([&](const runtime::Dispatch& dispatch) { return dispatch.op == op; });
  }
  size_t job_of(std::string_view slot) const {
    const BufferId id = program->find_slot(0, slot);
    return find([&](const runtime::Dispatch& dispatch) {
      return dispatch.result == id || std::ranges::any_of(dispatch.code.stores, [&](const auto& s) {
               return s.buffer == id;
             });
    });
  }
  template <class F>
  size_t find(const F& wanted) const {
    for (size_t i = 0; i < jobs.size(); ++i)
      for (const BoundDispatch* dispatch : jobs[i].dispatches)
        if (wanted(dispatch->dispatch())) return i;
    return jobs.size();
  }
};

/// Logits and their softmax, each row by itself; then sums over rows.
GraphMaker rows_and_columns() {
  GraphMaker maker;
  Builder b = maker.b();
  const NodeId x = maker.input("x", DType::float32, {64, 300}),
               w = maker.input("w", DType::float32, {300, 16});
  const NodeId logits = b.contract(x, w);
  const NodeId powers = b.exp(b.sub(logits, b.maximum(logits, 1)));
  const NodeId share = b.div(powers, b.sum(powers, 1));
  maker.output("share", share);
  maker.output("columns", b.sum(b.mul(share, share), 0));
  maker.output("weights", b.contract(x, share, true));
  maker.finish();
  return maker;
}

TEST(Jobs, RowsAreWorkedOnWithoutMeeting) {
  const GraphMaker maker = rows_and_columns();
  const Shared program = compiled(maker.graph);
  const Plan plan(spread(program));
  EXPECT_EQ(plan.job_of(Op::maximum), 0u);
  EXPECT_EQ(plan.job_of("share"), 0u);
  for (const BoundDispatch* dispatch : plan.jobs[0].dispatches)
    EXPECT_EQ(dispatch->parts(), kThreads);
  EXPECT_GT(plan.job_of("columns"), 0u) << "reads what all threads wrote";
  EXPECT_GT(plan.job_of("weights"), 0u);
  EXPECT_LT(Plan(program).jobs.size(), 5u) << "places that are used again keep few apart";
  EXPECT_EQ(Plan(program, 1).jobs.size(), 1u) << "one thread has nobody to meet";
}

TEST(Jobs, ScalarsAreReadAfterAMeeting) {
  GraphMaker maker;
  Builder b = maker.b();
  const NodeId x = maker.input("x", DType::int32, {256, 256}),
               s = maker.input("s", DType::int32, {});
  const NodeId doubled = b.add(s, s);
  maker.output("first", b.add(x, s));
  maker.output("second", b.sub(x, doubled));
  maker.output("bits", b.or_bits(b.mul(x, s)));
  maker.output("length", b.unary(Op::bit_length, b.or_bits(b.mul(x, s))));
  maker.finish();
  const Plan plan(compiled(maker.graph));
  const size_t scalars = plan.find([](const runtime::Dispatch& dispatch) {
    return dispatch.kind == runtime::Dispatch::Kind::kScalars;
  });
  EXPECT_EQ(scalars, 0u);
  EXPECT_EQ(plan.job_of("first"), 0u) << "needs nothing of the others";
  EXPECT_EQ(plan.job_of("second"), 1u);
}

TEST(Jobs, AFunctionOfTheUserIsNoPartOfATeamsJob) {
  GraphMaker maker;
  Builder b = maker.b();
  const NodeId x = maker.input("x", DType::float32, {256, 256});
  maker.output("twice", b.add(x, x));
  maker.output("score", b.host_score(x, [](std::span<const float>) { return 0.0; }));
  maker.finish();
  const Plan plan(compiled(maker.graph));
  const Job& job = plan.jobs[plan.job_of(Op::host_score)];
  EXPECT_EQ(job.parts, 1);
  EXPECT_NE(plan.job_of("twice"), plan.job_of(Op::host_score));
}

/// What a dispatch touches; whole: its parts may touch any of it.
struct Touch {
  BufferId buffer;
  bool writes, whole;
};

std::vector<Touch> touches(const runtime::Dispatch& dispatch) {
  std::vector<Touch> all;
  const auto touch = [&](BufferId id, bool writes, bool whole) {
    if (id != runtime::kNoBuffer) all.push_back({id, writes, whole});
  };
  for (size_t i = 0; i < dispatch.operands.size(); ++i) {
    const bool rows = dispatch.op == Op::contract ? i == 0 && dispatch.attrs.a == 0
                      : dispatch.op == Op::gather ? i == 1 && dispatch.attrs.a == 0
                                                  : i == 0 && dispatch.attrs.a == 1;
    touch(dispatch.operands[i], false, !rows);
  }
  touch(dispatch.result, true, true);
  touch(dispatch.when, false, true);
  const bool scalars = dispatch.kind == runtime::Dispatch::Kind::kScalars;
  for (const auto& instruction : dispatch.code.instructions) {
    touch(instruction.buffer, scalars, false);
    for (const auto& operand : instruction.operands)
      if (operand.kind == runtime::Operand::Kind::kScalar) touch(operand.index, false, true);
  }
  for (const auto& store : dispatch.code.stores) touch(store.buffer, true, false);
  for (const auto& store : dispatch.code.or_stores) touch(store.buffer, true, true);
  return all;
}

// What two dispatches touch in common, one of them writing, keeps them in order.
TEST(Jobs, OfTrainingsKeepTheOrder) {
  size_t pairs = 0, together = 0;
  for (const DType type : {DType::float32, DType::int8, DType::int32})
    for (const bool local : {false, true})
      for (const size_t batch : {size_t{1}, size_t{64}})
        for (const int threads : {2, 3}) {
          Network network({.input = {16, 16}, .type = type});
          if (local) network.add(LocallyConnected{.grid = {12, 12}, .field = 5});
          network.add(Dense{.units = 160, .activation = "relu"});
          network.add(Dense{.units = 10, .activation = "softmax"});
          const Optimizer adam = Adam{};
          const Plan plan(
              compiled(train::back_propagation({network.state(), adam, batch, 300, DType::uint8})),
              threads);
          struct Place {
            size_t job, position;
            auto operator<=>(const Place&) const = default;
          };
          std::vector<Place> places(plan.dispatches.size());
          size_t count = 0;
          for (size_t job = 0; job < plan.jobs.size(); ++job)
            for (size_t i = 0; i < plan.jobs[job].dispatches.size(); ++i, ++count)
              places[static_cast<size_t>(plan.jobs[job].dispatches[i] - plan.dispatches.data())] = {
                  job, i};
          ASSERT_EQ(count, plan.dispatches.size());
          for (size_t b = 1; b < places.size(); ++b)
            for (size_t a = 0; a < b; ++a) {
              const BoundDispatch &first = plan.dispatches[a], &second = plan.dispatches[b];
              for (const Touch& x : touches(first.dispatch()))
                for (const Touch& y : touches(second.dispatch())) {
                  const auto& buffer = plan.program->buffers[x.buffer];
                  const std::byte *from = plan.memory.data(x.buffer),
                                  *other = plan.memory.data(y.buffer);
                  if ((!x.writes && !y.writes) || from == nullptr || other == nullptr ||
                      from >= other + plan.program->buffers[y.buffer].bytes() ||
                      other >= from + buffer.bytes())
                    continue;
                  ++pairs;
                  ASSERT_LT(places[a], places[b]) << "dispatches " << a << " and " << b;
                  if (places[a].job != places[b].job || (first.parts() == 1 && second.parts() == 1))
                    continue;
                  ++together;
                  const size_t rows = first.dispatch().rows;
                  ASSERT_TRUE(x.buffer == y.buffer && !x.whole && !y.whole && rows > 1 &&
                              rows == second.dispatch().rows && rows == buffer.shape.rows() &&
                              first.parts() == second.parts())
                      << "dispatches " << a << " and " << b << " must meet";
                }
            }
        }
  EXPECT_GT(pairs, 1000u);
  EXPECT_GT(together, 50u);
}

// Runs often enough that threads which should have met would be seen.
TEST(Jobs, GiveTheBitsOfOneThread) {
  const GraphMaker maker = rows_and_columns();
  const Tensor x = testing::uniform(DType::float32, {64, 300}, -1, 1, 1),
               w = testing::uniform(DType::float32, {300, 16}, -1, 1, 2);
  std::vector<Tensor> expected;
  for (const int threads : {1, 2, 3, 8}) {
    GraphRunner runner(maker.graph, "cpu", threads);
    runner.set("x", x);
    runner.set("w", w);
    for (int run = 0; run < 100; ++run) {
      runner.run();
      const char* names[] = {"share", "columns", "weights"};
      for (size_t i = 0; i < std::size(names); ++i) {
        const Tensor got = runner.get(names[i]);
        if (expected.size() <= i) expected.push_back(got);
        ASSERT_TRUE(testing::same_bytes(got, expected[i])) << names[i] << " x" << threads;
      }
    }
  }
}

}  // namespace
}  // namespace paragon::cpu
