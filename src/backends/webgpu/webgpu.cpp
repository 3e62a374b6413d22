// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/formula.hpp"
#include "backends/webgpu/instance.hpp"
#include "runtime/host_memory.hpp"

// The WebGPU backend: dispatches become WGSL kernels on a GPU, or on a driver that runs them in
// software.
namespace paragon::webgpu {
namespace {

using ir::Op;

class WebgpuBackend final : public runtime::Backend {
 public:
  std::string_view name() const override { return "webgpu"; }

  bool supports(Op op, DType type) const override {
    // A score is a function of the host's; bitwise ors are collected where values are stored.
    if (!runtime::is_held(type) || op == Op::host_score || op == Op::or_bits) return false;
    switch (info(op).cls) {
      case ir::OpClass::kContract:
      case ir::OpClass::kReduce:
      case ir::OpClass::kMove:
      case ir::OpClass::kIndex:
        return runtime::is_structured_result(op, type);
      default:
        return op == Op::table || has_formula(op, type);
    }
  }
  runtime::CompileOptions compile_options() const override {
    return {.target = "webgpu", .fuse = true};
  }
  std::unique_ptr<runtime::Instance> instantiate(std::shared_ptr<const runtime::Program> program,
                                                 int) const override {
    check_supported(*this, *program);
    return std::make_unique<WebgpuInstance>(std::move(program), Device::open());
  }
};

}  // namespace

const runtime::Backend& backend() {
  static const WebgpuBackend instance;
  return instance;
}

}  // namespace paragon::webgpu
