// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "backends/webgpu/emit/kernel.hpp"
#include "backends/webgpu/emit/writer.hpp"

namespace paragon::webgpu {

/// Whether a dispatch is a sum or maximum of enough terms to be shared out among invocations.
bool takes_slices(const Layout& layout, const runtime::Dispatch& dispatch);

/// The part of such a reduction: several invocations reduce terms of one result each, then
/// together, in an order that is the same every time.
Part write_reduction(Writer& writer, const runtime::Dispatch& dispatch);

/// The sum or the larger of two registers of a reduction's type.
std::string combined(const runtime::Dispatch& reduction, const std::string& a,
                     const std::string& b);

/// A register of an operand's type as one of the result's.
std::string widened(const std::string& value, DType from, DType to);

}  // namespace paragon::webgpu
