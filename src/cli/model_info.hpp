// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>

#include "cli/output.hpp"

namespace paragon::cli {

/// Loads a model, of Paragon or of the Go framework, and says what it is: on the screen and, the
/// same, as JSON.
Json describe_model(const std::string& path, std::ostream& screen);

}  // namespace paragon::cli
