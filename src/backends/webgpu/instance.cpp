// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/instance.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <future>
#include <thread>
#include <utility>

#include "backends/webgpu/emit/plan.hpp"
#include "backends/webgpu/settings.hpp"
#include "runtime/host_memory.hpp"

namespace paragon::webgpu {
namespace {

constexpr size_t kSubmissionsInFlight = 3;
constexpr size_t kLeastChunkBytes = 4096;
constexpr WGPUBufferUsage kStorage =
    WGPUBufferUsage_Storage | WGPUBufferUsage_CopyDst | WGPUBufferUsage_CopySrc;
constexpr WGPUBufferUsage kUniform = WGPUBufferUsage_Uniform | WGPUBufferUsage_CopyDst;
constexpr size_t kRecordBytes = kRecordWords * 4;  // a multiple of 256, every device's alignment
static_assert(kRecordBytes % 256 == 0);

template <class T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

/// The pipelines of all kernels, in their order, made by as many threads as there are processors.
std::vector<WGPUComputePipeline> create_pipelines(Device& device,
                                                  const std::vector<PhasePlan>& plans,
                                                  size_t chunks) {
  std::vector<const Kernel*> kernels;
  for (const PhasePlan& plan : plans)
    for (const Kernel& kernel : plan.kernels) kernels.push_back(&kernel);
  std::vector<WGPUComputePipeline> pipelines(kernels.size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < kernels.size(); i = next++)
      pipelines[i] =
          device.pipeline(link(kernels[i]->text, device.features()), kernels[i]->name, chunks);
  };
  const size_t helpers =
      std::min<size_t>(std::max(std::thread::hardware_concurrency(), 1u), kernels.size());
  std::vector<std::future<void>> threads;
  for (size_t i = 1; i < helpers; ++i) threads.push_back(std::async(std::launch::async, work));
  work();
  for (std::future<void>& thread : threads) thread.get();  // and what they raise
  return pipelines;
}

Room room_of(const Device& device) {
  const WGPULimits& limits = device.adapter().limits;
  const uint64_t most = std::min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  const auto up_to = [&](uint64_t wanted) { return wanted == 0 ? most : std::min(most, wanted); };
  const WebgpuSettings wanted = settings();
  return {.data_bytes = up_to(wanted.data_bytes),
          .chunk_bytes = std::max(up_to(wanted.binding_bytes), uint64_t{kLeastChunkBytes}),
          .chunks = device.most_chunks()};
}

}  // namespace

WebgpuInstance::WebgpuInstance(std::shared_ptr<const runtime::Program> program,
                               std::shared_ptr<Device> device)
    : program_(std::move(program)),
      device_(std::move(device)),
      layout_(*program_, room_of(*device_)) {
  Tables tables;
  const std::vector<PhasePlan> plans =
      plan_kernels(*program_, layout_, tables, device_->features());
  const std::vector<WGPUComputePipeline> pipelines =
      create_pipelines(*device_, plans, layout_.chunks());
  size_t next = 0;
  const uint32_t alignment = device_->adapter().limits.minUniformBufferOffsetAlignment;
  std::vector<uint32_t> params;
  uint32_t window = 16;  // bytes of the longest kernel's numbers
  for (const PhasePlan& plan : plans) {
    std::vector<BoundKernel>& phase = phases_.emplace_back();
    for (const Kernel& kernel : plan.kernels) {
      BoundKernel bound{};
      bound.pipeline = pipelines[next++];
      bound.name = kernel.name;
      params.resize((params.size() * 4 + alignment - 1) / alignment * alignment / 4);
      bound.params = static_cast<uint32_t>(params.size() * 4);
      params.insert(params.end(), kernel.params.begin(), kernel.params.end());
      window = std::max(window, static_cast<uint32_t>((kernel.params.size() + 3) / 4 * 16));
      const uint32_t most = device_->adapter().limits.maxComputeWorkgroupsPerDimension;
      bound.groups_x = std::min(kernel.groups_x, most);
      bound.groups_y = (kernel.groups_x + bound.groups_x - 1) / std::max(bound.groups_x, 1u);
      if (bound.groups_x > 0) phase.push_back(bound);
    }
  }
  create_buffers(tables.values(), params, window);
  upload_constants();
  create_streams();
  record_words_.reserve(kRunsPerSubmission * kRecordWords);
  pending_.reserve(kRecordWords);
}

