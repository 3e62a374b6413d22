// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "runtime/backend.hpp"
#include "runtime/program.hpp"
#include "train/integer_steps.hpp"

// A training of an integer network as one piece of memory: the compiled program, the first contents
// of its slots with the samples, and what its steps need. A processor without floating point, files
// or threads reads it with read_image and runs it with ref::make_integer_instance and
// train::IntegerSteps.
//
// Little-endian. An image is code: the firmware that runs it trusts it as it trusts itself. Reading
// checks that it is whole (a checksum), that it was made for the same operations and types, and
// that every reference stays within the program; it does not check the types and shapes of operands
// again.
namespace paragon::embedded {

/// The bytes of a slot, aligned for its type, within the image.
using Contents = std::span<const std::byte>;

struct Image {
  std::shared_ptr<const runtime::Program> program;
  train::IntegerTraining training;
  std::vector<Contents> slots;  ///< one a slot; empty: zeros
};

inline constexpr size_t kImageAlignment = 8;  ///< of the memory that holds an image

/// The bytes of an image. The instance holds the first state; its data slots are bound. Raises if
/// the program computes with floating-point numbers.
std::vector<std::byte> write_image(const runtime::Program& program,
                                   const train::IntegerTraining& training,
                                   runtime::Instance& instance);

/// Reads an image, whose bytes must outlive the result. Raises on anything else.
Image read_image(std::span<const std::byte> bytes);

/// Copies the slots' contents into an instance of the image's program and lets data slots read the
/// image.
void load_slots(const Image& image, runtime::Instance& instance);

}  // namespace paragon::embedded
