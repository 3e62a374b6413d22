// SPDX-License-Identifier: Apache-2.0
// What the library of WebGPU answers with the end of the process, or late: here each is an
// exception, after which the device works as before.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <thread>

#include <paragon/webgpu.hpp>

#include "backends/webgpu/device.hpp"
#include "backends/webgpu/emit/kernel.hpp"
#include "core/error.hpp"
#include "formula_batch.hpp"
#include "graph_runner.hpp"
#include "raises.hpp"

namespace paragon {
namespace {

using webgpu::Buffer;
using webgpu::Device;

constexpr WGPUBufferUsage kStorage =
    WGPUBufferUsage_Storage | WGPUBufferUsage_CopyDst | WGPUBufferUsage_CopySrc;
constexpr WGPUBufferUsage kUniform = WGPUBufferUsage_Uniform | WGPUBufferUsage_CopyDst;
constexpr WGPUBufferUsage kStaging = WGPUBufferUsage_MapRead | WGPUBufferUsage_CopyDst;
constexpr const char* kKernel =
    "@group(0) @binding(0) var<storage, read_write> memory: array<vec4<u32>>;\n"
    "@compute @workgroup_size(1)\nfn main() { memory[0].x = memory[0].x + 1u; }\n";

/// A device with the buffers that a kernel binds.
struct Bench {
  std::shared_ptr<Device> device = Device::open();
  Buffer memory = device->create_buffer(256, kStorage, "memory"),
         other = device->create_buffer(256, kStorage, "other"),
         uniform = device->create_buffer(4096, kUniform, "numbers"),
         staging = device->create_buffer(256, kStaging, "staging");
  Buffer flags = device->create_buffer(256, kStorage, "flags");

  std::vector<Device::Bound> bound() const {
    return testing::all_bindings(memory, other, flags, uniform);
  }

  /// Encodes a pass in which `use` does something after pipeline and group are set.
  WGPUCommandEncoder encoded(const std::function<void(WGPUComputePassEncoder)>& use,
                             bool group = true, bool end = true) {
    const webgpu::Api& api = webgpu::api();
    const WGPUComputePipeline pipeline = device->pipeline(kKernel, "count");
    const WGPUCommandEncoder encoder = device->create_encoder();
    const WGPUComputePassEncoder pass = api.CommandEncoderBeginComputePass(encoder, nullptr);
    api.ComputePassEncoderSetPipeline(pass, pipeline);
    if (group) {
      const WGPUBindGroup made = device->create_group(bound());
      const uint32_t offsets[] = {0, 0};
      api.ComputePassEncoderSetBindGroup(pass, 0, made, 2, offsets);
      api.BindGroupRelease(made);
    }
    use(pass);
    if (end) api.ComputePassEncoderEnd(pass);
    api.ComputePassEncoderRelease(pass);
    return encoder;
  }

