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
    if (!runtime::is_held(type)) return false;
    switch (info(op).cls) {
      case ir::OpClass::kContract:
        return type == DType::float32 || type == DType::float64 || type == DType::int32;
      case ir::OpClass::kReduce:
        return op != Op::or_bits && (type == DType::float32 || type == DType::float64 ||
                                     type == DType::int32 || type == DType::int64);
      case ir::OpClass::kMove:
        return op != Op::host_score;  // a function of the host's
      case ir::OpClass::kIndex:
        return op == Op::gather || is_float(type);
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
