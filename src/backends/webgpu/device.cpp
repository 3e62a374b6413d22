// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/device.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "backends/webgpu/emit/kernel.hpp"
#include "backends/webgpu/readback.hpp"
#include "backends/webgpu/settings.hpp"
#include "core/error.hpp"

namespace paragon::webgpu {
namespace {
std::atomic<uint64_t> buffers_created, buffers_destroyed, submissions, reads;
}

Counters counters() {
  return {buffers_created, buffers_created - buffers_destroyed, submissions, reads};
}

Buffer::Buffer(WGPUBuffer handle, uint64_t bytes) : handle_(handle), bytes_(bytes) {
  ++buffers_created;
}

Buffer::~Buffer() {
  if (handle_ == nullptr) return;
  ++buffers_destroyed;
  api().BufferDestroy(handle_);
  api().BufferRelease(handle_);
}

struct Device::Shared {
  std::atomic<bool> lost = false;
  std::mutex mutex;
  std::string lost_message, error;

  void set_error(WGPUStringView message) {
    const std::lock_guard lock(mutex);
    if (error.empty()) error = string_of(message);
  }
  std::string take_error() {
    const std::lock_guard lock(mutex);
    return std::exchange(error, {});
  }
};

std::shared_ptr<Device> Device::open() {
  static std::mutex mutex;
  struct Open {
    std::string adapter, features;
    std::weak_ptr<Device> device;
  };
  static std::vector<Open> open_devices;
  const WebgpuSettings wanted = settings();
  const std::lock_guard lock(mutex);
  std::erase_if(open_devices, [](const Open& open) { return open.device.expired(); });
  for (const Open& open : open_devices)
    if (open.adapter == wanted.adapter && open.features == wanted.features)
      if (std::shared_ptr<Device> shared = open.device.lock(); shared && !shared->shared_->lost) {
        if (wanted.strict) check_strict(shared->adapter(), shared->features());
        return shared;
      }

  const WGPUInstance instance = create_instance();
  const std::vector<Found> all = find_adapters(instance);
  std::shared_ptr<Device> device;
  std::string problem;
  try {
    const Found& chosen = choose(all, wanted.adapter);
    Features features = wanted.features == "all" ? chosen.adapter.features : Features{};
    features.software = chosen.adapter.kind == AdapterKind::kSoftware;
    features.workgroup_bytes = chosen.adapter.limits.maxComputeWorkgroupStorageSize;
    if (wanted.strict) check_strict(chosen.adapter, features);
    device = std::shared_ptr<Device>(new Device(instance, chosen.handle, chosen.adapter, features));
  } catch (const Error& error) {
    problem = error.what();
  }
  for (const Found& found : all) api().AdapterRelease(found.handle);
  if (device == nullptr) {
    api().InstanceRelease(instance);
    raise_message(problem);
  }
  open_devices.push_back({wanted.adapter, wanted.features, device});
  return device;
}

Device::Device(WGPUInstance instance, WGPUAdapter handle, Adapter adapter, const Features& features)
    : instance_(instance),
      adapter_(std::move(adapter)),
      features_(features),
      shared_(std::make_unique<Shared>()) {
  std::vector<WGPUFeatureName> wanted;
  if (features.int64) wanted.push_back(static_cast<WGPUFeatureName>(WGPUNativeFeature_ShaderInt64));
  if (features.float64) wanted.push_back(static_cast<WGPUFeatureName>(WGPUNativeFeature_ShaderF64));
  WGPULimits limits = adapter_.limits;
  limits.maxImmediateSize = 0;  // of a feature that is not asked for
  WGPUDeviceDescriptor descriptor{};
  descriptor.requiredFeatureCount = wanted.size();
  descriptor.requiredFeatures = wanted.data();
  descriptor.requiredLimits = &limits;
  descriptor.uncapturedErrorCallbackInfo.userdata1 = shared_.get();
  descriptor.uncapturedErrorCallbackInfo.callback =
      [](WGPUDevice const*, WGPUErrorType, WGPUStringView message, void* shared, void*) {
        static_cast<Shared*>(shared)->set_error(message);
      };
  descriptor.deviceLostCallbackInfo.mode = WGPUCallbackMode_AllowSpontaneous;
  descriptor.deviceLostCallbackInfo.userdata1 = shared_.get();
  descriptor.deviceLostCallbackInfo.callback = [](WGPUDevice const*, WGPUDeviceLostReason,
                                                  WGPUStringView message, void* opaque, void*) {
    auto& shared = *static_cast<Shared*>(opaque);
    const std::lock_guard lock(shared.mutex);
    if (shared.lost_message.empty()) shared.lost_message = string_of(message);
    shared.lost = true;
  };
  device_ = request_device(instance, handle, descriptor, adapter_.name);
  queue_ = api().DeviceGetQueue(device_);
}

template <class Create, class Release>
auto Device::checked(std::string_view what, Create&& create, Release&& release) {
  decltype(create()) handle = nullptr;
  try {
    guarded(what, [&] { handle = create(); });
  } catch (const Error&) {
    if (handle != nullptr) release(handle);
    throw;
  }
  return handle;
}

size_t Device::most_chunks() const {
  const size_t storage = adapter_.limits.maxStorageBuffersPerShaderStage;
  return std::clamp<size_t>(storage, kOtherStorage + 1, kOtherStorage + kMostChunks) -
         kOtherStorage;
}

Device::Bindings Device::bindings(size_t chunks) {
  const std::lock_guard lock(mutex_);
  Bindings& result = bindings_[chunks];
  if (result.pipeline != nullptr) return result;
  std::vector<WGPUBindGroupLayoutEntry> entries;
  const auto add = [&](uint32_t binding, WGPUBufferBindingType type, bool dynamic) {
    WGPUBindGroupLayoutEntry entry{};
    entry.binding = binding;
    entry.visibility = WGPUShaderStage_Compute;
    entry.buffer.type = type;
    entry.buffer.hasDynamicOffset = dynamic;
    entries.push_back(entry);
  };
  add(kBindMemory, WGPUBufferBindingType_Storage, false);
  add(kBindParams, WGPUBufferBindingType_Uniform, true);
  add(kBindCurveTables, WGPUBufferBindingType_ReadOnlyStorage, false);
  add(kBindFlags, WGPUBufferBindingType_Storage, false);
  add(kBindTables, WGPUBufferBindingType_ReadOnlyStorage, false);
  add(kBindRecord, WGPUBufferBindingType_Uniform, true);
  for (uint32_t i = 0; i < kDataBindings; ++i)
    add(kBindData + i, WGPUBufferBindingType_ReadOnlyStorage, false);
  for (uint32_t i = 1; i < chunks; ++i)
    add(kBindChunks + i - 1, WGPUBufferBindingType_Storage, false);
  if (result.group == nullptr)
    result.group = checked(
        "the bindings of kernels",
        [&] {
          WGPUBindGroupLayoutDescriptor descriptor{};
          descriptor.entryCount = entries.size();
          descriptor.entries = entries.data();
          return api().DeviceCreateBindGroupLayout(device_, &descriptor);
        },
        api().BindGroupLayoutRelease);
  result.pipeline = checked(
      "the layout of kernels",
      [&] {
        WGPUPipelineLayoutDescriptor descriptor{};
        descriptor.bindGroupLayoutCount = 1;
        descriptor.bindGroupLayouts = &result.group;
        return api().DeviceCreatePipelineLayout(device_, &descriptor);
      },
      api().PipelineLayoutRelease);
  return result;
}

Device::~Device() {
  for (const auto& [source, pipeline] : pipelines_) api().ComputePipelineRelease(pipeline);
  for (const auto& [chunks, bindings] : bindings_) {
    if (bindings.pipeline != nullptr) api().PipelineLayoutRelease(bindings.pipeline);
    if (bindings.group != nullptr) api().BindGroupLayoutRelease(bindings.group);
  }
  if (queue_ != nullptr) api().QueueRelease(queue_);
  if (device_ != nullptr) {
    // The lost callback comes while this object still exists.
    api().DeviceDestroy(device_);
    api().DeviceRelease(device_);
  }
  api().InstanceRelease(instance_);
}

void Device::check_alive() const {
  if (!shared_->lost) return;
  const std::lock_guard lock(shared_->mutex);
  throw DeviceLostError(
      fmt::format("[webgpu] device '{}' is lost: {}", adapter_.name, shared_->lost_message));
}

void Device::destroy() {
  api().DeviceDestroy(device_);
  api().DevicePoll(device_, 0, nullptr);
  shared_->lost = true;
}

void Device::guarded(std::string_view what, const std::function<void()>& create) {
  check_alive();
  struct Answer {
    std::atomic<bool> done = false;
    bool failed = false;
    std::string message;
  };
  const auto pop = [&](Answer& answer) {
    WGPUPopErrorScopeCallbackInfo callback{};
    callback.mode = WGPUCallbackMode_AllowSpontaneous;
    callback.userdata1 = &answer;
    callback.callback = [](WGPUPopErrorScopeStatus status, WGPUErrorType type,
                           WGPUStringView message, void* opaque, void*) {
      auto& result = *static_cast<Answer*>(opaque);
      result.failed = status == WGPUPopErrorScopeStatus_Success && type != WGPUErrorType_NoError;
      result.message = string_of(message);
      result.done = true;
    };
    api().DevicePopErrorScope(device_, callback);
    while (!answer.done) api().InstanceProcessEvents(instance_);
  };
  api().DevicePushErrorScope(device_, WGPUErrorFilter_Validation);
  api().DevicePushErrorScope(device_, WGPUErrorFilter_OutOfMemory);
  create();
  Answer memory, validation;
  pop(memory);
  pop(validation);
  const std::string other = shared_->take_error();
  check_alive();
  if (memory.failed)
    throw DeviceMemoryError(fmt::format("[webgpu] {}: device '{}' is out of memory: {}", what,
                                        adapter_.name, memory.message));
  if (validation.failed) raise("[webgpu] {}: {}", what, validation.message);
  if (!other.empty()) raise("[webgpu] {}: {}", what, other);
}

Buffer Device::create_buffer(uint64_t bytes, WGPUBufferUsage usage, std::string_view what) {
  bytes = std::max<uint64_t>((bytes + 15) / 16 * 16, 16);
  const uint64_t most = std::min<uint64_t>(adapter_.limits.maxBufferSize,
                                           (usage & WGPUBufferUsage_Storage) != 0
                                               ? adapter_.limits.maxStorageBufferBindingSize
                                               : adapter_.limits.maxBufferSize);
  if (bytes > most)
    throw DeviceMemoryError(fmt::format("[webgpu] {} needs {} bytes, device '{}' binds at most {}",
                                        what, bytes, adapter_.name, most));
  const std::lock_guard lock(mutex_);
  const WGPUBuffer handle = checked(
      what,
      [&] {
        WGPUBufferDescriptor descriptor{};
        descriptor.size = bytes;
        descriptor.usage = usage;
        return api().DeviceCreateBuffer(device_, &descriptor);
      },
      api().BufferRelease);
  return Buffer(handle, bytes);
}

void Device::write(const Buffer& buffer, uint64_t offset, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  check_alive();
  if (offset % 4 != 0 || bytes.size() % 4 != 0 || offset > buffer.bytes() ||
      bytes.size() > buffer.bytes() - offset)
    raise("[webgpu] a write of {} bytes at {} of a buffer of {}, expected whole words within it",
          bytes.size(), offset, buffer.bytes());
  api().QueueWriteBuffer(queue_, buffer.get(), offset, bytes.data(), bytes.size());
}

WGPUComputePipeline Device::pipeline(const std::string& source, std::string_view what,
                                     size_t chunks) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = pipelines_.find({chunks, source}); known != pipelines_.end())
      return known->second;
  }
  const WGPUPipelineLayout layout = bindings(chunks).pipeline;
  // Without the lock: drivers compile several at a time.
  const auto create = [&] {
    WGPUShaderSourceWGSL text{};
    text.chain.sType = WGPUSType_ShaderSourceWGSL;
    text.code = view_of(source);
    WGPUShaderModuleDescriptor module_descriptor{};
    module_descriptor.nextInChain = &text.chain;
    // Our loops end: without counters in them, compilers can unroll.
    const WGPUShaderModule module = api().DeviceCreateShaderModuleTrusted(
        device_, &module_descriptor, WGPUShaderRuntimeChecks_BoundsChecks);
    WGPUComputePipelineDescriptor descriptor{};
    descriptor.layout = layout;
    descriptor.compute.module = module;
    descriptor.compute.entryPoint = view_of("main");
    const WGPUComputePipeline created = api().DeviceCreateComputePipeline(device_, &descriptor);
    api().ShaderModuleRelease(module);
    return created;
  };
  const WGPUComputePipeline pipeline =
      checked(fmt::format("kernel {}", what), create, api().ComputePipelineRelease);
  const std::lock_guard lock(mutex_);
  const auto [entry, added] = pipelines_.emplace(std::pair(chunks, source), pipeline);
  if (!added) api().ComputePipelineRelease(pipeline);  // another thread was first
  return entry->second;
}