  /// Adds 1 on the device and reads the sum.
  uint32_t count() {
    const WGPUCommandEncoder encoder = encoded([](WGPUComputePassEncoder pass) {
      webgpu::api().ComputePassEncoderDispatchWorkgroups(pass, 1, 1, 1);
    });
    webgpu::api().CommandEncoderCopyBufferToBuffer(encoder, memory.get(), 0, staging.get(), 0, 16);
    device->submit(encoder);
    uint32_t sum = 0;
    device->read(staging, std::as_writable_bytes(std::span(&sum, 1)));
    return sum;
  }
};

struct Misuse {
  const char* name;
  std::function<void(Bench&)> commit;
  const char* says;  ///< part of the message
};

std::vector<std::byte> zeros(size_t bytes) {
  return std::vector<std::byte>(bytes);
}

std::string kernel(const std::string& body, const std::string& before = "",
                   const std::string& size = "1") {
  return before + "@compute @workgroup_size(" + size + ")\nfn main() { " + body + " }\n";
}

void compile(Bench& bench, const std::string& text) {
  bench.device->pipeline(text, "test");
}

void group_with(Bench& bench, const std::function<void(std::vector<Device::Bound>&)>& change) {
  std::vector<Device::Bound> bound = bench.bound();
  change(bound);
  webgpu::api().BindGroupRelease(bench.device->create_group(bound));
}

void copy(Bench& bench, uint64_t from, uint64_t to, uint64_t bytes, const Buffer& source) {
  const WGPUCommandEncoder encoder = bench.device->create_encoder();
  webgpu::api().CommandEncoderCopyBufferToBuffer(encoder, source.get(), from, bench.staging.get(),
                                                 to, bytes);
  bench.device->submit(encoder);
}

void dispatch(WGPUComputePassEncoder pass) {
  webgpu::api().ComputePassEncoderDispatchWorkgroups(pass, 1, 1, 1);
}

const Misuse kMisuses[] = {
    // Kernels.
    {"WGSL that does not parse", [](Bench& b) { compile(b, "fn main( {"); }, "kernel test"},
    {"WGSL of wrong types", [](Bench& b) { compile(b, kernel("let x: i32 = 1.5f;")); },
     "kernel test"},
    {"an unknown function", [](Bench& b) { compile(b, kernel("nothing();")); }, "kernel test"},
    {"no entry", [](Bench& b) { compile(b, "fn other() {}\n"); }, "kernel test"},
    {"a division by the constant zero", [](Bench& b) { compile(b, kernel("var x = 5 / 0;")); },
     "kernel test"},
    {"a workgroup that is too large", [](Bench& b) { compile(b, kernel("", "", "65536")); },
     "kernel test"},
    {"a binding that the layout lacks",
     [](Bench& b) {
       compile(b, kernel("x[0] = 1u;",
                         "@group(0) @binding(900) var<storage, read_write> x: array<u32>;\n"));
     },
     "kernel test"},
    {"a binding of another kind",
     [](Bench& b) {
       compile(b, kernel("x[0] = 1u;",
                         "@group(0) @binding(1) var<storage, read_write> x: array<u32>;\n"));
     },
     "kernel test"},
    // Buffers.
    {"a buffer beyond the device's limits",
     [](Bench& b) { b.device->create_buffer(uint64_t{1} << 40, kStorage, "large"); },
     "large needs"},
    {"a staging buffer beyond the device's limits",
     [](Bench& b) { b.device->create_buffer(uint64_t{1} << 40, kStaging, "large"); },
     "large needs"},
    {"usages that exclude each other",
     [](Bench& b) { b.device->create_buffer(64, WGPUBufferUsage_MapRead | kStorage, "odd"); },
     "odd"},
    {"a write beyond the end", [](Bench& b) { b.device->write(b.memory, 0, zeros(512)); },
     "512 bytes at 0 of a buffer of 256"},
    {"a write whose end wraps around",
     [](Bench& b) { b.device->write(b.memory, ~uint64_t{0} - 3, zeros(8)); }, "a write of 8 bytes"},
    {"a write at half a word", [](Bench& b) { b.device->write(b.memory, 2, zeros(4)); },
     "whole words"},
    {"a write of half a word", [](Bench& b) { b.device->write(b.memory, 0, zeros(2)); },
     "whole words"},
    {"a write to no buffer", [](Bench& b) { b.device->write(Buffer(), 0, zeros(4)); },
     "a buffer of 0"},
    // Groups.
    {"a group with a binding missing",
     [](Bench& b) { group_with(b, [](auto& bound) { bound.pop_back(); }); }, "the buffers"},
    {"a group with a binding twice",
     [](Bench& b) { group_with(b, [](auto& bound) { bound.push_back(bound.back()); }); },
     "the buffers"},
    {"a group of no buffer",
     [](Bench& b) {
       const Buffer none;
       group_with(b, [&](auto& bound) { bound[0].buffer = &none; });
     },
     "binding 0 has no buffer"},
    {"a group of no bytes",
     [](Bench& b) { group_with(b, [](auto& bound) { bound[0].bytes = 0; }); },
     "binding 0 has no bytes"},
    {"a group beyond a buffer",
     [](Bench& b) { group_with(b, [](auto& bound) { bound[0].bytes = 512; }); }, "the buffers"},
    {"a group of a buffer that is not for kernels",
     [](Bench& b) { group_with(b, [&](auto& bound) { bound[0].buffer = &b.staging; }); },
     "the buffers"},
    // Commands.
    {"a dispatch without a group", [](Bench& b) { b.device->submit(b.encoded(dispatch, false)); },
     "commands"},
    {"more workgroups than a dimension holds",
     [](Bench& b) {
       b.device->submit(b.encoded([](WGPUComputePassEncoder pass) {
         webgpu::api().ComputePassEncoderDispatchWorkgroups(pass, 1u << 31, 1, 1);
       }));
     },
     "commands"},
    {"numbers beyond their buffer",
     [](Bench& b) {
       b.device->submit(b.encoded([&](WGPUComputePassEncoder pass) {
         const WGPUBindGroup group = b.device->create_group(b.bound());
         const uint32_t offsets[] = {4096, 0};
         webgpu::api().ComputePassEncoderSetBindGroup(pass, 0, group, 2, offsets);
         webgpu::api().BindGroupRelease(group);
         dispatch(pass);
       }));
     },
     "commands"},
    {"a copy beyond the end", [](Bench& b) { copy(b, 0, 0, 512, b.memory); }, "commands"},
    {"a copy of half a word", [](Bench& b) { copy(b, 0, 0, 2, b.memory); }, "commands"},
    {"a copy from a buffer that is not for copies", [](Bench& b) { copy(b, 0, 0, 16, b.uniform); },
     "commands"},
    {"a pass that has not ended",
     [](Bench& b) { b.device->submit(b.encoded(dispatch, true, false)); }, "commands"},
    // Reading.
    {"reading beyond the end",
     [](Bench& b) {
       auto bytes = zeros(512);
       b.device->read(b.staging, bytes);
     },
     "512 bytes of a buffer of 256"},
    {"reading a buffer that cannot be mapped",
     [](Bench& b) {
       auto bytes = zeros(16);
       b.device->read(b.memory, bytes);
     },
     "reading back"},
    {"reading no buffer",
     [](Bench& b) {
       auto bytes = zeros(16);
       b.device->read(Buffer(), bytes);
     },
     "a buffer of 0"},
};

class Misuses : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::webgpu_is_there()) GTEST_SKIP() << webgpu_problem();
  }
  void TearDown() override { set_webgpu({}); }
};

