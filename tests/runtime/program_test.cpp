// SPDX-License-Identifier: Apache-2.0
// Programs: updates in place with hazards, views by reshape, the memory plan, the cache, scalars,
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
using Matrix = std::vector<double>;  // n x n

/// A phase that reads and writes the n x n slots a, b, c, and what it must do.
struct Hazard {
  const char* name;
  std::function<void(GraphMaker&, Builder&, NodeId a, NodeId b, NodeId c)> build;
  std::function<void(size_t n, Matrix& a, Matrix& b, Matrix& c)> expected;
};

Matrix product(size_t n, const Matrix& x, const Matrix& y) {
  Matrix z(n * n);
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n; ++j)
      for (size_t k = 0; k < n; ++k) z[i * n + j] += x[i * n + k] * y[k * n + j];
  return z;
}

Matrix each(const Matrix& x, const std::function<double(size_t, double)>& f) {
  Matrix y(x.size());
  for (size_t i = 0; i < x.size(); ++i) y[i] = f(i, x[i]);
  return y;
}

Matrix twice(const Matrix& x) {
  return each(x, [](size_t, double v) { return 2 * v; });
}

const std::vector<Hazard>& hazards() {
  const auto two = [](Builder& b, NodeId x) { return b.mul(x, b.constant(2, x)); };
  static const std::vector<Hazard> table = {
      {"swap",
       [](GraphMaker& m, Builder&, NodeId a, NodeId b, NodeId) {
         m.assign("a", b);
         m.assign("b", a);
       },
       [](size_t, Matrix& a, Matrix& b, Matrix&) { std::swap(a, b); }},
      {"rotate",
       [](GraphMaker& m, Builder&, NodeId a, NodeId b, NodeId c) {
         m.assign("a", b);
         m.assign("b", c);
         m.assign("c", a);
       },
       [](size_t, Matrix& a, Matrix& b, Matrix& c) {
         std::swap(a, b);
         std::swap(b, c);
       }},
      {"copy of a slot that changes",
       [=](GraphMaker& m, Builder& g, NodeId, NodeId b, NodeId) {
         m.assign("a", b);
         m.assign("b", two(g, b));
       },
       [](size_t, Matrix& a, Matrix& b, Matrix&) {
         a = b;
         b = twice(b);
       }},
      {"copy of a slot that changes, the other way round",
       [=](GraphMaker& m, Builder& g, NodeId, NodeId b, NodeId) {
         m.assign("b", two(g, b));
         m.assign("a", b);
       },
       [](size_t, Matrix& a, Matrix& b, Matrix&) {
         a = b;
         b = twice(b);
       }},
      {"a reshaped copy of a slot that changes",
       [=](GraphMaker& m, Builder& g, NodeId, NodeId b, NodeId) {
         m.assign("flat", g.reshape(b, {g.shape(b).elements()}));
         m.assign("b", two(g, b));
       },
       [](size_t, Matrix&, Matrix& b, Matrix&) { b = twice(b); }},
      {"shift register",
       [=](GraphMaker& m, Builder& g, NodeId a, NodeId b, NodeId) {
         m.assign("c", b);
         m.assign("b", a);
         m.assign("a", two(g, a));
       },
       [](size_t, Matrix& a, Matrix& b, Matrix& c) {
         c = b;
         b = a;
         a = twice(a);
       }},
      {"a product in place",
       [](GraphMaker& m, Builder& g, NodeId a, NodeId b, NodeId) {
         m.assign("a", g.contract(a, b));
       },
       [](size_t n, Matrix& a, Matrix& b, Matrix&) { a = product(n, a, b); }},
      {"a product reads what changes",
       [](GraphMaker& m, Builder& g, NodeId a, NodeId b, NodeId) {
         m.assign("a", g.add(a, b));
         m.assign("c", g.contract(a, b));
       },
       [](size_t n, Matrix& a, Matrix& b, Matrix& c) {
         c = product(n, a, b);
         a = each(a, [&](size_t i, double v) { return v + b[i]; });
       }},
      {"a product reads what its own epilogue changes",
       [](GraphMaker& m, Builder& g, NodeId a, NodeId b, NodeId) {
         m.assign("a", g.add(g.contract(a, b), a));
       },
       [](size_t n, Matrix& a, Matrix& b, Matrix&) {
         const Matrix p = product(n, a, b);
         a = each(a, [&](size_t i, double v) { return p[i] + v; });
       }},
      {"an epilogue reads and writes another slot",
       [](GraphMaker& m, Builder& g, NodeId a, NodeId b, NodeId c) {
         m.assign("c", g.sub(c, g.contract(a, b)));
       },
       [](size_t n, Matrix& a, Matrix& b, Matrix& c) {
         const Matrix p = product(n, a, b);
         c = each(c, [&](size_t i, double v) { return v - p[i]; });
       }},
      {"read by a later group",
       [=](GraphMaker& m, Builder& g, NodeId a, NodeId b, NodeId) {
         m.assign("a", two(g, a));
         m.assign("b", g.add(g.contract(b, b), a));
       },
       [](size_t n, Matrix& a, Matrix& b, Matrix&) {
         const Matrix p = product(n, b, b);
         b = each(a, [&](size_t i, double v) { return p[i] + v; });
         a = twice(a);
       }},
      {"each reads the other",
       [](GraphMaker& m, Builder& g, NodeId a, NodeId b, NodeId) {
         m.assign("a", g.add(a, b));
         m.assign("b", g.sub(a, b));
       },
       [](size_t, Matrix& a, Matrix& b, Matrix&) {
         const Matrix old = a;
         a = each(a, [&](size_t i, double v) { return v + b[i]; });
         b = each(b, [&](size_t i, double v) { return old[i] - v; });
       }},
      {"its own row sums",
       [](GraphMaker& m, Builder& g, NodeId a, NodeId, NodeId) {
         m.assign("a", g.add(a, g.sum(a, 1)));
       },
       [](size_t n, Matrix& a, Matrix&, Matrix&) {
         const Matrix old = a;
         for (size_t i = 0; i < n * n; ++i)
           for (size_t k = 0; k < n; ++k) a[i] += old[i / n * n + k];
       }},
      {"its own transposition",
       [](GraphMaker& m, Builder& g, NodeId a, NodeId, NodeId) {
         m.assign("a", g.transpose(a));
         m.assign("b", a);
       },
       [](size_t n, Matrix& a, Matrix& b, Matrix&) {
         b = a;
         a = each(a, [&](size_t i, double) { return b[i % n * n + i / n]; });
       }},
      {"one value in two slots",
       [](GraphMaker& m, Builder& g, NodeId a, NodeId b, NodeId) {
         const NodeId v = g.add(a, b);
         m.assign("a", v);
         m.assign("b", v);
       },
       [](size_t, Matrix& a, Matrix& b, Matrix&) {
         a = each(a, [&](size_t i, double v) { return v + b[i]; });
         b = a;
       }},
      {"one value, two uses in place",
       [=](GraphMaker& m, Builder& g, NodeId a, NodeId b, NodeId) {
         const NodeId v = two(g, a);
         m.assign("a", v);
         m.assign("b", g.add(g.add(v, a), b));
       },
       [](size_t, Matrix& a, Matrix& b, Matrix&) {
         b = each(b, [&](size_t i, double v) { return 3 * a[i] + v; });
         a = twice(a);
       }},
      {"a choice and the old value",
       [](GraphMaker& m, Builder& g, NodeId a, NodeId b, NodeId) {
         m.assign("a", g.when(g.integer(1), g.contract(a, b), a));
         m.assign("c", a);
       },
       [](size_t n, Matrix& a, Matrix& b, Matrix& c) {
         c = a;
         a = product(n, a, b);
       }},
      {"rows of itself",
       [](GraphMaker& m, Builder& g, NodeId a, NodeId, NodeId) {
         m.assign("a", g.gather(a, g.sub(g.integer(static_cast<int64_t>(g.shape(a)[0]) - 1),
                                         g.iota({g.shape(a)[0], 1}, 0))));
       },
       [](size_t n, Matrix& a, Matrix&, Matrix&) {
         const Matrix old = a;
         a = each(a, [&](size_t i, double) { return old[(n - 1 - i / n) * n + i % n]; });
       }},
      {"stacked and unstacked",
       [](GraphMaker& m, Builder& g, NodeId a, NodeId b, NodeId c) {
         const NodeId s = g.stack({b, c, a});
         m.assign("a", g.unstack(s, 0));
         m.assign("b", g.unstack(s, 1));
         m.assign("c", g.unstack(s, 2));
       },
       [](size_t, Matrix& a, Matrix& b, Matrix& c) {
         std::swap(a, b);
         std::swap(b, c);
       }},
  };
  return table;
}

