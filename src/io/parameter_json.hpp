// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/json_object.hpp"
#include "io/json_writer.hpp"
#include "network/state.hpp"

namespace paragon::io {

/// Writes what a parameter holds beside its id: role, shape, numbers. `place` names it in errors.
void write_parameter(JsonWriter& writer, const detail::Parameter& parameter,
                     const detail::NetworkState& network, const std::string& place);

/// Fills a parameter that the network has made. Every number lies within the type's format then
/// (passes/fixed_format.hpp): kernels rely on it.
void read_parameter(JsonReader& reader, const detail::NetworkState& network,
                    detail::Parameter& parameter);

}  // namespace paragon::io
