// SPDX-License-Identifier: Apache-2.0
#include "network/gates.hpp"

#include <algorithm>
#include <cmath>

#include "composites/expressions.hpp"
#include "core/error.hpp"
#include "layers/layer.hpp"

namespace paragon {
namespace {

struct Row {
  const char* name;
  bool built_in;
};

constexpr Row kTable[] = {
#define PARAGON_GATE(name, built_in) {#name, built_in},
#include "network/gates.def"
};

constexpr size_t kMostRepetitions = 64;
constexpr size_t kMostPasses = 1024;  // of a network: the graph has nodes for each
constexpr double kLargestGain = 8, kLargestScore = 16000;

}  // namespace

std::vector<std::string> gates() {
  std::vector<std::string> names;
  for (const Row& row : kTable)
    if (row.built_in) names.emplace_back(row.name);
  return names;
}

namespace detail {
namespace {

struct Check {
  const Replay& replay;
  std::string place;

  template <class... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    raise("[{}] replay: {}", place, fmt::format(format, std::forward<Args>(args)...));
  }
  void number(const char* field, double got, double low, double high) const {
    if (!(got >= low && got <= high)) fail("{} is {}, expected {} to {}", field, got, low, high);
  }

  void settings() const {
    if (replay.phase != "before" && replay.phase != "after")
      fail("phase is '{}', expected before or after", replay.phase);
    if (replay.mode != "repeat" && replay.mode != "loop")
      fail("mode is '{}', expected repeat or loop", replay.mode);
    number("times", static_cast<double>(replay.times), 0, kMostRepetitions);
    number("budget", static_cast<double>(replay.budget), 0, kMostRepetitions);
    number("gain", replay.gain, 1.0 / 1024, kLargestGain);
    if (replay.times > 0 && replay.budget > 0)
      fail("times is {} and budget {}: expected one of them, static or dynamic replay",
           replay.times, replay.budget);
    if (replay.budget > 0) gate();
    if (replay.budget == 0 && !replay.gate.empty())
      fail("the gate '{}' has no budget, expected one above 0", replay.gate);
  }

  void expression() const {
    try {
      check_expression(replay.expression);
    } catch (const Error& error) {
      fail("{}", error.what());
    }
  }

  void gate() const {
    const Gate which = parse_gate(replay.gate);
    if (which == Gate::constant)
      number("gate_value", replay.gate_value, -kLargestScore, kLargestScore);
    if ((which == Gate::expression) == replay.expression.empty())
      fail("the gate is '{}' and the expression {}", replay.gate,
           replay.expression.empty() ? "empty" : "given");
    if (which == Gate::expression) expression();
    if ((which == Gate::function) != static_cast<bool>(replay.function))
      fail("the gate is '{}' and the function {}", replay.gate,
           replay.function ? "given" : "empty");
    number("otherwise", static_cast<double>(replay.otherwise), 0, kMostRepetitions);
    for (const auto& [threshold, count] : replay.map) {
      number("a threshold of the map", threshold, -kLargestScore, kLargestScore);
      number("a number of repetitions of the map", count, 0, kMostRepetitions);
      if (count != std::floor(count)) fail("{} repetitions, expected a whole number", count);
    }
    for (size_t i = 1; i < replay.map.size(); ++i)
      if (!(replay.map[i][0] < replay.map[i - 1][0]))
        fail("thresholds {} and {} of the map, expected falling ones", replay.map[i - 1][0],
             replay.map[i][0]);
  }
};

/// How often the replay of a layer runs layers again.
size_t passes_of(const Layer& layer) {
  const Replay& replay = layers::replay_of(layer.config);
  if (!replay.enabled()) return 0;
  const size_t times = replay.mode == "loop" ? std::max(replay.times, replay.budget) : 1;
  return (replay.span + 1) * times;
}

}  // namespace

Gate parse_gate(std::string_view name) {
  std::vector<std::string> names;
  for (size_t i = 0; i < std::size(kTable); ++i) {
    if (name == kTable[i].name) return static_cast<Gate>(i);
    names.emplace_back(kTable[i].name);
  }
  raise_unknown("gate", name, names);
}

std::span<const Layer> span_of(const std::vector<Layer>& layers, size_t last) {
  const size_t back = layers::replay_of(layers[last].config).span;
  return std::span(layers).subspan(last - back, back + 1);
}

Shape span_input(const NetworkState& state, std::span<const Layer> span) {
  const uint64_t id = span.front().inputs.at(0);
  return id == kInputId ? Shape(std::span<const size_t>(state.input_shape)) : state.by_id(id).shape;
}

void check_replay(const NetworkState& state, size_t last) {
  const Layer& layer = state.layers[last];
  const Replay& replay = layers::replay_of(layer.config);
  const Check check{replay, fmt::format("layer {}", layer.name)};
  check.settings();
  if (!replay.enabled()) return;
  if (replay.span > last)
    check.fail("span is {}, expected at most the {} layers before", replay.span, last);
  size_t passes = 0;
  for (const Layer& other : state.layers) passes += passes_of(other);
  if (passes > kMostPasses)
    check.fail("the network would run layers again {} times, expected at most {}", passes,
               kMostPasses);
  const bool change = replay.budget > 0 && parse_gate(replay.gate) == Gate::change;
  if (replay.mode != "loop" && !change) return;
  const auto span = span_of(state.layers, last);
  const Shape input = span_input(state, span);
  const char* what = change ? "the gate 'change'" : "mode loop";
  if (span.front().inputs.size() != 1)
    check.fail("{} needs a span whose first layer reads one layer, it reads {}", what,
               span.front().inputs.size());
  for (size_t i = 1; i < span.size(); ++i)
    if (replay.mode == "loop" &&
        (span[i].inputs.size() != 1 || span[i].inputs[0] != span[i - 1].id))
      check.fail("mode loop needs a chain, but layer {} does not read layer {} alone", span[i].name,
                 span[i - 1].name);
  if (input.elements() != layer.shape.elements())
    check.fail("{} needs a span whose output {} has the shape of its input {}", what,
               to_string(layer.shape), to_string(input));
  if (change && replay.phase == "before")
    check.fail("the gate 'change' compares a span's output with its input: expected phase after");
}

}  // namespace detail
}  // namespace paragon
