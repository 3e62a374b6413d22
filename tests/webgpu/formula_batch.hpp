// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/webgpu/device.hpp"
#include "ir/rules/formulas.hpp"

namespace paragon::testing {

/// An operation with values to compute it on. Elements lie in rows of kColumns.
struct FormulaCase {
  static constexpr uint32_t kColumns = 37;

  ir::Op op = ir::Op::constant;
  DType type = DType::int32;
  std::vector<DType> operand_types;
  ir::Attrs attrs;
  std::vector<std::vector<ir::Number>> operands = {};  ///< by operand, one value an element
  std::string expression = {};                         ///< op is constant: what to compute instead
  std::vector<ir::Number> results = {};

  std::string name() const;
  ir::Number operand(size_t which, size_t element) const { return operands[which][element]; }
};

/// The device to test on if it has these features, otherwise null.
std::shared_ptr<webgpu::Device> device_with(const webgpu::Features& features);

/// What a kernel of a program with one chunk of memory binds; index tables and data get `curves`.
std::vector<webgpu::Device::Bound> all_bindings(const webgpu::Buffer& memory,
                                                const webgpu::Buffer& curves,
                                                const webgpu::Buffer& flags,
                                                const webgpu::Buffer& uniform);

/// Computes the results of all cases by one kernel; all have the same number of elements, a
/// multiple of 64.
void run_formulas(webgpu::Device& device, const webgpu::Features& features,
                  std::vector<FormulaCase>& cases);

}  // namespace paragon::testing
