// SPDX-License-Identifier: Apache-2.0
// Updates of slots in place: every reader in the phase sees the value from before it.
#include <gtest/gtest.h>

#include <functional>

#include "graph_runner.hpp"

namespace paragon {
namespace {

using ir::Builder;
using ir::NodeId;
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
      {"reshaped copy of a slot that changes",
       [=](GraphMaker& m, Builder& g, NodeId, NodeId b, NodeId) {
         m.assign("flat", g.reshape(b, {g.shape(b).elements()}));
         m.assign("b", two(g, b));
       },
       [](size_t, Matrix&, Matrix& b, Matrix&) { b = twice(b); }},
      {"reshaped slots that swap",
       [](GraphMaker& m, Builder& g, NodeId, NodeId b, NodeId) {
         m.assign("flat", g.reshape(b, {g.shape(b).elements()}));
         m.assign("b", g.reshape(g.read(0, "flat"), g.shape(b)));
       },
       [](size_t, Matrix&, Matrix& b, Matrix&) { b.assign(b.size(), 0); }},
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

class InPlace : public ::testing::TestWithParam<size_t> {};

TEST_P(InPlace, ReadersSeeTheOldValues) {
  const Hazard& hazard = hazards()[GetParam()];
  for (const size_t n : {3, 130}) {
    GraphMaker maker;
    Builder b = maker.b();
    const NodeId x[3] = {maker.state("a", DType::float32, {n, n}),
                         maker.state("b", DType::float32, {n, n}),
                         maker.state("c", DType::float32, {n, n})};
    maker.state("flat", DType::float32, {n * n});
    hazard.build(maker, b, x[0], x[1], x[2]);
    const bool flat = std::string_view(hazard.name).starts_with("reshaped");
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

INSTANTIATE_TEST_SUITE_P(Hazards, InPlace, ::testing::Range(size_t{0}, hazards().size()));

}  // namespace
}  // namespace paragon
