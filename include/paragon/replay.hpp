// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <paragon/export.hpp>
#include <paragon/expression.hpp>

namespace paragon {

/// Running a span of layers again in the same pass, differentiated as the graph that is computed.
/// The span ends with the layer that has these settings; its layers must read each other in a
/// chain.
///
/// mode "repeat": every layer of the span is computed again from the same inputs and its values are
/// multiplied by `gain`; further repetitions change nothing, so only 0 or more than 0 counts. With
/// phase "before" the layer's own pass follows, so that only the earlier layers keep the gain.
/// mode "loop": the span's output is fed back as its input (shapes must agree) as often as asked.
/// With phase "before" the loop runs over the span's input, and the ordinary pass follows.
///
/// Static replay: `times` repetitions for every sample. Dynamic replay (budget > 0): a gate scores
/// each sample's activations - the layer's output, with phase "before" the span's input - and `map`
/// turns the score into a number of repetitions, at most `budget`. No gradient flows through it.
struct Replay {
  std::size_t span = 0;         ///< how many layers before this one it starts
  std::string phase = "after";  ///< "before" or "after" the layer's own pass
  std::string mode = "repeat";  ///< "repeat" or "loop"
  std::size_t times = 0;        ///< repetitions; 0 = none
  double gain = 1.1;            ///< mode "repeat"; 0 < gain <= 8
  std::size_t budget = 0;       ///< most repetitions of dynamic replay, up to 64; 0 = static replay
  std::string gate = {};        ///< a name of gates(), "expression" or "function"
  double gate_value = 0;        ///< score of the gate "constant"
  Expression expression = {};   ///< of the gate "expression"
  /// Of the gate "function": score of one sample's activations. Runs on the host: CPU devices only,
  /// and a network with it cannot be saved.
  std::function<double(std::span<const float>)> function = {};
  /// {threshold, repetitions}: the first row whose threshold lies below the score counts; no row:
  /// `otherwise`. An empty map means the whole budget.
  std::vector<std::array<double, 2>> map = {};
  std::size_t otherwise = 1;

  bool enabled() const { return times > 0 || budget > 0; }
};

/// Built-in gates: "constant"; "mean" and "max" of the activations; "entropy" of their softmax,
/// divided by the logarithm of their number (0 .. 1); "change": mean |y - x| over mean |y| of the
/// span's output y and input x, whose shapes must agree.
PARAGON_API std::vector<std::string> gates();

}  // namespace paragon
