// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/api.hpp"

#include <dlfcn.h>

#include <vector>

#include "backends/webgpu/settings.hpp"
#include "core/error.hpp"

namespace paragon::webgpu {
namespace {

struct Loaded {
  Api api;
  std::string problem;  // why there is no library
};

std::vector<std::string> candidates() {
  // A library that is asked for is the only one tried.
  if (const std::string given = settings().library; !given.empty()) return {given};
  return {
#ifdef PARAGON_WEBGPU_LIBRARY
      PARAGON_WEBGPU_LIBRARY,
#endif
      "libwgpu_native.so"};
}

Loaded load() {
  Loaded loaded;
  for (const std::string& path : candidates()) {
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      loaded.problem += fmt::format("{}{}", loaded.problem.empty() ? "" : "; ", dlerror());
      continue;
    }
    std::string missing;
    const auto find = [&](const char* name) {
      void* symbol = dlsym(library, name);
      if (symbol == nullptr) missing += fmt::format("{}{}", missing.empty() ? "" : ", ", name);
      return symbol;
    };
#define X(name) loaded.api.name = reinterpret_cast<decltype(&::wgpu##name)>(find("wgpu" #name));
    PARAGON_WEBGPU_FUNCTIONS(X)
#undef X
    // The library stays loaded: its threads may outlive whoever asked for it.
    if (missing.empty()) {
      loaded.problem.clear();
      return loaded;
    }
    loaded.problem = fmt::format("{} lacks {}", path, missing);
  }
  return loaded;
}

const Loaded& loaded() {
  static const Loaded instance = load();
  return instance;
}

}  // namespace

const Api& api() {
  if (!loaded().problem.empty())
    raise(
        "[webgpu] no library of WebGPU: {}. tools/setup.sh webgpu fetches one; "
        "PARAGON_WEBGPU_LIBRARY names another",
        loaded().problem);
  return loaded().api;
}

}  // namespace paragon::webgpu
