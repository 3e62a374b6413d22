// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backends/webgpu/api.hpp"
#include "backends/webgpu/library.hpp"

namespace paragon::webgpu {

enum class AdapterKind : uint8_t { kDiscrete, kIntegrated, kSoftware, kOther };
std::string_view name(AdapterKind kind);

/// What an adapter says of itself.
struct Adapter {
  std::string name, driver;
  AdapterKind kind = AdapterKind::kOther;
  Features features;
  WGPULimits limits;
};

/// All adapters, the preferred one first: discrete before integrated before software. Empty if
/// there is a library but no adapter; raises if there is no library.
std::vector<Adapter> adapters();

/// An adapter that is not yet released.
struct Found {
  WGPUAdapter handle;
  Adapter adapter;
};

/// Raises if what the settings call strict is not met: a GPU with 64-bit types of its own.
void check_strict(const Adapter& adapter, const Features& features);
/// A device of an adapter, which is called `name`. Raises with what the library says.
WGPUDevice request_device(WGPUInstance instance, WGPUAdapter adapter,
                          const WGPUDeviceDescriptor& descriptor, const std::string& name);

std::string string_of(WGPUStringView view);
WGPUInstance create_instance();  ///< raises if the library creates none
/// All adapters of an instance, the preferred one first; to be released.
std::vector<Found> find_adapters(WGPUInstance instance);
/// The first adapter whose name contains `wanted`, whatever the case. Raises if there is none.
const Found& choose(const std::vector<Found>& all, const std::string& wanted);

}  // namespace paragon::webgpu
