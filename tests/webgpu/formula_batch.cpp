// SPDX-License-Identifier: Apache-2.0
#include "formula_batch.hpp"

#include <fmt/format.h>

#include <bit>

#include <paragon/webgpu.hpp>

#include "backends/webgpu/emit/kernel.hpp"
#include "backends/webgpu/formula.hpp"

namespace paragon::testing {
namespace {

using ir::Number;
using webgpu::Buffer;

// An element is two vectors: the words of its three operands, and those of its result.
constexpr size_t kWords = 8, kResult = 6;

uint64_t bits_of(DType type, Number value) {
  if (type == DType::float64) return std::bit_cast<uint64_t>(value.f);
  if (type == DType::float32) return std::bit_cast<uint32_t>(static_cast<float>(value.f));
  return static_cast<uint64_t>(value.i);
}

Number number_of(DType type, uint64_t bits) {
  if (type == DType::float64) return {.f = std::bit_cast<double>(bits)};
  if (type == DType::float32) return {.f = std::bit_cast<float>(static_cast<uint32_t>(bits))};
  return {.i = type == DType::int64 ? static_cast<int64_t>(bits) : static_cast<int32_t>(bits)};
}

std::string loaded(DType type, size_t operand) {
  const std::string_view words[] = {"u.x, u.y", "u.z, u.w", "v.x, v.y"};
  const std::string_view text = words[operand];
  if (type == DType::int64) return fmt::format("i64_make({})", text);
  if (type == DType::float64) return fmt::format("f64_make({})", text);
  return fmt::format("bitcast<{}>({})", webgpu::register_type(type), text.substr(0, 3));
}

std::string stored(DType type) {
  const std::string_view of = type == DType::int64 ? "i64" : "f64";
  if (type == DType::int64 || type == DType::float64)
    return fmt::format("vec2<u32>({0}_lo(r), {0}_hi(r))", of);
  return "vec2<u32>(bitcast<u32>(r), 0u)";
}

std::string source(const std::vector<FormulaCase>& cases, size_t elements) {
  std::string out =
      "@group(0) @binding(0) var<storage, read_write> memory: array<vec4<u32>>;\n"
      "@compute @workgroup_size(64)\n"
      "fn main(@builtin(workgroup_id) group: vec3<u32>,\n"
      "        @builtin(local_invocation_index) lane: u32) {\n"
      "  let i = group.x * 64u + lane;\n";
  out += fmt::format("  let place = (group.y * {}u + i) * 2u;\n", elements);
  out += fmt::format("  let row = i / {0}u;\n  let col = i % {0}u;\n", FormulaCase::kColumns);
  out += "  let u = memory[place];\n  var v = memory[place + 1u];\n  switch group.y {\n";
  for (size_t k = 0; k < cases.size(); ++k) {
    const FormulaCase& one = cases[k];
    webgpu::FormulaCall call{.op = one.op, .type = one.type, .attrs = one.attrs};
    out += fmt::format("    case {}u: {{\n", k);
    for (size_t i = 0; i < one.operands.size(); ++i) {
      out += fmt::format("      let x{} = {};\n", i, loaded(one.operand_types[i], i));
      call.operand_types[i] = one.operand_types[i];
      call.args[i] = fmt::format("x{}", i);
    }
    call.row = "row";
    call.column = "col";
    const std::string value = one.op == ir::Op::constant ? one.expression : formula(call);
    out += fmt::format("      let r: {} = {};\n", webgpu::register_type(one.type), value);
    out += fmt::format("      let words = {};\n", stored(one.type));
    out += "      v = vec4<u32>(v.xy, words);\n    }\n";
  }
  return out + "    default: {}\n  }\n  memory[place + 1u] = v;\n}\n";
}

}  // namespace

std::vector<webgpu::Device::Bound> all_bindings(const Buffer& memory, const Buffer& curves,
                                                const Buffer& flags, const Buffer& uniform) {
  std::vector<webgpu::Device::Bound> bound;
  const auto add = [&](uint32_t binding, const Buffer& buffer) {
    bound.push_back({binding, &buffer, buffer.bytes()});
  };
  add(webgpu::kBindMemory, memory);
  add(webgpu::kBindParams, uniform);
  add(webgpu::kBindCurveTables, curves);
  add(webgpu::kBindFlags, flags);
  add(webgpu::kBindTables, curves);
  add(webgpu::kBindRecord, uniform);
  for (uint32_t i = 0; i < webgpu::kDataBindings; ++i) add(webgpu::kBindData + i, curves);
  return bound;
}

std::string FormulaCase::name() const {
  std::string out = fmt::format("{} {}", info(op).name, paragon::name(type));
  for (const DType operand_type : operand_types)
    out += fmt::format(" {}", paragon::name(operand_type));
  return out + fmt::format(" a={} b={} real={}", attrs.a, attrs.b, attrs.real);
}

std::shared_ptr<webgpu::Device> device_with(const webgpu::Features& features) {
  static const bool there = webgpu_problem().empty();
  if (!there) return nullptr;
  // Opened anew, not kept: another test may have lost it.
  std::shared_ptr<webgpu::Device> device = webgpu::Device::open();
  const webgpu::Features& has = device->features();
  const bool lacks = (features.int64 && !has.int64) || (features.float64 && !has.float64);
  return lacks ? nullptr : device;
}

void run_formulas(webgpu::Device& device, const webgpu::Features& features,
                  std::vector<FormulaCase>& cases) {
  const size_t elements = cases.at(0).operands.at(0).size();
  std::vector<uint32_t> words(cases.size() * elements * kWords);
  for (size_t k = 0; k < cases.size(); ++k)
    for (size_t operand = 0; operand < cases[k].operands.size(); ++operand)
      for (size_t i = 0; i < elements; ++i) {
        const uint64_t bits =
            bits_of(cases[k].operand_types[operand], cases[k].operand(operand, i));
        uint32_t* at = &words[(k * elements + i) * kWords + operand * 2];
        at[0] = static_cast<uint32_t>(bits);
        at[1] = static_cast<uint32_t>(bits >> 32);
      }

  constexpr WGPUBufferUsage kStorage =
      WGPUBufferUsage_Storage | WGPUBufferUsage_CopyDst | WGPUBufferUsage_CopySrc;
  const std::span<const std::byte> tables = webgpu::curve_table_bytes();
  const Buffer memory = device.create_buffer(words.size() * 4, kStorage, "the test's memory"),
               curves = device.create_buffer(tables.size(), kStorage, "the tables of curves"),
               other = device.create_buffer(16, kStorage, "flags"),
               uniform = device.create_buffer(
                   4096, WGPUBufferUsage_Uniform | WGPUBufferUsage_CopyDst, "numbers"),
               staging = device.create_buffer(
                   words.size() * 4, WGPUBufferUsage_MapRead | WGPUBufferUsage_CopyDst, "results");
  device.write(memory, 0, std::as_bytes(std::span(words)));
  device.write(curves, 0, tables);

  const webgpu::Api& api = webgpu::api();
  const WGPUComputePipeline pipeline =
      device.pipeline(link(source(cases, elements), features), "formulas");
  const WGPUBindGroup group = device.create_group(all_bindings(memory, curves, other, uniform));
  const WGPUCommandEncoder encoder = device.create_encoder();
  const WGPUComputePassEncoder pass = api.CommandEncoderBeginComputePass(encoder, nullptr);
  const uint32_t offsets[] = {0, 0};
  api.ComputePassEncoderSetPipeline(pass, pipeline);
  api.ComputePassEncoderSetBindGroup(pass, 0, group, 2, offsets);
  api.ComputePassEncoderDispatchWorkgroups(pass, static_cast<uint32_t>(elements / 64),
                                           static_cast<uint32_t>(cases.size()), 1);
  api.ComputePassEncoderEnd(pass);
  api.ComputePassEncoderRelease(pass);
  api.CommandEncoderCopyBufferToBuffer(encoder, memory.get(), 0, staging.get(), 0,
                                       words.size() * 4);
  device.wait(device.submit(encoder));
  device.read(staging, std::as_writable_bytes(std::span(words)));
  api.BindGroupRelease(group);

  for (size_t k = 0; k < cases.size(); ++k) {
    cases[k].results.clear();
    for (size_t i = 0; i < elements; ++i) {
      const uint32_t* at = &words[(k * elements + i) * kWords + kResult];
      cases[k].results.push_back(number_of(cases[k].type, uint64_t{at[1]} << 32 | at[0]));
    }
  }
}

}  // namespace paragon::testing
