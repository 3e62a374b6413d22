// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "cli/options.hpp"

namespace paragon::cli {

/// The command, or none if only help or the version was asked for; both are printed here. Raises
/// Error on a wrong command line. `--simd` takes effect here.
std::optional<Command> parse_command_line(int argc, const char* const* argv);

}  // namespace paragon::cli
