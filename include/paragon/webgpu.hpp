// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <paragon/export.hpp>

/// The device "webgpu": GPUs through a library of WebGPU that is loaded at run time (wgpu-native).
namespace paragon {

/// Which library and adapter "webgpu" stands for. Fields that are empty or unset are taken from the
/// environment: PARAGON_WEBGPU_LIBRARY, PARAGON_WEBGPU_ADAPTER, PARAGON_WEBGPU_FEATURES,
/// PARAGON_WEBGPU_DATA_BYTES, PARAGON_WEBGPU_BINDING_BYTES.
struct WebgpuSettings {
  std::string library = {};  ///< path of the library; fixed by the first use
  std::string adapter = {};  ///< part of an adapter's name, case does not matter; "": the best one
  std::string features =
      {};  ///< "all", or "none": 64-bit types are emulated even where they are native
  /// Largest data set that is copied to the device, in bytes; the rows of a larger one are sent as
  /// steps need them. 0: what the device can bind at once.
  std::uint64_t data_bytes = 0;
  /// Largest part of a program's memory that one binding holds, in bytes; a larger program takes
  /// several. 0: what the device can bind at once.
  std::uint64_t binding_bytes = 0;
  /// Raise where something would run slower than it could: on a software adapter, or by emulation.
  bool strict = false;
};

/// Settings of devices that are opened from now on, in this process.
PARAGON_API void set_webgpu(WebgpuSettings settings);

/// An adapter, as `paragon info` shows it.
struct WebgpuAdapter {
  std::string name, driver;
  std::string kind;  ///< "discrete", "integrated", "software" or "other"
  bool native_int64 = false, native_float64 = false;  ///< otherwise emulated, with the same results
  std::uint64_t buffer_bytes = 0;                     ///< of one buffer, at most
  std::uint64_t binding_bytes = 0;                    ///< of one binding
  std::uint32_t workgroup_threads = 0;                ///< invocations of one workgroup
  std::uint32_t workgroup_bytes = 0;                  ///< memory of one workgroup
};

/// All adapters, the preferred one first: discrete before integrated before software. Raises if
/// this build has no WebGPU or no library is found.
PARAGON_API std::vector<WebgpuAdapter> webgpu_adapters();

/// Name of the adapter that the settings choose. Raises if there is none.
PARAGON_API std::string webgpu_device_name();

/// Why the device "webgpu" cannot be used, or "".
PARAGON_API std::string webgpu_problem();

}  // namespace paragon
