// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "runtime/backend.hpp"

namespace paragon::ref {

/// Runs a program of integers (runtime::is_integer) by integer arithmetic alone; raises on any
/// other.
std::unique_ptr<runtime::Instance> make_integer_instance(
    std::shared_ptr<const runtime::Program> program);

}  // namespace paragon::ref
