// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <paragon/export.hpp>

namespace paragon {

/// The single place where the library raises an error; core code catches nowhere. Here it throws
/// paragon::Error; a build without exceptions brings its own, which reports the message and stops.
[[noreturn]] PARAGON_API void raise_message(std::string message);

}  // namespace paragon
