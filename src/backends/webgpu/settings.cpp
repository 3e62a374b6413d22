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
  const auto number_from_environment = [&](uint64_t& field, const char* name) {
    std::string text;
    from_environment(text, name);
    if (field != 0 || text.empty()) return;
    const char* end = text.data() + text.size();
    const auto [last, error] = std::from_chars(text.data(), end, field);
    if (error != std::errc() || last != end)
      raise("[webgpu] {} is '{}', expected a number", name, text);
  };
  number_from_environment(result.data_bytes, "PARAGON_WEBGPU_DATA_BYTES");
  number_from_environment(result.binding_bytes, "PARAGON_WEBGPU_BINDING_BYTES");
  if (result.features.empty()) result.features = "all";
  if (result.features != "all" && result.features != "none")
    raise("[webgpu] features are '{}', expected all or none", result.features);
  return result;
}

}  // namespace paragon::webgpu