TEST(InPlace, ReadersSeeTheOldValues) {
  for (const Hazard& hazard : hazards())
    for (const size_t n : {3, 130}) {
      GraphMaker maker;
      Builder b = maker.b();
      const NodeId x[3] = {maker.state("a", DType::float32, {n, n}),
                           maker.state("b", DType::float32, {n, n}),
                           maker.state("c", DType::float32, {n, n})};
      maker.state("flat", DType::float32, {n * n});
      hazard.build(maker, b, x[0], x[1], x[2]);
      const bool flat = std::string_view(hazard.name).starts_with("a reshaped");
      maker.finish();
      for (const char* device : {"ref", "cpu"})
        for (const int threads : {1, 2, 3})
          for (const bool fuse : {false, true}) {
            if (n > 3 && device == std::string("ref")) continue;
            SCOPED_TRACE(std::string(hazard.name) + " n " + std::to_string(n) + " " + device +
                         (fuse ? " fused x" : " unfused x") + std::to_string(threads));
            GraphRunner runner(maker.graph, device, threads, fuse);
            Matrix expected[3];
            for (size_t s = 0; s < 3; ++s) {
              Tensor value(DType::float32, {n, n});
              for (size_t i = 0; i < n * n; ++i)
                testing::set_element(value, i, static_cast<double>((i * 7 + s * 3) % 5) - 2);
              runner.set(std::string(1, static_cast<char>('a' + s)), value);
              for (size_t i = 0; i < n * n; ++i) expected[s].push_back(element(value, i));
            }
            const Matrix old_b = expected[1];
            runner.run();
            hazard.expected(n, expected[0], expected[1], expected[2]);
            for (size_t s = 0; s < 3; ++s) {
              const Tensor got = runner.get(std::string(1, static_cast<char>('a' + s)));
              for (size_t i = 0; i < n * n; ++i)
                ASSERT_EQ(element(got, i), expected[s][i])
                    << "slot " << static_cast<char>('a' + s) << " element " << i;
            }
            if (!flat) continue;
            for (size_t i = 0; i < n * n; ++i)
              ASSERT_EQ(element(runner.get("flat"), i), old_b[i]) << "slot flat";
          }
    }
}

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
        Matrix c, m;
        for (size_t i = 0; i < 12; ++i) m.push_back(static_cast<double>(i) / 4 - 1);
        for (size_t i = 0; i < 6; ++i) c.push_back(static_cast<double>(i) / 2 - 1);
        runner.set("column", testing::filled(DType::float32, {6, 1}, c));
        runner.set("matrix", testing::filled(DType::float32, {2, 6}, m));
        runner.run();
        if (!slot)
          for (Matrix* values : {&c, &m})
            *values = each(*values, [](size_t, double v) { return std::exp(-v); });
        const auto expect = [&](const char* name, const std::function<double(size_t)>& value) {
          const Tensor got = runner.get(name);
          for (size_t i = 0; i < got.elements(); ++i)
            EXPECT_NEAR(element(got, i), value(i), 1e-5) << name << " element " << i;
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
    for (const bool fuse : {true, false}) {
      const auto program =
          runtime::compile(train::back_propagation({network.state(), adam, 16, 100, DType::uint8}),
                           {.target = "cpu", .fuse = fuse});
      size_t pairs = 0;
      for (const auto& phase : program->phases) {
        const auto lives = lifetimes(*program, phase);
        for (auto a = lives.begin(); a != lives.end(); ++a) {
          const auto& x = program->buffers[a->first];
          ASSERT_LE(x.offset + x.bytes(), program->arena_bytes);
          ASSERT_EQ(x.offset % 64, 0u);
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
        for (const auto& [id, life] : lives) sum += program->buffers[id].bytes();
        EXPECT_LT(program->arena_bytes, sum) << phase.name << ": memory is used again";
      }
      EXPECT_GT(pairs, 10u);
    }
  }
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

TEST(Backends, RefuseByNameWhatTheyLack) {
  GraphMaker maker;
  Builder b = maker.b();
  const NodeId x = maker.input("x", DType::float64, {2, 2});
  maker.output("y", b.contract(x, x));
  maker.finish();
  EXPECT_FALSE(runtime::find_backend("cpu").supports(Op::contract, DType::float64));
  const std::string message = testing::message_of([&] { GraphRunner(maker.graph, "cpu"); });
  for (const char* part : {"cpu", "contract", "float64"})
    EXPECT_TRUE(testing::contains(message, part));
  EXPECT_TRUE(testing::contains(testing::message_of([] { runtime::find_backend("gpu"); }),
                                "did you mean 'cpu'"));
  GraphRunner runner(maker.graph, "ref");
  EXPECT_TRUE(testing::contains(testing::message_of([&] {
                                  runner.set("x", Tensor(DType::float64, {2, 3}));
                                }),
                                "48"));
}

}  // namespace
}  // namespace paragon
