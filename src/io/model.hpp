// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <paragon/network.hpp>

// The model file: JSON of format "paragon-model". A fixed-point weight is kept in two parts, so
// that a reader who only wants the 8-bit model takes `view`, worth view * 2^view_exponent, and a
// training program adds the residual: master = view * 2^(view_exponent - exponent) + residual.
namespace paragon::io {

inline constexpr std::string_view kModelFormat = "paragon-model";
inline constexpr int kModelVersion = 1;
/// A view's step is 2^0 .. 2^kLargestShift steps of its master; other parameters are kept whole.
inline constexpr int kLargestShift = 31;

/// The text of a model file. Raises if a parameter is NaN or infinite.
std::string model_text(const Network& network);

/// The inverse: an equal network. Raises with the path of what is wrong; memory stays within a few
/// times the length of the text.
Network parse_model(std::string_view text);

}  // namespace paragon::io