WGPUBindGroup Device::create_group(std::span<const Bound> bound, size_t chunks) {
  std::vector<WGPUBindGroupEntry> entries;
  for (const Bound& each : bound) {
    // The library would end the process.
    if (!*each.buffer || each.bytes == 0)
      raise("[webgpu] binding {} has {}", each.binding, *each.buffer ? "no bytes" : "no buffer");
    WGPUBindGroupEntry entry{};
    entry.binding = each.binding;
    entry.buffer = each.buffer->get();
    entry.size = each.bytes;
    entries.push_back(entry);
  }
  const WGPUBindGroupLayout layout = bindings(chunks).group;
  return checked(
      "the buffers of kernels",
      [&] {
        WGPUBindGroupDescriptor descriptor{};
        descriptor.layout = layout;
        descriptor.entryCount = entries.size();
        descriptor.entries = entries.data();
        return api().DeviceCreateBindGroup(device_, &descriptor);
      },
      api().BindGroupRelease);
}

WGPUCommandEncoder Device::create_encoder() {
  check_alive();
  return api().DeviceCreateCommandEncoder(device_, nullptr);
}

WGPUSubmissionIndex Device::submit(WGPUCommandEncoder encoder) {
  // An invalid submission would end the process; errors of encoding have been reported by now.
  const WGPUCommandBuffer commands = api().CommandEncoderFinish(encoder, nullptr);
  api().CommandEncoderRelease(encoder);
  const std::string problem = shared_->take_error();
  if (!problem.empty() || shared_->lost) {
    api().CommandBufferRelease(commands);
    check_alive();
    raise("[webgpu] commands: {}", problem);
  }
  ++submissions;
  const WGPUSubmissionIndex index = api().QueueSubmitForIndex(queue_, 1, &commands);
  api().CommandBufferRelease(commands);
  api().DevicePoll(device_, 0, nullptr);  // lets the library reuse what is finished
  return index;
}

void Device::wait(WGPUSubmissionIndex submission) {
  check_alive();
  api().DevicePoll(device_, 1, &submission);
}

void Device::read(const Buffer& staging, std::span<std::byte> bytes) {
  check_alive();
  if (bytes.empty()) return;
  Readback readback(staging, bytes.size());
  ++reads;
  // Short work is answered soonest by asking often; longer work should not keep a processor busy.
  const auto patience = std::chrono::steady_clock::now() + std::chrono::milliseconds(2);
  while (!readback.arrived() && !shared_->lost) {
    const bool spin = std::chrono::steady_clock::now() < patience;
    api().DevicePoll(device_, spin ? 0 : 1, nullptr);
  }
  check_alive();
  const std::string problem = shared_->take_error();
  if (!problem.empty()) raise("[webgpu] reading back: {}", problem);
  readback.take(bytes);
}

void Device::poll() {
  check_alive();
  api().DevicePoll(device_, 0, nullptr);
}

}  // namespace paragon::webgpu
