// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numbers>

#include "evaluate/heat_grid.hpp"

namespace paragon {
namespace {

/// sRGB's transfer function, of light 0 .. 1.
uint8_t encode(double light) {
  light = std::clamp(light, 0.0, 1.0);
  const double value =
      light <= 0.0031308 ? 12.92 * light : 1.055 * std::pow(light, 1 / 2.4) - 0.055;
  return static_cast<uint8_t>(std::lround(255 * value));
}

double decode(uint8_t byte) {
  const double value = byte / 255.0;
  return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

double cube(double value) {
  return value * value * value;
}

}  // namespace

std::array<uint8_t, 3> heat_colour(double heat) {
  // From a pale cyan over blue to a dark violet; all of it lies within sRGB.
  const double lightness = 0.97 - 0.65 * heat;
  const double chroma = 0.012 + 0.115 * std::sin(0.8 * std::numbers::pi * heat);
  const double hue = (205 + 60 * heat) * std::numbers::pi / 180;
  const double a = chroma * std::cos(hue), b = chroma * std::sin(hue);
  const double l = cube(lightness + 0.3963377774 * a + 0.2158037573 * b);
  const double m = cube(lightness - 0.1055613458 * a - 0.0638541728 * b);
  const double s = cube(lightness - 0.0894841775 * a - 1.2914855480 * b);
  return {encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
          encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
          encode(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

bool needs_white_text(const std::array<uint8_t, 3>& colour) {
  // White and black are read equally well at luminance Y with 1.05 / (Y + 0.05) = (Y + 0.05) /
  // 0.05.
  const double luminance =
      0.2126 * decode(colour[0]) + 0.7152 * decode(colour[1]) + 0.0722 * decode(colour[2]);
  return luminance < std::sqrt(1.05 * 0.05) - 0.05;
}

}  // namespace paragon