WebgpuInstance::~WebgpuInstance() {
  if (pass_ != nullptr) {
    api().ComputePassEncoderEnd(pass_);
    api().ComputePassEncoderRelease(pass_);
  }
  if (encoder_ != nullptr) api().CommandEncoderRelease(encoder_);
  if (group_ != nullptr) api().BindGroupRelease(group_);
}

void WebgpuInstance::create_buffers(const std::vector<int32_t>& tables,
                                    const std::vector<uint32_t>& params, uint32_t params_window) {
  for (size_t left = layout_.memory_words(), words = 0; left > 0; left -= words) {
    words = std::min(left, layout_.chunk_words());
    memory_.push_back(device_->create_buffer(words * 4, kStorage, "the program's memory"));
  }
  flags_ = device_->create_buffer(layout_.flag_words() * 4, kStorage, "the flags");
  tables_ = device_->create_buffer(tables.size() * 4, kStorage, "the index tables");
  const std::span<const std::byte> curves = curve_table_bytes();
  curves_ = device_->create_buffer(curves.size(), kStorage, "the tables of curves");
  params_ =
      device_->create_buffer(params.size() * 4 + params_window, kUniform, "the kernels' numbers");
  records_ =
      device_->create_buffer(kRunsPerSubmission * kRecordBytes, kUniform, "the runs' scalars");
  for (const DataSlot& data : layout_.data())
    data_.push_back(device_->create_buffer(data.bytes, kStorage, "the data set"));
  device_->write(tables_, 0, bytes_of(tables));
  device_->write(curves_, 0, curves);
  device_->write(params_, 0, bytes_of(params));

  std::vector<Device::Bound> bound = {{kBindParams, &params_, params_window},
                                      {kBindCurveTables, &curves_, curves_.bytes()},
                                      {kBindFlags, &flags_, flags_.bytes()},
                                      {kBindTables, &tables_, tables_.bytes()},
                                      {kBindRecord, &records_, kRecordBytes}};
  for (uint32_t i = 0; i < memory_.size(); ++i)
    bound.push_back({i == 0 ? kBindMemory : kBindChunks + i - 1, &memory_[i], memory_[i].bytes()});
  for (uint32_t i = 0; i < kDataBindings; ++i) {
    // A binding needs a buffer, whether a kernel reads it or not.
    const Buffer& buffer = i < data_.size() ? data_[i] : tables_;
    bound.push_back({kBindData + i, &buffer, buffer.bytes()});
  }
  group_ = device_->create_group(bound, memory_.size());
}

void WebgpuInstance::upload_constants() {
  for (runtime::BufferId id = 0; id < program_->buffers.size(); ++id) {
    const runtime::Buffer& buffer = program_->buffers[id];
    if (buffer.kind != runtime::Buffer::Kind::kConstant) continue;
    // A scalar takes two words, of which narrow types use the first.
    write(layout_[id], std::as_bytes(std::span(&buffer.constant, 1)));
  }
}

void WebgpuInstance::create_streams() {
  host_scalars_.resize(program_->slots.size());
  for (const DataSlot& data : layout_.data()) {
    Stream& stream = streams_.emplace_back();
    stream.gatherings = data.gatherings;
    const Place& place = layout_[data.buffer];
    stream.windows.resize(kRunsPerSubmission * place.window * place.pitch * size_of(place.type));
  }
}

void WebgpuInstance::stream(size_t phase) {
  for (size_t i = 0; i < streams_.size(); ++i) {
    Stream& stream = streams_[i];
    const Place& place = layout_[layout_.data()[i].buffer];
    const size_t row = place.cols * size_of(place.type), pitch = place.pitch * size_of(place.type);
    for (Gathering& gathering : stream.gatherings) {
      if (gathering.phase != phase) continue;
      const size_t known = stream.host.size() / std::max<size_t>(row, 1);
      std::byte* to = stream.windows.data() + encoded_ * place.window * pitch;
      for (size_t r = 0; r < gathering.rows; ++r, to += pitch) {
        const auto index = static_cast<uint64_t>(gathering.index.at(r, host_scalars_));
        if (index < known)
          std::memcpy(to, stream.host.data() + index * row, row);
        else  // as a gather from the device's memory
          std::memset(to, 0, row);
      }
    }
  }
}

