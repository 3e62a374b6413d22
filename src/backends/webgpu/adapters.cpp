// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/adapters.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "core/error.hpp"

namespace paragon::webgpu {
namespace {

AdapterKind kind_of(WGPUAdapterType type) {
  switch (type) {
    case WGPUAdapterType_DiscreteGPU:
      return AdapterKind::kDiscrete;
    case WGPUAdapterType_IntegratedGPU:
      return AdapterKind::kIntegrated;
    case WGPUAdapterType_CPU:
      return AdapterKind::kSoftware;
    default:
      return AdapterKind::kOther;
  }
}

std::vector<WGPUAdapter> enumerate(WGPUInstance instance) {
  const size_t count = api().InstanceEnumerateAdapters(instance, nullptr, nullptr);
  std::vector<WGPUAdapter> handles(count, nullptr);
  if (count > 0) api().InstanceEnumerateAdapters(instance, nullptr, handles.data());
  return handles;
}

Adapter describe(WGPUAdapter handle) {
  Adapter adapter;
  WGPUAdapterInfo info{};
  if (api().AdapterGetInfo(handle, &info) == WGPUStatus_Success) {
    adapter.name = string_of(info.device);
    adapter.driver = string_of(info.description);
    adapter.kind = kind_of(info.adapterType);
    api().AdapterInfoFreeMembers(info);
  }
  adapter.limits = WGPULimits{};
  api().AdapterGetLimits(handle, &adapter.limits);
  adapter.limits.nextInChain = nullptr;
  WGPUSupportedFeatures supported{};
  api().AdapterGetFeatures(handle, &supported);
  for (size_t i = 0; i < supported.featureCount; ++i) {
    const auto feature = static_cast<uint32_t>(supported.features[i]);
    if (feature == WGPUNativeFeature_ShaderInt64) adapter.features.int64 = true;
    if (feature == WGPUNativeFeature_ShaderF64) adapter.features.float64 = true;
  }
  api().SupportedFeaturesFreeMembers(supported);
  return adapter;
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [&](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

std::string why_none(const std::vector<Found>& all, const std::string& wanted) {
  if (all.empty())
    return "[webgpu] no adapter: no driver of Vulkan, Metal or Direct3D 12 was found";
  std::string names;
  for (const Found& found : all)
    names += fmt::format("{}'{}'", names.empty() ? "" : ", ", found.adapter.name);
  return fmt::format("[webgpu] no adapter is named '{}', there are {}", wanted, names);
}

}  // namespace

std::string string_of(WGPUStringView view) {
  return std::string(text_of(view));
}

WGPUInstance create_instance() {
  WGPUInstanceExtras extras{};
  extras.chain.sType = static_cast<WGPUSType>(WGPUSType_InstanceExtras);
  // OpenGL lacks what the kernels need.
  extras.backends =
      WGPUInstanceBackend_Vulkan | WGPUInstanceBackend_Metal | WGPUInstanceBackend_DX12;
  extras.flags = WGPUInstanceFlag_AllowUnderlyingNoncompliantAdapter;
  WGPUInstanceDescriptor descriptor{};
  descriptor.nextInChain = &extras.chain;
  const WGPUInstance instance = api().CreateInstance(&descriptor);
  if (instance == nullptr) raise("[webgpu] the library creates no instance");
  return instance;
}

std::vector<Found> find_adapters(WGPUInstance instance) {
  std::vector<Found> all;
  for (WGPUAdapter handle : enumerate(instance)) all.push_back({handle, describe(handle)});
  std::stable_sort(all.begin(), all.end(),
                   [](const Found& a, const Found& b) { return a.adapter.kind < b.adapter.kind; });
  return all;
}

const Found& choose(const std::vector<Found>& all, const std::string& wanted) {
  for (const Found& found : all)
    if (contains_ignoring_case(found.adapter.name, wanted)) return found;
  raise_message(why_none(all, wanted));
}

std::string_view name(AdapterKind kind) {
  switch (kind) {
    case AdapterKind::kDiscrete:
      return "discrete";
    case AdapterKind::kIntegrated:
      return "integrated";
    case AdapterKind::kSoftware:
      return "software";
    case AdapterKind::kOther:
      return "other";
  }
  return "other";
}

std::vector<Adapter> adapters() {
  const WGPUInstance instance = create_instance();
  std::vector<Adapter> result;
  for (Found& found : find_adapters(instance)) {
    result.push_back(std::move(found.adapter));
    api().AdapterRelease(found.handle);
  }
  api().InstanceRelease(instance);
  return result;
}

void check_strict(const Adapter& adapter, const Features& features) {
  if (adapter.kind == AdapterKind::kSoftware)
    raise("[webgpu] strict: adapter '{}' is software, expected a GPU", adapter.name);
  if (!features.int64 || !features.float64)
    raise("[webgpu] strict: adapter '{}' has {} native and {} native, expected both", adapter.name,
          features.int64 ? "int64" : "no int64", features.float64 ? "float64" : "no float64");
}

WGPUDevice request_device(WGPUInstance instance, WGPUAdapter adapter,
                          const WGPUDeviceDescriptor& descriptor, const std::string& name) {
  struct Answer {
    std::atomic<bool> done = false;
    WGPUDevice device = nullptr;
    std::string message;
  } answer;
  WGPURequestDeviceCallbackInfo callback{};
  callback.mode = WGPUCallbackMode_AllowSpontaneous;
  callback.userdata1 = &answer;
  callback.callback = [](WGPURequestDeviceStatus status, WGPUDevice device, WGPUStringView message,
                         void* opaque, void*) {
    auto& result = *static_cast<Answer*>(opaque);
    if (status == WGPURequestDeviceStatus_Success)
      result.device = device;
    else
      result.message = string_of(message);
    result.done = true;
  };
  api().AdapterRequestDevice(adapter, &descriptor, callback);
  while (!answer.done) {
    api().InstanceProcessEvents(instance);
    if (!answer.done) std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  if (answer.device == nullptr)
    raise("[webgpu] adapter '{}' gives no device: {}", name, answer.message);
  return answer.device;
}

}  // namespace paragon::webgpu