TEST_F(Misuses, AreExceptionsAndTheDeviceGoesOn) {
  Bench bench;
  uint32_t counted = bench.count();
  for (const Misuse& misuse : kMisuses) {
    SCOPED_TRACE(misuse.name);
    const std::string message = testing::message_of([&] { misuse.commit(bench); });
    EXPECT_TRUE(testing::contains(message, misuse.says)) << "it says: '" << message << "'";
    EXPECT_EQ(bench.count(), ++counted) << "the device has suffered";
  }
}

TEST_F(Misuses, NothingReachesALostDevice) {
  const std::pair<const char*, std::function<void(Bench&, WGPUCommandEncoder)>> calls[] = {
      {"a buffer", [](Bench& b, auto) { b.device->create_buffer(64, kStorage, "late"); }},
      {"a write", [](Bench& b, auto) { b.device->write(b.memory, 0, zeros(4)); }},
      {"a kernel", [](Bench& b, auto) { compile(b, kernel("")); }},
      {"a group", [](Bench& b, auto) { group_with(b, [](auto&) {}); }},
      {"an encoder", [](Bench& b, auto) { b.device->create_encoder(); }},
      {"commands", [](Bench& b, WGPUCommandEncoder before) { b.device->submit(before); }},
      {"a wait", [](Bench& b, auto) { b.device->wait(1); }},
      {"reading",
       [](Bench& b, auto) {
         auto bytes = zeros(16);
         b.device->read(b.staging, bytes);
       }},
  };
  for (const auto& [name, call] : calls) {
    SCOPED_TRACE(name);
    Bench bench;
    EXPECT_EQ(bench.count(), 1u);
    const WGPUCommandEncoder before = bench.encoded(dispatch);
    bench.device->destroy();
    EXPECT_THROW(call(bench, before), DeviceLostError);
    if (std::string_view(name) != "commands") webgpu::api().CommandEncoderRelease(before);
  }
  EXPECT_EQ(Bench().count(), 1u) << "a new device is opened";
}

// What an instance is asked for: slots, sizes, roles.
TEST_F(Misuses, OfAnInstanceAreExceptions) {
  testing::GraphMaker m;
  const ir::NodeId table = m.input("table", DType::int32, {8, 4}, ir::SlotRole::kData);
  const ir::NodeId x = m.input("x", DType::int32, {1, 4});
  m.output("y", m.b().add(m.b().gather(table, m.b().iota({1, 1}, 0)), x));
  m.finish();
  testing::GraphRunner runner(m.graph, "webgpu");
  const Tensor four = testing::filled(DType::int32, {1, 4}, {1, 2, 3, 4}),
               five = testing::filled(DType::int32, {1, 5}, {1}),
               rows = testing::filled(DType::int32, {8, 4}, {10}),
               half = testing::filled(DType::int32, {2, 4}, {10});
  EXPECT_THROW(runner.set("x", five), Error);
  EXPECT_THROW(runner.set("table", half), Error);
  EXPECT_THROW(runner.set("nothing", four), Error);
  EXPECT_THROW(runner.get("nothing"), Error);
  EXPECT_THROW(runner.run(1), Error);
  runner.set("x", four);
  runner.set("table", rows);
  runner.run();
  EXPECT_EQ(testing::element(runner.get("y"), 3), 14);
}

TEST_F(Misuses, MoreDataSlotsThanBindingsAreRefused) {
  testing::GraphMaker m;
  for (uint32_t i = 0; i <= webgpu::kDataBindings; ++i) {
    const std::string name = "table" + std::to_string(i);
    m.output("y" + name, m.b().gather(m.input(name, DType::int32, {8, 4}, ir::SlotRole::kData),
                                      m.b().iota({1, 1}, 0)));
  }
  m.finish();
  EXPECT_TRUE(testing::contains(
      testing::message_of([&] { testing::GraphRunner(m.graph, "webgpu"); }), "more than 4 data"));
}

// Threads share the device and its pipelines, each with instances of its own.
TEST_F(Misuses, ThreadsShareADevice) {
  const auto keep = Device::open();
  std::vector<std::thread> threads;
  std::vector<double> sums(8);
  for (size_t t = 0; t < sums.size(); ++t)
    threads.emplace_back([&, t] {
      for (int round = 0; round < 4; ++round) {
        testing::GraphMaker m;
        const ir::NodeId x = m.state("x", DType::int32, {1, 4});
        m.assign("x", m.b().add(x, m.b().integer(static_cast<int64_t>(t))));
        m.finish();
        testing::GraphRunner runner(m.graph, "webgpu");
        runner.set("x", testing::filled(DType::int32, {1, 4}, {0}));
        for (int i = 0; i < 20; ++i) runner.run();
        sums[t] += testing::element(runner.get("x"), 2);
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (size_t t = 0; t < sums.size(); ++t) EXPECT_EQ(sums[t], 80.0 * static_cast<double>(t));
}

}  // namespace
}  // namespace paragon