void WebgpuInstance::begin_pass() {
  if (encoder_ == nullptr) encoder_ = device_->create_encoder();
  if (pass_ == nullptr) pass_ = api().CommandEncoderBeginComputePass(encoder_, nullptr);
}

void WebgpuInstance::end_pass() {
  if (pass_ == nullptr) return;
  api().ComputePassEncoderEnd(pass_);
  api().ComputePassEncoderRelease(pass_);
  pass_ = nullptr;
}

void WebgpuInstance::encode(const BoundKernel& kernel, size_t record) {
  const uint32_t offsets[] = {kernel.params, static_cast<uint32_t>(record * 4)};
  api().ComputePassEncoderSetPipeline(pass_, kernel.pipeline);
  api().ComputePassEncoderSetBindGroup(pass_, 0, group_, 2, offsets);
  api().ComputePassEncoderDispatchWorkgroups(pass_, kernel.groups_x, kernel.groups_y, 1);
}

void WebgpuInstance::run(size_t phase) {
  runtime::expect_phase(*program_, phase);
  device_->check_alive();
  begin_pass();
  stream(phase);
  const size_t start = record_words_.size();
  record_words_.push_back(static_cast<uint32_t>(pending_.size() / 2));
  record_words_.push_back(static_cast<uint32_t>(half_ * kRunsPerSubmission + encoded_));
  record_words_.insert(record_words_.end(), pending_.begin(), pending_.end());
  record_words_.resize(start + kRecordWords);
  pending_.clear();
  for (const BoundKernel& kernel : phases_[phase]) encode(kernel, start);
  if (++encoded_ == kRunsPerSubmission) flush();
}

WGPUSubmissionIndex WebgpuInstance::flush() {
  if (encoder_ == nullptr) return 0;
  end_pass();
  device_->write(records_, 0, bytes_of(record_words_));
  for (size_t i = 0; i < streams_.size(); ++i) {
    const std::vector<std::byte>& windows = streams_[i].windows;
    const size_t used = (windows.size() / kRunsPerSubmission * encoded_ + 3) / 4 * 4;
    device_->write(data_[i], half_ * windows.size(), std::span(windows).first(used));
  }
  half_ = 1 - half_;
  const WGPUSubmissionIndex index = device_->submit(std::exchange(encoder_, nullptr));
  record_words_.clear();
  encoded_ = 0;
  in_flight_.push_back(index);
  if (in_flight_.size() > kSubmissionsInFlight) {
    device_->wait(in_flight_.front());
    in_flight_.erase(in_flight_.begin());
  }
  return index;
}

std::vector<KernelTime> WebgpuInstance::time_kernels(size_t phase, size_t repetitions) {
  using Clock = std::chrono::steady_clock;
  std::vector<KernelTime> timings;
  run(phase);
  device_->wait(flush());
  for (const BoundKernel& kernel : phases_[phase]) {
    const auto time = [&](size_t times) -> std::chrono::nanoseconds {
      const Clock::time_point start = Clock::now();
      begin_pass();
      record_words_.resize(kRecordWords);
      for (size_t i = 0; i < times; ++i) encode(kernel, 0);
      device_->wait(flush());
      return Clock::now() - start;
    };
    time(1);
    const std::chrono::nanoseconds once = time(1), all = time(1 + repetitions);
    timings.push_back({kernel.name, (all - once) / static_cast<int64_t>(repetitions)});
  }
  return timings;
}

size_t WebgpuInstance::planned_bytes() const {
  size_t bytes = flags_.bytes() + tables_.bytes() + curves_.bytes() + params_.bytes() +
                 records_.bytes() + staging_.bytes();
  for (const std::vector<Buffer>* buffers : {&memory_, &data_})
    for (const Buffer& buffer : *buffers) bytes += buffer.bytes();
  return bytes;
}

}  // namespace paragon::webgpu
