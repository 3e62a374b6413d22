// SPDX-License-Identifier: Apache-2.0
#include "core/error.hpp"
#include "layers/layer.hpp"

namespace paragon::layers {
namespace {

constexpr size_t kMaxEdge = 4096;

/// Start of the window of position `i` out of `out` on an edge of `in` inputs:
/// round(i (in - field) / (out - 1)), halves up.
size_t window_start(size_t i, size_t in, size_t field, size_t out) {
  if (out == 1) return 0;
  return (2 * i * (in - field) + (out - 1)) / (2 * (out - 1));
}

void check_axis(const std::string& place, const char* axis, size_t in, size_t field, size_t out) {
  if (out == 0 || out > kMaxEdge)
    raise("[{}] got a grid {} of {}, expected 1 to {}", place, axis, out, kMaxEdge);
  if (field == 0 || field > in)
    raise("[{}] got a field of {}, expected 1 to the input's {} of {}", place, field, axis, in);
  if (out == 1 && field < in)
    raise("[{}] one window of {} along a {} of {} skips inputs; expected a field of {}", place,
          field, axis, in, in);
  for (size_t i = 1; i < out; ++i) {
    const size_t step = window_start(i, in, field, out) - window_start(i - 1, in, field, out);
    if (step > field)
      raise(
          "[{}] neighbouring windows along the {} are {} apart, more than the field of {}: inputs "
          "would be skipped; "
          "expected a grid of at least {}",
          place, axis, step, field, (in - field + field - 1) / field + 1);
  }
}

}  // namespace

LayerPlan plan(const LocallyConnected& config, const InputShapes& inputs,
               const std::string& place) {
  const Shape& input = only_input(inputs, place);
  if (input.rank() != 2)
    raise("[{}] a local layer reads a grid, got an input of shape {}", place, to_string(input));
  const auto [width, height] = config.grid;
  check_axis(place, "width", input[1], config.field, width);
  check_axis(place, "height", input[0], config.field, height);
  const size_t units = width * height, taps = config.field * config.field;
  if (units * taps > size_t{1} << 31)
    raise("[{}] {} units x {} taps are more than 2^31 weights", place, units, taps);
  return {{height, width}, {{"weights", {units, taps}, taps}, {"bias", {units, 1}, 0}}};
}

ir::NodeId build(ir::Builder& b, const LocallyConnected& config, const BuildInputs& inputs) {
  const Shape& input = inputs.shapes[0];
  const auto [width, height] = config.grid;
  const size_t field = config.field;
  std::vector<int32_t> index;
  index.reserve(width * height * field * field);
  for (size_t row = 0; row < height; ++row)
    for (size_t column = 0; column < width; ++column) {
      const size_t top = window_start(row, input[0], field, height);
      const size_t left = window_start(column, input[1], field, width);
      for (size_t y = 0; y < field; ++y)
        for (size_t i = 0; i < field; ++i)
          index.push_back(static_cast<int32_t>((top + y) * input[1] + left + i));
    }
  auto table =
      ir::make_index_table(std::move(index), width * height, field * field, input.elements());
  // Feature-major inside: the batch is what the SIMD lanes run over.
  const ir::NodeId dot = b.gather_dot(ir::Op::gather_dot, b.transpose(inputs.values[0]),
                                      inputs.parameters[0], std::move(table));
  return b.transpose(activate(b, config, b.add(dot, inputs.parameters[1]), true));
}

}  // namespace paragon::layers
