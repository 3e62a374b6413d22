// SPDX-License-Identifier: Apache-2.0
// The graph itself: hash-consing, rules and their errors, the verifier, the text form, the hash.
#include "ir/graph.hpp"

#include <gtest/gtest.h>

#include "graph_runner.hpp"
#include "raises.hpp"

namespace paragon {
namespace {

using ir::Builder;
using ir::Graph;
using ir::NodeId;
using ir::Op;
using ir::SlotRole;
using testing::contains;
using testing::GraphMaker;
using testing::message_of;

NodeId scalar(Graph& graph, const char* name, DType type) {
  return graph.read(graph.add_slot({name, 0, SlotRole::kInput, type, {}}));
}

TEST(HashConsing, EqualNodesAreOne) {
  GraphMaker maker;
  Builder b = maker.b();
  const NodeId x = maker.input("x", DType::float32, {2, 3}),
               y = maker.input("y", DType::float32, {2, 3});
  EXPECT_EQ(b.add(x, y), b.add(x, y));
  EXPECT_NE(b.add(x, y), b.add(y, x));
  EXPECT_NE(b.add(x, y), b.sub(x, y));
  EXPECT_EQ(b.real(0.5), b.real(0.5));
  EXPECT_NE(b.real(0.0), b.real(-0.0)) << "they differ as divisors";
  EXPECT_NE(b.real(1), b.real(1, DType::float64));
  EXPECT_NE(b.leaky_relu(x, 0.1), b.leaky_relu(x, 0.2));
  EXPECT_NE(b.reshape(x, {6}), b.reshape(x, {3, 2}));
  EXPECT_EQ(b.read(0, "x"), x);
  const auto table = [](int32_t last) { return ir::make_index_table({0, 1, 2, last}, 2, 2, 3); };
  const NodeId columns = b.transpose(x), weights = maker.input("w", DType::float32, {2, 2});
  EXPECT_EQ(b.gather_dot(Op::gather_dot, columns, weights, table(1)),
            b.gather_dot(Op::gather_dot, columns, weights, table(1)));
  EXPECT_NE(b.gather_dot(Op::gather_dot, columns, weights, table(1)),
            b.gather_dot(Op::gather_dot, columns, weights, table(2)));
  const size_t size = maker.graph.size();
  b.add(x, y);
  EXPECT_EQ(maker.graph.size(), size);
  EXPECT_EQ(b.transpose(b.transpose(x)), x);
}

TEST(HashConsing, DrawsOfTwoSitesStayApart) {
  Graph graph;
  Builder b(graph);
  const NodeId seed = scalar(graph, "seed", DType::int64),
               step = scalar(graph, "step", DType::int64);
  const auto key = [&](uint64_t site, random::Role role, size_t repetition) {
    return b.hash_key(seed, step, site, role, repetition);
  };
  const NodeId one = key(1, random::Role::kError, 0), two = key(2, random::Role::kError, 0);
  EXPECT_NE(one, two);
  EXPECT_NE(one, key(1, random::Role::kShuffle, 0));
  EXPECT_NE(one, key(1, random::Role::kError, 1));
  EXPECT_EQ(one, key(1, random::Role::kError, 0));
  EXPECT_NE(b.random(one, {4, 4}, 4, 1), b.random(two, {4, 4}, 4, 1));
  EXPECT_NE(b.random(one, {4, 4}, 4, 1), b.random(one, {4, 4}, 1, 4));
}

/// A mistake, and what its message must name.
struct Mistake {
  const char* name;
  std::function<void(Builder&, NodeId f23, NodeId i23, NodeId f34)> make;
  std::vector<std::string> parts;
};

TEST(Rules, ErrorsNameThePlaceWhatWasGotAndWhatWasExpected) {
  const std::vector<Mistake> mistakes = {
      {"shapes",
       [](Builder& b, NodeId x, NodeId, NodeId y) { b.add(x, y); },
       {"add", "[2,3]", "[3,4]"}},
      {"types",
       [](Builder& b, NodeId x, NodeId i, NodeId) { b.mul(x, i); },
       {"mul", "int32", "expected float32"}},
      {"depth",
       [](Builder& b, NodeId x, NodeId, NodeId) { b.contract(x, x); },
       {"contract", "3", "2"}},
      {"contract type",
       [](Builder& b, NodeId, NodeId i, NodeId) {
         const NodeId wide = b.cast(i, DType::int64);
         b.contract(wide, wide, true);
       },
       {"contract", "int64", "int8"}},
      {"contract shift",
       [](Builder& b, NodeId, NodeId i, NodeId) { b.contract(i, i, true, false, 41); },
       {"contract", "41", "0 to 40"}},
      {"contract types",
       [](Builder& b, NodeId x, NodeId i, NodeId) { b.contract(x, i, true); },
       {"contract", "float32", "int32"}},
      {"real op",
       [](Builder& b, NodeId, NodeId i, NodeId) { b.exp(i); },
       {"exp", "int32", "floating-point"}},
      {"whole op",
       [](Builder& b, NodeId x, NodeId, NodeId) { b.clamp(x, 0, 1); },
       {"clamp", "float32", "expected"}},
      {"whole root",
       [](Builder& b, NodeId x, NodeId, NodeId) { b.unary(Op::isqrt, x); },
       {"isqrt", "float32", "expected"}},
      {"whole shift",
       [](Builder& b, NodeId x, NodeId, NodeId) { b.shift_right(x, 1); },
       {"shift_right", "float32", "expected"}},
      {"whole ratio",
       [](Builder& b, NodeId x, NodeId, NodeId) { b.binary(Op::div_round, x, x); },
       {"div_round", "float32", "expected"}},
      {"bits of a shift",
       [](Builder& b, NodeId, NodeId i, NodeId) { b.shift_right(i, 40); },
       {"shift_right", "40"}},
      {"shift",
       [](Builder& b, NodeId, NodeId i, NodeId) { b.align(i, i, 127); },
       {"align", "[2,3]", "scalar"}},
      {"accumulator",
       [](Builder& b, NodeId x, NodeId, NodeId) {
         b.requantise(x, b.integer(1), 127, DType::int8);
       },
       {"requantise", "float32", "accumulator"}},
      {"operand type",
       [](Builder& b, NodeId, NodeId i, NodeId) { b.requantise(i, b.integer(1), 9, DType::int64); },
       {"requantise", "expected int8, int16 or int32"}},
      {"curve",
       [](Builder& b, NodeId, NodeId i, NodeId) { b.curve(i, Curve::tanh); },
       {"curve", "int32", "floating-point"}},
      {"exponent of a curve",
       [](Builder& b, NodeId, NodeId i, NodeId) {
         b.graph().make(Op::curve_fixed, {i, i}, {});
       },
       {"curve_fixed", "[2,3]", "scalar"}},
      {"concat",
       [](Builder& b, NodeId x, NodeId, NodeId y) {
         b.concat({x, y});
       },
       {"concat", "[3,4]", "3 columns"}},
      {"rows",
       [](Builder& b, NodeId x, NodeId, NodeId) { b.rows(x, 1, 2); },
       {"rows", "1 to 3", "[2,3]"}},
      {"squared error",
       [](Builder& b, NodeId x, NodeId, NodeId y) { b.binary(Op::squared_error, x, y); },
       {"squared_error", "[3,4]", "[2,3]"}},
      {"entropy",
       [](Builder& b, NodeId, NodeId i, NodeId) { b.unary(Op::entropy, i); },
       {"entropy", "int32", "floating-point"}},
      {"host score",
       [](Builder& b, NodeId x, NodeId, NodeId) { b.host_score(x, nullptr); },
       {"host_score", "no function"}},
      {"limit",
       [](Builder& b, NodeId, NodeId i, NodeId) { b.align(i, b.integer(1), 0); },
       {"align", "limit", "0"}},
      {"axis",
       [](Builder& b, NodeId x, NodeId, NodeId) { b.sum(x, 3); },
       {"sum", "3", "expected 0, 1 or 2"}},
      {"reshape",
       [](Builder& b, NodeId x, NodeId, NodeId) { b.reshape(x, {5}); },
       {"reshape", "[2,3]", "[5]"}},
      {"stack",
       [](Builder& b, NodeId x, NodeId, NodeId y) {
         b.stack({x, y});
       },
       {"stack", "[3,4]", "expected float32 [2,3]"}},
      {"unstack",
       [](Builder& b, NodeId x, NodeId, NodeId) { b.unstack(x, 2); },
       {"unstack", "2", "[2,3]"}},
      {"indices",
       [](Builder& b, NodeId x, NodeId, NodeId) { b.gather(x, x); },
       {"gather", "float32", "expected int32"}},
      {"condition",
       [](Builder& b, NodeId x, NodeId i, NodeId) { b.when(i, x, x); },
       {"when", "[2,3]", "expected an int32 scalar"}},
      {"labels",
       [](Builder& b, NodeId x, NodeId i, NodeId) { b.cross_entropy(x, i); },
       {"cross_entropy", "[2,3]", "int32 [2]"}},
      {"operands",
       [](Builder& b, NodeId x, NodeId, NodeId) { b.graph().make(Op::add, {x}); },
       {"add", "1 operands", "expected 2"}},
      {"a future operand",
       [](Builder& b, NodeId x, NodeId, NodeId) { b.add(x, 999); },
       {"add", "999"}},
      {"table",
       [](Builder& b, NodeId x, NodeId, NodeId y) {
         b.gather_dot(Op::gather_dot, x, y, ir::make_index_table({0}, 1, 1, 5));
       },
       {"gather_dot", "[2,3]", "expected [5,3]"}},
      {"a slot twice",
       [](Builder& b, NodeId, NodeId, NodeId) {
         b.graph().add_slot({"x", 0, SlotRole::kState, DType::int32, {}});
       },
       {"'x'", "exists"}},
      {"no slot", [](Builder& b, NodeId, NodeId, NodeId) { b.read(7, "x"); }, {"'x'", "7"}},
  };
  for (const Mistake& mistake : mistakes) {
    SCOPED_TRACE(mistake.name);
    GraphMaker maker;
    Builder b = maker.b();
    const NodeId x = maker.input("x", DType::float32, {2, 3}),
                 i = maker.input("i", DType::int32, {2, 3});
    const NodeId y = maker.input("y", DType::float32, {3, 4});
    const Graph::Scope scope(maker.graph, "layer seven");
    const std::string message = message_of([&] { mistake.make(b, x, i, y); });
    EXPECT_TRUE(contains(message, "layer seven"));
    for (const std::string& part : mistake.parts) EXPECT_TRUE(contains(message, part));
  }
}

TEST(Rules, ScopesNestAndEnd) {
  Graph graph;
  EXPECT_EQ(graph.place(), "graph");
  {
    const Graph::Scope outer(graph, "outer", {5, false});
    const NodeId x = Builder(graph).integer(3);
    { const Graph::Scope inner(graph, "inner", {6, true}); }
    EXPECT_EQ(graph.place(), "outer");
    EXPECT_EQ(graph.provenance(x).id, 5u);
  }
  EXPECT_EQ(graph.place(), "graph");
}

TEST(Verifier, RefusesBrokenPhases) {
  GraphMaker maker;
  Builder b = maker.b();
  const NodeId x = maker.input("x", DType::float32, {2, 3});
  maker.input("d", DType::float32, {2, 3}, SlotRole::kData);
  maker.state("s", DType::float32, {2, 3});
  maker.state("t", DType::int32, {2, 3});
  const uint32_t in = 0, data = 1, state = 2, other = 3;
  struct Broken {
    std::vector<ir::Assignment> assignments;
    std::vector<std::string> parts;
  };
  const NodeId row = b.sum(x, 0);
  const std::vector<Broken> table = {
      {{{in, x}}, {"'x'", "input"}},
      {{{data, x}}, {"'d'", "data"}},
      {{{other, x}}, {"'t'", "int32", "float32"}},
      {{{state, row}}, {"'s'", "[2,3]", "[1,3]"}},
      {{{state, x}, {state, b.neg(x)}}, {"'s'", "twice"}},
      {{{99, x}}, {"99"}},
      {{{state, 4242}}, {"4242"}},
  };
  for (const Broken& broken : table) {
    maker.graph.phases() = {{"bad phase", broken.assignments}};
    const std::string message = message_of([&] { ir::verify(maker.graph, "some pass"); });
    EXPECT_TRUE(contains(message, "after some pass"));
    EXPECT_TRUE(contains(message, "bad phase"));
    for (const std::string& part : broken.parts) EXPECT_TRUE(contains(message, part));
    EXPECT_THROW(testing::GraphRunner(maker.graph, "ref"), Error);
  }
  maker.graph.phases() = {{"good", {{state, b.neg(x)}}}};
  ir::verify(maker.graph, "some pass");
  EXPECT_TRUE(contains(message_of([&] { maker.graph.phase("missing"); }), "missing"));
}

/// A graph with a scan, built in one order or another, with one difference by number.
Graph sample(bool other_order, int difference) {
  Graph body;
  const NodeId s = body.read(body.add_slot({"s", 0, SlotRole::kInput, DType::float32, {2, 2}}));
  Builder in(body);
  const NodeId next = in.leaky_relu(s, difference == 1 ? 0.5 : 0.25);
  const auto shared = ir::make_body(std::move(body), {next});

  Graph graph;
  Builder b(graph);
  const NodeId x = graph.read(graph.add_slot({"x", 3, SlotRole::kInput, DType::float32, {2, 2}}));
  const NodeId w =
      graph.read(graph.add_slot({difference == 2 ? "v" : "w",
                                 4,
                                 difference == 3 ? SlotRole::kState : SlotRole::kParameter,
                                 DType::float32,
                                 {2, difference == 4 ? 3u : 2u}}));
  graph.add_slot({"y",
                  difference == 5 ? 8u : 7u,
                  SlotRole::kOutput,
                  DType::float32,
                  {2, difference == 4 ? 3u : 2u}});
  NodeId sum = 0, product = 0, loop = 0;
  const auto make_sum = [&] { sum = b.sum(w, difference == 6 ? 0 : 1); };
  const auto make_loop = [&] {
    loop = b.get(b.scan(shared, {x}, difference == 7 ? 3 : 2, 1, 0, difference == 8), 0);
  };
  if (other_order) {
    b.exp(x);  // not needed by any phase
    make_loop();
    make_sum();
  } else {
    make_sum();
    make_loop();
  }
  product = b.contract(loop, w, difference == 9);
  const NodeId y = b.add(product, sum);
  graph.phases().push_back(
      {difference == 10 ? "walk" : "run", {{2, difference == 11 ? b.neg(y) : y}}});
  return graph;
}

TEST(Text, EqualForEqualGraphsAndShowsEverything) {
  const std::string text = ir::to_text(sample(false, 0));
  for (const char* part :
       {"slot \"x\" id=3 input : float32[2,2]", "slot \"w\" id=4 parameter", "phase run", "scan",
        "repetitions=2", "slope=0.25", "yield", "contract", "\"y\" id=7 <- %"})
    EXPECT_TRUE(contains(text, part));
  EXPECT_EQ(text, ir::to_text(sample(false, 0)));
  for (int difference = 1; difference <= 11; ++difference) {
    EXPECT_NE(text, ir::to_text(sample(false, difference))) << "difference " << difference;
  }
}

TEST(StructuralHash, FollowsTheStructureOnly) {
  const uint64_t hash = sample(false, 0).structural_hash();
  EXPECT_EQ(hash, sample(false, 0).structural_hash());
  EXPECT_EQ(hash, sample(true, 0).structural_hash())
      << "built in another order, with a node that nobody needs";
  for (int difference = 1; difference <= 11; ++difference)
    EXPECT_NE(hash, sample(false, difference).structural_hash()) << "difference " << difference;
  Graph types[2];
  for (int i = 0; i < 2; ++i)
    types[i].add_slot({"s", 0, SlotRole::kState, i == 0 ? DType::int8 : DType::uint8, {4}});
  EXPECT_NE(types[0].structural_hash(), types[1].structural_hash());
}

TEST(Passes, TransposesFoldIntoProducts) {
  GraphMaker maker;
  Builder b = maker.b();
  const NodeId x = maker.input("x", DType::float32, {3, 2}),
               w = maker.input("w", DType::float32, {4, 3});
  const NodeId product = b.contract(b.transpose(x), b.transpose(w));
  maker.output("y", product);
  maker.output("z", b.transpose(product));
  maker.finish();
  const Graph folded = ir::lower_for_backend(maker.graph);
  EXPECT_EQ(ir::to_text(folded).find("transpose x"), std::string::npos);
  EXPECT_EQ(ir::to_text(folded).find("= transpose"), std::string::npos);
  testing::GraphRunner runner(maker.graph, "ref");
  const Tensor x_value = testing::uniform(DType::float32, {3, 2}, -1, 1, 1),
               w_value = testing::uniform(DType::float32, {4, 3}, -1, 1, 2);
  runner.set("x", x_value);
  runner.set("w", w_value);
  runner.run();
  const Tensor y = runner.get("y"), z = runner.get("z");
  for (size_t i = 0; i < 2; ++i)
    for (size_t j = 0; j < 4; ++j) {
      double sum = 0;
      for (size_t k = 0; k < 3; ++k)
        sum += testing::element(x_value, k * 2 + i) * testing::element(w_value, j * 3 + k);
      EXPECT_NEAR(testing::element(y, i * 4 + j), sum, 1e-6);
      EXPECT_EQ(testing::element(z, j * 2 + i), testing::element(y, i * 4 + j));
    }
}

}  // namespace
}  // namespace paragon
