// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

#include <paragon/export.hpp>

namespace paragon {

/// The exception of the library. `what()` names the place, what was got and what was expected.
class PARAGON_API Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error(message) {}
  Error(const Error&) = default;
  Error& operator=(const Error&) = default;
  ~Error() override;
};

/// A device (a GPU) has gone away: unplugged, reset, or destroyed. What it held is lost; the
/// network on the host is as it was when it was last synchronised.
class PARAGON_API DeviceLostError : public Error {
 public:
  using Error::Error;
  DeviceLostError(const DeviceLostError&) = default;
  DeviceLostError& operator=(const DeviceLostError&) = default;
  ~DeviceLostError() override;
};

/// A device has not the memory that was asked for, or cannot bind so much at once.
class PARAGON_API DeviceMemoryError : public Error {
 public:
  using Error::Error;
  DeviceMemoryError(const DeviceMemoryError&) = default;
  DeviceMemoryError& operator=(const DeviceMemoryError&) = default;
  ~DeviceMemoryError() override;
};

}  // namespace paragon
