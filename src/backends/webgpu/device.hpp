// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backends/webgpu/adapters.hpp"

namespace paragon::webgpu {

/// What all devices of the process have done so far.
struct Counters {
  uint64_t buffers = 0;        ///< created
  uint64_t buffers_alive = 0;  ///< and not yet destroyed
  uint64_t submissions = 0;
  uint64_t reads = 0;  ///< waits for the device's answer
};
Counters counters();

/// A buffer on a device; destroyed with its owner.
class Buffer {
 public:
  Buffer() = default;
  Buffer(WGPUBuffer handle, uint64_t bytes);
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Buffer();

  WGPUBuffer get() const { return handle_; }
  uint64_t bytes() const { return bytes_; }
  explicit operator bool() const { return handle_ != nullptr; }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(bytes_, other.bytes_);
  }
  WGPUBuffer handle_ = nullptr;
  uint64_t bytes_ = 0;
};

/// An open device, shared by all instances that run on it. The library ends the process on some
/// invalid calls and reports others late, so everything is checked here before it is called, and
/// nothing is submitted to a device that is lost.
class Device {
 public:
  /// The device that settings() ask for; open devices are shared. Raises if no adapter fits.
  static std::shared_ptr<Device> open();
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const Adapter& adapter() const { return adapter_; }
  const Features& features() const { return features_; }
  WGPUDevice get() const { return device_; }

  /// Raises DeviceMemoryError beyond the device's limits or its memory.
  Buffer create_buffer(uint64_t bytes, WGPUBufferUsage usage, std::string_view what);
  void write(const Buffer& buffer, uint64_t offset, std::span<const std::byte> bytes);
  /// A compute pipeline of WGSL whose entry is main, of a program whose memory has so many chunks;
  /// equal texts share one. Raises with the compiler's message.
  WGPUComputePipeline pipeline(const std::string& source, std::string_view what, size_t chunks = 1);
  /// Chunks of a program's memory, at most.
  size_t most_chunks() const;

  /// What a binding reads: the first bytes of a buffer.
  struct Bound {
    uint32_t binding;
    const Buffer* buffer;
    uint64_t bytes;
  };
  /// A group for the kernels of a program whose memory has so many chunks, to be released. Raises
  /// if a binding is missing or too large.
  WGPUBindGroup create_group(std::span<const Bound> bound, size_t chunks = 1);

  WGPUCommandEncoder create_encoder();
  /// Takes the encoder. Raises if what was encoded is invalid, or the device is lost.
  WGPUSubmissionIndex submit(WGPUCommandEncoder encoder);
  void wait(WGPUSubmissionIndex submission);
  /// Maps the first bytes of a buffer, which has been copied to, for reading.
  void read(const Buffer& staging, std::span<std::byte> bytes);
  /// Lets answers arrive that are ready, without waiting for others.
  void poll();

  /// Raises DeviceLostError if the device is lost.
  void check_alive() const;
  /// Loses the device, for tests.
  void destroy();

 private:
  struct Shared;  // what the library's callbacks write to
  Device(WGPUInstance instance, WGPUAdapter handle, Adapter adapter, const Features& features);
  /// What kernels bind, by the chunks of memory.
  struct Bindings {
    WGPUBindGroupLayout group = nullptr;
    WGPUPipelineLayout pipeline = nullptr;
  };
  Bindings bindings(size_t chunks);
  /// Runs `create` and raises what it reports.
  void guarded(std::string_view what, const std::function<void()>& create);
  /// What `create` gives; invalid objects have handles, too, which are released.
  template <class Create, class Release>
  auto checked(std::string_view what, Create&& create, Release&& release);

  WGPUInstance instance_;
  Adapter adapter_;
  Features features_;
  std::unique_ptr<Shared> shared_;
  WGPUDevice device_ = nullptr;
  WGPUQueue queue_ = nullptr;
  std::mutex mutex_;
  std::map<size_t, Bindings> bindings_;
  std::map<std::pair<size_t, std::string>, WGPUComputePipeline> pipelines_;
};

}  // namespace paragon::webgpu
