// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <paragon/layers.hpp>

#include "io/json_object.hpp"
#include "io/json_writer.hpp"

namespace paragon::io {

inline constexpr size_t kLongestName = 256;  ///< bytes of a layer's name

/// Writes a layer's settings, as the table of config fields lists them, into the open object.
/// Raises with the layer's name on those that a file cannot hold.
void write_config(JsonWriter& writer, const LayerConfig& config, const std::string& layer);

/// Reads them into a config of the right kind. Memory stays within a few times that of the text.
void read_config(JsonReader& reader, LayerConfig& config);

}  // namespace paragon::io
