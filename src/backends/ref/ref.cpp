// SPDX-License-Identifier: Apache-2.0
#include "backends/ref/integer_executor.hpp"
#include "backends/ref/real_executor.hpp"
#include "runtime/host_memory.hpp"

// The reference backend: slow and obvious. See executor.hpp.
namespace paragon::ref {
namespace {

using ir::Op;
using runtime::Program;

class RefBackend final : public runtime::Backend {
 public:
  std::string_view name() const override { return "ref"; }
  bool supports(Op, DType type) const override { return runtime::is_held(type); }
  runtime::CompileOptions compile_options() const override {
    return {.target = "ref", .fuse = false};
  }
  std::unique_ptr<runtime::Instance> instantiate(std::shared_ptr<const Program> program,
                                                 int) const override {
    check_supported(*this, *program);
    return runtime::is_integer(*program) ? make_integer_instance(std::move(program))
                                         : make_real_instance(std::move(program));
  }
};

}  // namespace

const runtime::Backend& backend() {
  static const RefBackend instance;
  return instance;
}

}  // namespace paragon::ref
