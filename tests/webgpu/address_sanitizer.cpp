// SPDX-License-Identifier: Apache-2.0
// Mesa's driver in software keeps some memory of every device. The address sanitizer is to name the
// driver in its report, which it cannot once the driver is unloaded, and then to leave it out.
#if defined(__SANITIZE_ADDRESS__)
#include <dlfcn.h>

namespace {

[[maybe_unused]] void* const driver = dlopen("libvulkan_lvp.so", RTLD_NOW | RTLD_NODELETE);

}  // namespace

extern "C" __attribute__((visibility("default"))) const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libvulkan_lvp\nleak:libLLVM\n";
}
#endif
