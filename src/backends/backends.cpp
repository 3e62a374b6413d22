// SPDX-License-Identifier: Apache-2.0
#include "core/error.hpp"
#include "runtime/backend.hpp"

namespace paragon {

#define PARAGON_BACKEND(name)        \
  namespace name {                   \
  const runtime::Backend& backend(); \
  }
#include "runtime/backends.def"

namespace runtime {

const std::vector<const Backend*>& backends() {
  static const std::vector<const Backend*> table = {
#define PARAGON_BACKEND(name) &name::backend(),
#include "runtime/backends.def"
  };
  return table;
}

const Backend& find_backend(std::string_view name) {
  std::vector<std::string> names;
  for (const Backend* backend : backends()) {
    if (backend->name() == name) return *backend;
    names.emplace_back(backend->name());
  }
  raise_unknown("device", name, names);
}

bool is_structured_result(ir::Op op, DType type) {
  const bool real = type == DType::float32 || type == DType::float64;
  switch (info(op).cls) {
    case ir::OpClass::kContract:
      return real || type == DType::int32;
    case ir::OpClass::kReduce:
      return real || type == DType::int32 || type == DType::int64;
    case ir::OpClass::kIndex:
      return op == ir::Op::gather || real;
    default:
      return true;  // movement
  }
}

void check_supported(const Backend& backend, const Program& program) {
  const auto check = [&](ir::Op op, DType type) {
    if (!backend.supports(op, type))
      raise("[{}] does not support {} in {}", backend.name(), info(op).name, name(type));
  };
  for (const PhaseProgram& phase : program.phases)
    for (const Dispatch& dispatch : phase.dispatches) {
      if (dispatch.kind == Dispatch::Kind::kAnchored || dispatch.kind == Dispatch::Kind::kMove)
        check(dispatch.op, dispatch.type);
      for (const Instruction& instruction : dispatch.code.instructions)
        if (instruction.kind == Instruction::Kind::kCompute)
          check(instruction.op, instruction.type);
    }
}

}  // namespace runtime
}  // namespace paragon
