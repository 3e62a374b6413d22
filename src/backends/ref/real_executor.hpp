// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "runtime/backend.hpp"

namespace paragon::ref {

/// Runs a program that computes with floating-point numbers, integers beside them or not.
std::unique_ptr<runtime::Instance> make_real_instance(
    std::shared_ptr<const runtime::Program> program);

}  // namespace paragon::ref
