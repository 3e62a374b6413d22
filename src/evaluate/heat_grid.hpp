// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace paragon {

/// A table of counts whose cells are coloured by their share of the row.
struct HeatGrid {
  std::string heading;
  std::string row_axis, column_axis;
  std::vector<std::string> rows, columns;
  std::vector<size_t> counts;  ///< row-major
  bool shares = false;         ///< print the shares below the counts
};

struct Picture {
  std::string title;
  std::vector<std::string> lines;  ///< below the title
  std::vector<HeatGrid> grids;     ///< one below the other
};

/// The picture as SVG 1.1, on a white ground of its own. Texts may hold anything.
std::string draw_svg(const Picture& picture);

/// Red, green, blue of 0 (pale) .. 1 (dark): perceived lightness falls linearly (OKLab, B.
/// Ottosson, "A perceptual color space for image processing", 2020).
std::array<uint8_t, 3> heat_colour(double heat);

/// Black or white: what is read better on that colour (WCAG 2.1: contrast 4.5 or more).
bool needs_white_text(const std::array<uint8_t, 3>& colour);

}  // namespace paragon
