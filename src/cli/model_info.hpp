// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include <paragon/network.hpp>

#include "cli/output.hpp"

namespace paragon::cli {

/// A line of a description. Control characters, which a file's names may have, become '?'.
void print_row(std::ostream& screen, std::string_view label, const std::string& value);

/// Says what a network is: on the screen and, the same, as JSON.
Json describe(const Network& network, std::ostream& screen);

/// Loads a model, of Paragon or of the Go framework, and says what it is: on the screen and, the
/// same, as JSON.
Json describe_model(const std::string& path, std::ostream& screen);

}  // namespace paragon::cli
