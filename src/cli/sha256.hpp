// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace paragon::cli {

/// The SHA-256 of bytes (FIPS 180-4), as 64 hexadecimal digits.
std::string sha256(std::span<const std::uint8_t> bytes);

}  // namespace paragon::cli
