// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <webgpu.h>
#include <wgpu.h>

#include <string>
#include <string_view>

namespace paragon::webgpu {

/// The functions of webgpu.h that we call, found in a library at run time. wgpu-native panics in
/// functions it does not implement (wgpuDeviceCreateComputePipelineAsync, wgpuInstanceWaitAny, all
/// labels, ...), so this list is also what is known to work.
#define PARAGON_WEBGPU_FUNCTIONS(X)       \
  X(CreateInstance)                       \
  X(InstanceRelease)                      \
  X(AdapterGetFeatures)                   \
  X(AdapterGetInfo)                       \
  X(AdapterGetLimits)                     \
  X(AdapterRelease)                       \
  X(AdapterRequestDevice)                 \
  X(AdapterInfoFreeMembers)               \
  X(BindGroupLayoutRelease)               \
  X(BindGroupRelease)                     \
  X(BufferDestroy)                        \
  X(BufferGetConstMappedRange)            \
  X(BufferMapAsync)                       \
  X(BufferRelease)                        \
  X(BufferUnmap)                          \
  X(CommandBufferRelease)                 \
  X(CommandEncoderBeginComputePass)       \
  X(CommandEncoderCopyBufferToBuffer)     \
  X(CommandEncoderFinish)                 \
  X(CommandEncoderRelease)                \
  X(ComputePassEncoderDispatchWorkgroups) \
  X(ComputePassEncoderEnd)                \
  X(ComputePassEncoderRelease)            \
  X(ComputePassEncoderSetBindGroup)       \
  X(ComputePassEncoderSetPipeline)        \
  X(ComputePipelineRelease)               \
  X(DeviceCreateBindGroup)                \
  X(DeviceCreateBindGroupLayout)          \
  X(DeviceCreateBuffer)                   \
  X(DeviceCreateCommandEncoder)           \
  X(DeviceCreateComputePipeline)          \
  X(DeviceCreatePipelineLayout)           \
  X(DeviceDestroy)                        \
  X(DeviceGetLimits)                      \
  X(DeviceGetQueue)                       \
  X(DevicePopErrorScope)                  \
  X(DevicePushErrorScope)                 \
  X(DeviceRelease)                        \
  X(InstanceProcessEvents)                \
  X(PipelineLayoutRelease)                \
  X(QueueRelease)                         \
  X(QueueWriteBuffer)                     \
  X(ShaderModuleRelease)                  \
  X(SupportedFeaturesFreeMembers)         \
  /* of wgpu.h */                         \
  X(DeviceCreateShaderModuleTrusted)      \
  X(DevicePoll)                           \
  X(InstanceEnumerateAdapters)            \
  X(QueueSubmitForIndex)

struct Api {
#define X(name) decltype(&::wgpu##name) name = nullptr;
  PARAGON_WEBGPU_FUNCTIONS(X)
#undef X
};

/// The loaded library: the one that `PARAGON_WEBGPU_LIBRARY` names, else the one that the build
/// found, else libwgpu_native.so of the system. Raises, with what was tried, if there is none or if
/// it lacks a function. Loaded once for the process.
const Api& api();

inline std::string_view text_of(WGPUStringView view) {
  if (view.data == nullptr) return {};
  return view.length == WGPU_STRLEN ? std::string_view(view.data)
                                    : std::string_view(view.data, view.length);
}
inline WGPUStringView view_of(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace paragon::webgpu
