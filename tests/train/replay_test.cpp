// SPDX-License-Identifier: Apache-2.0
// Replay: what it computes, by hand; its gradients, by finite differences; who replays how often.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "graph_runner.hpp"
#include "problems.hpp"
#include "raises.hpp"
#include "train/model_graph.hpp"

namespace paragon {
namespace {

using testing::contains;
using testing::message_of;

constexpr size_t kWidth = 4;

/// input 4 -> a -> b -> out 3, all dense; `replay` is b's.
Network chain(const Replay& replay, const char* activation = "tanh", DType type = float64,
              size_t middle = kWidth) {
  Network network({.input = {kWidth}, .type = type, .seed = 3});
  network.add(Dense{.units = middle, .activation = activation, .name = "a"})
      .add(Dense{.units = middle, .activation = activation, .replay = replay, .name = "b"})
      .add(Dense{.units = 3, .name = "out"});
  return network;
}

using Row = std::vector<double>;

Row dense(const Network& network, const std::string& layer, const Row& x, bool activate = true) {
  const std::vector<double> w = network.values(layer + ".weights"),
                            b = network.values(layer + ".bias");
  Row y(b);
  for (size_t j = 0; j < y.size(); ++j) {
    for (size_t i = 0; i < x.size(); ++i) y[j] += x[i] * w[i * y.size() + j];
    if (activate) y[j] = std::tanh(y[j]);
  }
  return y;
}

Row scaled(Row x, double gain) {
  for (double& v : x) v *= gain;
  return x;
}

const std::vector<Row> kSamples = {
    {0.1, 0.7, -0.4, 0.9}, {0.8, -0.2, 0.3, 0.5}, {-0.6, 0.1, 0.2, 1.0}};

void expect_outputs(const Network& network, const std::function<Row(const Row&)>& by_hand) {
  std::vector<float> features;
  for (const Row& sample : kSamples) features.insert(features.end(), sample.begin(), sample.end());
  for (const char* device : {"ref", "cpu"}) {
    Predictor predictor(network, {.device = device, .batch = kSamples.size()});
    std::vector<float> outputs(3 * kSamples.size());
    predictor.run(features, outputs);
    for (size_t s = 0; s < kSamples.size(); ++s) {
      Row x;
      for (double v : kSamples[s]) x.push_back(static_cast<float>(v));
      const Row expected = by_hand(x);
      for (size_t k = 0; k < 3; ++k)
        EXPECT_NEAR(outputs[s * 3 + k], expected[k], 1e-6) << device << " sample " << s;
    }
  }
}

TEST(Replay, RepeatComputesTheSpanAgainWithTheGain) {
  for (const size_t times : {1, 5}) {  // further repetitions change nothing
    const Network alone = chain({.times = times});
    expect_outputs(alone, [&](const Row& x) {
      return dense(alone, "out", scaled(dense(alone, "b", dense(alone, "a", x)), 1.1), false);
    });
    const Network both = chain({.span = 1, .times = times, .gain = 1.3});
    expect_outputs(both, [&](const Row& x) {
      const Row a = scaled(dense(both, "a", x), 1.3);
      return dense(both, "out", scaled(dense(both, "b", a), 1.3), false);
    });
    const Network before = chain({.span = 1, .phase = "before", .times = times});
    expect_outputs(before, [&](const Row& x) {
      const Row a = scaled(dense(before, "a", x), 1.1);
      return dense(before, "out", dense(before, "b", a), false);
    });
  }
}

TEST(Replay, GainsCarryBoundedValuesBeyondOneInFixedPoint) {
  std::vector<float> features;
  for (const Row& sample : kSamples) features.insert(features.end(), sample.begin(), sample.end());
  for (const double gain : {1.1, 2.0, 3.5, 8.0})
    for (const auto& [type, tolerance] :
         {std::pair{int8, 0.02}, {int16, 1e-4}, {int32, 1e-5}, {int64, 1e-5}}) {
      const Network network = chain({.times = 1, .gain = gain}, "tanh", type);
      const std::vector<float> outputs = network.predict(features);
      for (size_t s = 0; s < kSamples.size(); ++s) {
        const Row x = scaled(kSamples[s], 255.0 / 256);  // as inputs are encoded
        const Row b = dense(network, "b", dense(network, "a", x));
        const Row expected = dense(network, "out", scaled(b, gain), false);
        for (size_t k = 0; k < 3; ++k)
          EXPECT_NEAR(outputs[s * 3 + k], expected[k], gain * tolerance) << name(type) << gain;
      }
    }
}

TEST(Replay, LoopFeedsTheSpansOutputBack) {
  for (const size_t times : {1, 3}) {
    const Network after = chain({.span = 1, .mode = "loop", .times = times});
    const auto span = [](const Network& n, const Row& x) {
      return dense(n, "b", dense(n, "a", x));
    };
    expect_outputs(after, [&](Row x) {
      for (size_t k = 0; k <= times; ++k) x = span(after, x);
      return dense(after, "out", x, false);
    });
    const Network before = chain({.span = 1, .phase = "before", .mode = "loop", .times = times});
    expect_outputs(before, [&](Row x) {
      for (size_t k = 0; k <= times; ++k) x = span(before, x);
      return dense(before, "out", x, false);
    });
    const Network alone = chain({.phase = "before", .mode = "loop", .times = times});
    expect_outputs(alone, [&](const Row& x) {
      Row y = dense(alone, "a", x);
      for (size_t k = 0; k <= times; ++k) y = dense(alone, "b", y);
      return dense(alone, "out", y, false);
    });
  }
}

double mean(const Row& x) {
  double sum = 0;
  for (double v : x) sum += v;
  return sum / static_cast<double>(x.size());
}

double entropy(const Row& x) {
  double total = 0, result = 0;
  for (double v : x) total += std::exp(v);
  for (double v : x) result -= std::exp(v) / total * std::log(std::exp(v) / total);
  return result / std::log(static_cast<double>(x.size()));
}

/// A gate, the same by hand, and a threshold that splits the samples.
struct GateCase {
  const char* name;
  Replay replay;
  std::function<double(const Row& y, const Row& x)> score;
};

std::vector<GateCase> gate_cases() {
  namespace g = gate;
  const auto with = [](const char* gate, double threshold) {
    return Replay{
        .mode = "loop", .budget = 3, .gate = gate, .map = {{threshold, 2}}, .otherwise = 1};
  };
  Replay expression = with("expression", 0.12);
  expression.expression =
      g::mean(g::abs(g::activations()) * 0.5) - 0.25 * g::largest(g::activations());
  Replay function = with("function", 0.3);
  function.function = [](std::span<const float> x) { return double{x[1]} - x[2]; };
  return {
      {"mean", with("mean", 0.0), [](const Row& y, const Row&) { return mean(y); }},
      {"max", with("max", 0.5),
       [](const Row& y, const Row&) { return *std::max_element(y.begin(), y.end()); }},
      {"entropy", with("entropy", 0.93), [](const Row& y, const Row&) { return entropy(y); }},
      {"change", with("change", 1.2),
       [](const Row& y, const Row& x) {
         Row size, difference;
         for (size_t i = 0; i < y.size(); ++i) {
           size.push_back(std::abs(y[i]));
           difference.push_back(std::abs(y[i] - x[i]));
         }
         return mean(difference) / mean(size);
       }},
      {"constant",
       Replay{.mode = "loop",
              .budget = 3,
              .gate = "constant",
              .gate_value = 0.6,
              .map = {{0.8, 3}, {0.6, 2}}},
       [](const Row&, const Row&) { return 0.6; }},
      {"expression", expression,
       [](const Row& y, const Row&) {
         Row half;
         for (double v : y) half.push_back(std::abs(v) * 0.5);
         return mean(half) - 0.25 * *std::max_element(y.begin(), y.end());
       }},
      {"function", function, [](const Row& y, const Row&) { return y[1] - y[2]; }},
  };
}

TEST(Replay, GatesDecideForEachSample) {
  for (const GateCase& c : gate_cases()) {
    SCOPED_TRACE(c.name);
    const Network network = chain(c.replay);
    std::vector<size_t> expected;
    expect_outputs(network, [&](const Row& x) {
      const Row a = dense(network, "a", x);
      Row y = dense(network, "b", a);
      const double score = c.score(y, a);
      size_t count = c.replay.otherwise;
      for (auto row = c.replay.map.rbegin(); row != c.replay.map.rend(); ++row)
        if (score > (*row)[0]) count = static_cast<size_t>((*row)[1]);
      for (size_t k = 0; k < count; ++k) y = dense(network, "b", y);
      expected.push_back(count);
      return dense(network, "out", y, false);
    });
    expected.resize(kSamples.size());
    // The other types find the same numbers: no score lies near its threshold.
    for (const DType type : {float32, float64, int8, int16, int32, int64})
      for (const char* device : {"ref", "cpu"}) {
        if (type == int8 && std::string(c.name) != "constant") continue;  // 7 bits of weights
        Network same = chain(c.replay, "tanh", type);
        Predictor predictor(same, {.device = device, .batch = 4});
        std::vector<float> features, outputs(9);
        for (const Row& sample : kSamples)
          features.insert(features.end(), sample.begin(), sample.end());
        predictor.run(features, outputs);
        EXPECT_EQ(predictor.replayed_layers(), std::vector<std::string>{"b"});
        EXPECT_EQ(predictor.repetitions(0), expected) << name(type) << " " << device;
      }
  }
}

TEST(Replay, GradientsAreThoseOfTheGraphThatIsComputed) {
  std::vector<Replay> replays = {
      {.times = 1},
      {.span = 1, .times = 2},
      {.span = 1, .phase = "before", .times = 1},
      {.mode = "loop", .times = 3},
      {.span = 1, .mode = "loop", .times = 2},
      {.span = 1, .phase = "before", .mode = "loop", .times = 1},
      {.phase = "before", .mode = "loop", .times = 2},
      {.span = 1, .budget = 2, .gate = "mean", .map = {{0.0, 1}}, .otherwise = 0},
  };
  for (const GateCase& c : gate_cases())
    if (std::string(c.name) != "function") replays.push_back(c.replay);
  for (const char* loss : {"cross_entropy", "mean_squared_error"})
    for (size_t index = 0; index < replays.size(); ++index) {
      SCOPED_TRACE("replay " + std::to_string(index) + " " + loss);
      const Network network = chain(replays[index]);
      train::ModelGraph model =
          train::build_model(network.state(), kSamples.size(), float64, {parse_loss(loss), false});
      train::add_gradients(model);
      ir::Builder b(model.graph);
      ir::Phase phase{"run", {}};
      const auto output = [&](const std::string& name, ir::NodeId value) {
        const ir::Node node = model.graph[value];
        phase.assignments.push_back(
            {model.graph.add_slot({name, 0, ir::SlotRole::kOutput, node.type, node.shape}), value});
      };
      output("loss", b.sum(model.losses, 2));
      for (size_t i = 0; i < model.parameters.size(); ++i)
        output("g" + std::to_string(i), model.parameters[i].gradient);
      model.graph.phases().push_back(phase);
      testing::GraphRunner runner(model.graph, "ref");
      Tensor features(float64, {kSamples.size(), kWidth}), labels(int32, {kSamples.size(), 1});
      for (size_t s = 0; s < kSamples.size(); ++s) {
        for (size_t i = 0; i < kWidth; ++i)
          testing::set_element(features, s * kWidth + i, kSamples[s][i]);
        testing::set_element(labels, s, static_cast<double>(s % 3));
      }
      runner.set("features", features);
      runner.set("labels", labels);
      runner.set("count", testing::filled(int32, {}, {3}));
      std::vector<Tensor> values;
      for (const auto& parameter : model.parameters) {
        values.push_back(parameter.parameter->value);
        runner.set(parameter.parameter->id, "value", values.back());
      }
      const auto run_loss = [&] {
        runner.run();
        return testing::element(runner.get("loss"), 0);
      };
      run_loss();
      std::vector<Tensor> gradients;
      for (size_t i = 0; i < values.size(); ++i)
        gradients.push_back(runner.get("g" + std::to_string(i)));
      for (size_t i = 0; i < values.size(); ++i)
        for (size_t k = 0; k < values[i].elements(); k += 3) {
          constexpr double kStep = 1e-5;
          const uint64_t id = model.parameters[i].parameter->id;
          const double x = testing::element(values[i], k);
          double losses[2];
          for (const int side : {0, 1}) {
            Tensor moved = values[i];
            testing::set_element(moved, k, x + (side == 0 ? kStep : -kStep));
            runner.set(id, "value", moved);
            losses[side] = run_loss();
          }
          runner.set(id, "value", values[i]);
          const double expected = (losses[0] - losses[1]) / (2 * kStep);
          EXPECT_NEAR(testing::element(gradients[i], k), expected,
                      1e-6 * std::max(1.0, std::abs(expected)))
              << "parameter " << i << " element " << k;
        }
    }
}

TEST(Replay, ReportsCountRepetitions) {
  const data::Dataset set = testing::blobs({20, 20}, 60, 10, 3);
  for (const DType type : {float32, int8}) {
    Network network = testing::replaying_network(type);
    Trainer(network, {.optimizer = Adam{.rate = 0.01}, .batch = 16, .epochs = 2}).fit(set);
    const Report report = evaluate(network, set, {.batch = 25});
    ASSERT_EQ(report.replays.size(), 2u);
    for (const ReplayStats& row : report.replays) {
      size_t samples = 0;
      double repetitions = 0;
      for (size_t k = 0; k < row.histogram.size(); ++k) {
        samples += row.histogram[k];
        repetitions += static_cast<double>(k * row.histogram[k]);
      }
      EXPECT_EQ(samples, 60u);
      EXPECT_DOUBLE_EQ(row.mean, repetitions / 60);
    }
  }
}

TEST(Replay, RefusesWhatCannotBe) {
  struct Mistake {
    const char* name;
    Replay replay;
    std::vector<std::string> parts;
  };
  Replay no_function{.budget = 1, .gate = "function"};
  Replay values{.budget = 1, .gate = "expression"};
  values.expression = gate::activations();
  const std::vector<Mistake> mistakes = {
      {"span", {.span = 2, .times = 1}, {"layer b", "span is 2", "1 layers before"}},
      {"phase", {.phase = "during", .times = 1}, {"layer b", "during", "before or after"}},
      {"mode", {.mode = "lop", .times = 1}, {"layer b", "lop", "repeat or loop"}},
      {"gain", {.times = 1, .gain = 0}, {"layer b", "gain is 0"}},
      {"both", {.times = 1, .budget = 2, .gate = "mean"}, {"times is 1", "budget 2"}},
      {"times", {.times = 65}, {"times is 65"}},
      {"gate", {.budget = 2, .gate = "entropi"}, {"entropi", "did you mean 'entropy'"}},
      {"no gate", {.budget = 2}, {"gate"}},
      {"no budget", {.gate = "mean"}, {"mean", "budget"}},
      {"no function", no_function, {"function", "empty"}},
      {"no expression", {.budget = 2, .gate = "expression"}, {"expression", "empty"}},
      {"map", {.budget = 2, .gate = "mean", .map = {{0.1, 1}, {0.2, 2}}}, {"falling"}},
      {"half", {.budget = 2, .gate = "mean", .map = {{0.1, 1.5}}}, {"1.5", "whole"}},
      {"shape", {.span = 1, .mode = "loop", .times = 1}, {"layer b", "[6]", "[4]"}},
      {"change", {.span = 1, .budget = 1, .gate = "change"}, {"change", "[6]", "[4]"}},
  };
  for (const Mistake& mistake : mistakes) {
    SCOPED_TRACE(mistake.name);
    const std::string message = message_of([&] { chain(mistake.replay, "tanh", float32, 6); });
    for (const std::string& part : mistake.parts) EXPECT_TRUE(contains(message, part));
  }
  const Network network = chain(values);
  EXPECT_TRUE(contains(message_of([&] { Predictor{network}; }), "one value a neuron"));
}

}  // namespace
}  // namespace paragon
