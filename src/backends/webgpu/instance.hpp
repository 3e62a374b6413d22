// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "backends/webgpu/device.hpp"
#include "backends/webgpu/emit/kernel.hpp"
#include "backends/webgpu/layout.hpp"
#include "backends/webgpu/readback.hpp"
#include "runtime/backend.hpp"

namespace paragon::webgpu {

/// A program on a device. run() only encodes: scalars that the host has set go into a record that
/// the phase's first kernel reads, many runs become one submission, and nothing waits for the
/// device but download().
class WebgpuInstance final : public runtime::Instance {
 public:
  WebgpuInstance(std::shared_ptr<const runtime::Program> program, std::shared_ptr<Device> device);
  ~WebgpuInstance() override;

  void upload(uint32_t slot, std::span<const std::byte> bytes) override;
  void download(uint32_t slot, std::span<std::byte> bytes) override;
  uint64_t peek(uint32_t slot, uint64_t tag, std::span<std::byte> bytes) override;
  void bind(uint32_t slot, std::span<const std::byte> bytes) override;
  void run(size_t phase) override;
  size_t planned_bytes() const override;
  std::vector<KernelTime> time_kernels(size_t phase, size_t repetitions) override;

  /// Kernels of a phase.
  size_t dispatches(size_t phase) const { return phases_[phase].size(); }
  Device& device() { return *device_; }

 private:
  struct BoundKernel {
    WGPUComputePipeline pipeline;
    uint32_t params;  ///< offset of its numbers, in bytes
    uint32_t groups_x, groups_y;
    std::string name;
  };

  /// A data slot that stays on the host.
  struct Stream {
    std::vector<Gathering> gatherings;  ///< none: the slot lies on the device
    std::span<const std::byte> host;    ///< what is bound
    std::vector<std::byte> windows;     ///< of the runs that are not yet submitted
  };

  void create_buffers(const std::vector<int32_t>& tables, const std::vector<uint32_t>& params,
                      uint32_t params_window);
  void upload_constants();
  /// Calls segment(buffer, offset, first, bytes) for each buffer that holds bytes of a place, from
  /// byte `first` of it on.
  template <class Segment>
  void for_each_segment(const Place& place, size_t first, size_t bytes, Segment&& segment) const;
  void write(const Place& place, std::span<const std::byte> bytes);
  /// Submits what is encoded and a copy of bytes of a place, from byte `first` on.
  void copy(const Place& place, size_t first, size_t bytes, const Buffer& to);
  /// Reads bytes of a place from byte `first` on.
  void read(const Place& place, size_t first, std::span<std::byte> bytes);
  /// Makes a scalar part of the next run's record; false if that is full.
  bool defer(const Place& place, std::span<const std::byte> bytes);
  void begin_pass();
  void end_pass();
  void encode(const BoundKernel& kernel, size_t record);
  void create_streams();
  /// Puts the rows of a phase's next run into the windows of the submission.
  void stream(size_t phase);
  /// Submits what is encoded.
  WGPUSubmissionIndex flush();

  std::shared_ptr<const runtime::Program> program_;
  std::shared_ptr<Device> device_;
  Layout layout_;
  std::vector<std::vector<BoundKernel>> phases_;
  std::vector<Buffer> memory_;  // chunks
  Buffer flags_, tables_, curves_, params_, records_;
  std::vector<Buffer> data_;
  std::vector<Stream> streams_;         // one for each data slot
  std::vector<uint64_t> host_scalars_;  // what the host has set, by slot
  size_t half_ = 0;                     // which windows the next submission reads
  Buffer staging_;
  PeekRing peeks_;
  WGPUBindGroup group_ = nullptr;
  WGPUCommandEncoder encoder_ = nullptr;
  WGPUComputePassEncoder pass_ = nullptr;
  std::vector<uint32_t> record_words_;  // of the runs that are not yet submitted
  std::vector<uint32_t> pending_;       // entries of the next run's record: place, word, ...
  size_t encoded_ = 0;                  // runs
  std::vector<WGPUSubmissionIndex> in_flight_;
};

}  // namespace paragon::webgpu
