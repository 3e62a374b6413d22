// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/settings.hpp"

#include <charconv>
#include <cstdlib>
#include <mutex>
#include <system_error>
#include <utility>

#include "core/error.hpp"

namespace paragon::webgpu {
namespace {

std::mutex mutex;

WebgpuSettings& current() {
  static WebgpuSettings settings;
  return settings;
}

}  // namespace

void set_settings(WebgpuSettings settings) {
  const std::lock_guard lock(mutex);
  current() = std::move(settings);
}

WebgpuSettings settings() {
  WebgpuSettings result;
  {
    const std::lock_guard lock(mutex);
    result = current();
  }
  const auto from_environment = [](std::string& field, const char* name) {
    const char* value = std::getenv(name);
    if (field.empty() && value != nullptr) field = value;
  };
  from_environment(result.library, "PARAGON_WEBGPU_LIBRARY");
  from_environment(result.adapter, "PARAGON_WEBGPU_ADAPTER");
  from_environment(result.features, "PARAGON_WEBGPU_FEATURES");
  std::string data_bytes;
  from_environment(data_bytes, "PARAGON_WEBGPU_DATA_BYTES");
  if (result.data_bytes == 0 && !data_bytes.empty()) {
    const char* end = data_bytes.data() + data_bytes.size();
    const auto [last, error] = std::from_chars(data_bytes.data(), end, result.data_bytes);
    if (error != std::errc() || last != end)
      raise("[webgpu] PARAGON_WEBGPU_DATA_BYTES is '{}', expected a number", data_bytes);
  }
  if (result.features.empty()) result.features = "all";
  if (result.features != "all" && result.features != "none")
    raise("[webgpu] features are '{}', expected all or none", result.features);
  return result;
}

}  // namespace paragon::webgpu
