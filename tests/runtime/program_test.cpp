// SPDX-License-Identifier: Apache-2.0
// Programs: views by reshape, the memory plan, the cache, scalars,
// what a backend refuses.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "graph_runner.hpp"
#include "raises.hpp"
#include "train/programs.hpp"

namespace paragon {
namespace {

using ir::Builder;
using ir::NodeId;
using ir::Op;
using runtime::BufferId;
using runtime::Dispatch;
using runtime::kNoBuffer;
using runtime::Program;
using testing::element;
using testing::GraphMaker;
using testing::GraphRunner;
using Values = std::vector<double>;

TEST(Reshape, ReadersSeeTheNewShape) {
  for (const char* device : {"ref", "cpu"})
    for (const bool fuse : {false, true})
      for (const bool slot : {true, false}) {
        SCOPED_TRACE(std::string(device) + (fuse ? " fused" : " unfused") +
                     (slot ? " slot" : " temporary"));
        GraphMaker maker;
        Builder b = maker.b();
        NodeId column = maker.input("column", DType::float32, {6, 1}),
               matrix = maker.input("matrix", DType::float32, {2, 6});
        if (!slot)
          column = b.transpose(b.transpose(b.exp(b.neg(column)))), matrix = b.exp(b.neg(matrix));
        const NodeId row = b.reshape(column, {1, 6});
        maker.output("element-wise", b.add(row, row));
        maker.output("square", b.neg(b.reshape(column, {2, 3})));
        maker.output("outer", b.mul(b.reshape(column, {1, 6}), column));
        maker.output("product", b.contract(b.reshape(matrix, {4, 3}), b.reshape(column, {3, 2})));
        maker.output("sum", b.sum(b.reshape(matrix, {3, 4}), 1));
        maker.output("turned", b.transpose(b.reshape(matrix, {3, 4})));
        maker.output("gathered", b.gather(b.reshape(matrix, {6, 2}), b.iota({2, 1}, 0)));
        maker.finish();
        GraphRunner runner(maker.graph, device, 1, fuse);
        Values c, m;
        for (size_t i = 0; i < 12; ++i) m.push_back(static_cast<double>(i) / 4 - 1);
        for (size_t i = 0; i < 6; ++i) c.push_back(static_cast<double>(i) / 2 - 1);
        runner.set("column", testing::filled(DType::float32, {6, 1}, c));
        runner.set("matrix", testing::filled(DType::float32, {2, 6}, m));
        runner.run();
        if (!slot)
          for (Values* values : {&c, &m})
            for (double& v : *values) v = std::exp(-v);
        const auto expect = [&](const char* name, const std::function<double(size_t)>& value) {
          const Tensor got = runner.get(name);
          size_t wrong = 0;
          for (size_t i = 0; i < got.elements(); ++i)
            wrong += std::abs(element(got, i) - value(i)) > 1e-5;
          EXPECT_EQ(wrong, 0u) << name << ": elements that are wrong";
        };
        expect("element-wise", [&](size_t i) { return 2 * c[i]; });
        expect("square", [&](size_t i) { return -c[i]; });
        expect("outer", [&](size_t i) { return c[i % 6] * c[i / 6]; });
        expect("product", [&](size_t i) {
          double sum = 0;
          for (size_t k = 0; k < 3; ++k) sum += m[i / 2 * 3 + k] * c[k * 2 + i % 2];
          return sum;
        });
        expect("sum",
               [&](size_t i) { return m[4 * i] + m[4 * i + 1] + m[4 * i + 2] + m[4 * i + 3]; });
        expect("turned", [&](size_t i) { return m[i % 3 * 4 + i / 3]; });
        expect("gathered", [&](size_t i) { return m[i]; });
      }
}

/// First and last dispatch that touches each temporary of a phase.
std::map<BufferId, std::pair<size_t, size_t>> lifetimes(const Program& program,
                                                        const runtime::PhaseProgram& phase) {
  std::map<BufferId, std::pair<size_t, size_t>> lives;
  for (size_t d = 0; d < phase.dispatches.size(); ++d) {
    const Dispatch& dispatch = phase.dispatches[d];
    const auto touch = [&](BufferId id, size_t from) {
      if (id == kNoBuffer || program.buffers[id].kind != runtime::Buffer::Kind::kTemporary) return;
      auto& life = lives.try_emplace(id, from, d).first->second;
      life = {std::min(life.first, from), d};
    };
    for (BufferId id : dispatch.operands) touch(id, d);
    touch(dispatch.result, d);
    touch(dispatch.when, d);
    for (const auto& instruction : dispatch.code.instructions) {
      touch(instruction.buffer, d);
      for (const auto& operand : instruction.operands)
        if (operand.kind == runtime::Operand::Kind::kScalar) touch(operand.index, d);
    }
    for (const auto& store : dispatch.code.stores) touch(store.buffer, d);
    for (const auto& store : dispatch.code.or_stores)
      touch(store.buffer, 0);  // cleared when the phase starts
  }
  return lives;
}

TEST(MemoryPlan, WhatLivesTogetherDoesNotOverlap) {
  for (const DType type : {DType::float32, DType::int8}) {
    Network network({.input = {12, 12}, .type = type});
    network.add(LocallyConnected{.grid = {8, 8}, .field = 5, .activation = "leaky_relu"});
    network.add(Dense{.units = 20, .activation = "relu"})
        .add(Dense{.units = 10, .activation = "softmax"});
    const Optimizer adam = Adam{};
    size_t dense = 0;
    for (const auto& [fuse, apart] : {std::pair{false, 0u}, {true, 0u}, {true, 3u}, {true, 12u}}) {
      const auto program =
          runtime::compile(train::back_propagation({network.state(), adam, 16, 100, DType::uint8}),
                           {.target = "cpu", .fuse = fuse, .apart = apart});
      size_t pairs = 0, largest = 0;
      for (const auto& phase : program->phases) {
        const auto lives = lifetimes(*program, phase);
        for (auto a = lives.begin(); a != lives.end(); ++a) {
          const auto& x = program->buffers[a->first];
          ASSERT_LE(x.offset + x.bytes(), program->arena_bytes);
          ASSERT_EQ(x.offset % (x.shape.is_scalar() ? 8 : 64), 0u);
          for (auto b = std::next(a); b != lives.end(); ++b) {
            const auto& y = program->buffers[b->first];
            const bool together =
                a->second.first <= b->second.second && b->second.first <= a->second.second;
            const bool overlap = x.offset < y.offset + y.bytes() && y.offset < x.offset + x.bytes();
            ASSERT_FALSE(together && overlap)
                << phase.name << ": buffers " << a->first << " and " << b->first;
            pairs += together ? 1 : 0;
          }
        }
        size_t sum = 0;
        for (const auto& [id, life] : lives) sum += (program->buffers[id].bytes() + 63) / 64 * 64;
        largest = std::max(largest, sum);
      }
      EXPECT_GT(pairs, 10u);
      EXPECT_LT(program->arena_bytes, largest) << "memory is used again";
      if (apart == 0) dense = program->arena_bytes;
      EXPECT_LE(program->arena_bytes, dense + dense / 64) << "distance costs next to nothing";
    }
  }
}

// A device that binds memory in chunks: a buffer lies within one, or starts with one.
TEST(MemoryPlan, ChunksAreNotCrossed) {
  Network network({.input = {12, 12}, .type = DType::int8});
  network.add(Dense{.units = 20, .activation = "relu"})
      .add(Dense{.units = 10, .activation = "softmax"});
  const Optimizer adam = Adam{};
  const auto program =
      runtime::compile(train::back_propagation({network.state(), adam, 16, 100, DType::uint8}), {});
  const auto bytes_of = [&](BufferId id) { return program->buffers[id].bytes(); };
  size_t borders = 0, longer = 0;
  for (const size_t chunk : {1024u, 2048u, 4096u})
    for (const size_t apart : {0u, 12u}) {
      const runtime::MemoryPlan plan =
          runtime::plan_memory(*program, bytes_of, {.apart = apart, .chunk = chunk});
      for (const auto& phase : program->phases) {
        const auto lives = lifetimes(*program, phase);
        for (auto a = lives.begin(); a != lives.end(); ++a) {
          const size_t begin = plan.offsets[a->first], end = begin + bytes_of(a->first);
          ASSERT_LE(end, plan.bytes);
          const bool first = begin % chunk == 0;
          ASSERT_TRUE(first || end == begin || begin / chunk == (end - 1) / chunk)
              << "buffer " << a->first;
          longer += end - begin > chunk ? 1 : 0;
          borders = std::max(borders, end / chunk);
          for (auto b = std::next(a); b != lives.end(); ++b) {
            const size_t other = plan.offsets[b->first];
            const bool together =
                a->second.first <= b->second.second && b->second.first <= a->second.second;
            ASSERT_FALSE(together && begin < other + bytes_of(b->first) && other < end)
                << phase.name << ": buffers " << a->first << " and " << b->first;
          }
        }
      }
    }
  EXPECT_GT(borders, 2u);
  EXPECT_GT(longer, 0u);
}

GraphMaker small(double factor) {
  GraphMaker maker;
  Builder b = maker.b();
  maker.output("y", b.mul(maker.input("x", DType::float32, {2, 2}), b.real(factor)));
  maker.finish();
  return maker;
}

TEST(ProgramCache, EqualGraphsShareAProgram) {
  const auto cached = [](const GraphMaker& maker, const runtime::CompileOptions& options) {
    return runtime::compile_cached(maker.graph, options);
  };
  const auto program = cached(small(2), {"cpu", true});
  EXPECT_EQ(program, cached(small(2), {"cpu", true}));
  EXPECT_NE(program, cached(small(3), {"cpu", true}));
  EXPECT_NE(program, cached(small(2), {"cpu", false}));
  EXPECT_NE(program, cached(small(2), {"ref", true}));
  EXPECT_EQ(program->hash, small(2).graph.structural_hash());
  EXPECT_TRUE(testing::contains(runtime::to_text(*program), "target=cpu"));
  EXPECT_TRUE(
      testing::contains(testing::message_of([&] { program->find_slot(0, "none"); }), "'none'"));
  EXPECT_TRUE(
      testing::contains(testing::message_of([&] { program->find_phase("none"); }), "'none'"));
}

TEST(Scalars, RunOneAfterTheOtherInOneDispatch) {
  for (const char* device : {"ref", "cpu"}) {
    GraphMaker maker;
    Builder b = maker.b();
    const NodeId s = maker.state("s", DType::int64, {}), t = maker.state("t", DType::int64, {});
    const NodeId u = b.add(b.mul(s, s), t), v = b.sub(b.mul(u, u), b.max(s, u));
    maker.assign("s", t);
    maker.assign("t", s);
    maker.output("u", u);
    maker.output("v", v);
    maker.finish();
    GraphRunner runner(maker.graph, device);
    EXPECT_EQ(runner.program().phases[0].dispatches.size(), 1u);
    EXPECT_EQ(runner.program().phases[0].dispatches[0].kind, Dispatch::Kind::kScalars);
    runner.set("s", testing::filled(DType::int64, {}, {3}));
    runner.set("t", testing::filled(DType::int64, {}, {10}));
    for (const auto& [got_u, got_v, got_s] : {std::array{19, 342, 10}, std::array{103, 10506, 3}}) {
      runner.run();
      EXPECT_EQ(element(runner.get("u"), 0), got_u);
      EXPECT_EQ(element(runner.get("v"), 0), got_v);
      EXPECT_EQ(element(runner.get("s"), 0), got_s);
    }
  }
}

TEST(Backends, RefuseTypesThatNoProgramHolds) {
  for (const DType type :
       {DType::uint16, DType::uint32, DType::uint64, DType::int_, DType::uint_}) {
    GraphMaker maker;
    maker.output("y", maker.b().cast(maker.input("x", DType::int32, {2, 2}), type));
    maker.finish();
    for (const char* device : {"ref", "cpu"}) {
      const std::string message = testing::message_of([&] { GraphRunner(maker.graph, device); });
      for (const std::string& part :
           {std::string(device), std::string("cast"), std::string(name(type))})
        EXPECT_TRUE(testing::contains(message, part));
    }
  }
}

TEST(Backends, RefuseByNameWhatTheyLack) {
  GraphMaker maker;
  Builder b = maker.b();
  const NodeId x = maker.input("x", DType::int64, {2, 2});
  const NodeId rows = maker.input("rows", DType::int32, {2});
  maker.output("y", b.scatter_add(x, rows, 3));
  maker.finish();
  EXPECT_FALSE(runtime::find_backend("cpu").supports(Op::scatter_add, DType::int64));
  const std::string message = testing::message_of([&] { GraphRunner(maker.graph, "cpu"); });
  for (const char* part : {"cpu", "scatter_add", "int64"})
    EXPECT_TRUE(testing::contains(message, part));
  EXPECT_TRUE(testing::contains(testing::message_of([] { runtime::find_backend("gpu"); }),
                                "did you mean 'cpu'"));
  GraphRunner runner(maker.graph, "ref");
  EXPECT_TRUE(testing::contains(testing::message_of([&] {
                                  runner.set("x", Tensor(DType::int64, {2, 3}));
                                }),
                                "48"));
}

}  // namespace
}  // namespace paragon
