// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <paragon/network.hpp>

// The model file: JSON of format "paragon-model" (docs/model-format.md).
namespace paragon::io {

inline constexpr std::string_view kModelFormat = "paragon-model";
inline constexpr int kModelVersion = 1;

/// Bytes of a model file at most. Reading one of so many takes about three times the memory.
inline constexpr size_t kLargestFile = size_t{1} << 30;
/// Exponents in files lie within +-this: far beyond any that training gives, and such that sums of
/// a few thousand of them fit 32 bits.
inline constexpr int kExponentLimit = 256;

/// The text of a model file. Raises, with the layer's name, on what a file cannot hold: NaN and
/// infinities, gates that are functions, more numbers than a reader takes.
std::string model_text(const Network& network);

/// The inverse: an equal network. Raises with the path of what is wrong; memory stays within a few
/// times the length of the text.
Network parse_model(std::string_view text);

}  // namespace paragon::io
