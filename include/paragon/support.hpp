// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <paragon/export.hpp>

/// What programs around the library share with it: careful file access and hints for mistyped
/// names.
namespace paragon {

/// The whole content of a regular file. Raises if it cannot be read or holds more than
/// `limit` bytes; a file that is too large is refused before anything is read.
PARAGON_API std::string read_file(const std::string& path, std::size_t limit);

/// Writes a file atomically: a temporary file in the same folder, flushed to the disk, then
/// renamed. On failure it raises, and a file that was there before is untouched.
PARAGON_API void write_file(const std::string& path, std::string_view content);

/// Raises now if write_file(path, ...) could not work: for callers that compute for minutes first.
PARAGON_API void require_writable(const std::string& path);

/// "; did you mean 'x'?" with the name of `known` nearest to `name`, or "" if none is near.
PARAGON_API std::string did_you_mean(std::string_view name, const std::vector<std::string>& known);

/// Most memory that this process has held so far, in bytes.
PARAGON_API std::size_t peak_memory_bytes();

}  // namespace paragon
