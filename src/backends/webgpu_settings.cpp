// SPDX-License-Identifier: Apache-2.0
#include <paragon/webgpu.hpp>

#include "core/error.hpp"
#ifdef PARAGON_HAS_WEBGPU
#include "backends/webgpu/device.hpp"
#include "backends/webgpu/settings.hpp"
#endif

namespace paragon {

#ifdef PARAGON_HAS_WEBGPU

void set_webgpu(WebgpuSettings settings) {
  webgpu::set_settings(std::move(settings));
}

std::vector<WebgpuAdapter> webgpu_adapters() {
  std::vector<WebgpuAdapter> result;
  for (const webgpu::Adapter& adapter : webgpu::adapters())
    result.push_back({.name = adapter.name,
                      .driver = adapter.driver,
                      .kind = std::string(name(adapter.kind)),
                      .native_int64 = adapter.features.int64,
                      .native_float64 = adapter.features.float64,
                      .buffer_bytes = adapter.limits.maxBufferSize,
                      .binding_bytes = adapter.limits.maxStorageBufferBindingSize,
                      .workgroup_threads = adapter.limits.maxComputeInvocationsPerWorkgroup,
                      .workgroup_bytes = adapter.limits.maxComputeWorkgroupStorageSize});
  return result;
}

std::string webgpu_device_name() {
  return webgpu::Device::open()->adapter().name;
}

std::string webgpu_problem() {
  try {
    return webgpu::adapters().empty() ? "no adapter: no driver of Vulkan, Metal or Direct3D 12"
                                      : "";
  } catch (const Error& error) {
    return error.what();
  }
}

#else

namespace {
constexpr const char* kAbsent =
    "[webgpu] this build has no WebGPU: run tools/setup.sh webgpu and tools/fetch_webgpu.sh, then "
    "build again";
}

void set_webgpu(WebgpuSettings) {}

std::vector<WebgpuAdapter> webgpu_adapters() {
  raise_message(kAbsent);
}

std::string webgpu_device_name() {
  raise_message(kAbsent);
}

std::string webgpu_problem() {
  return kAbsent;
}

#endif

}  // namespace paragon
