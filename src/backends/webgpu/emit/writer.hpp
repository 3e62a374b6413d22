// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "backends/webgpu/emit/kernel.hpp"
#include "backends/webgpu/layout.hpp"

namespace paragon::webgpu {

/// Index tables of a program, one after the other, on the device.
class Tables {
 public:
  /// Offset of the entries of `values`, equal ones stored once.
  uint32_t add(const std::vector<int32_t>& values);
  const std::vector<int32_t>& values() const { return values_; }

 private:
  std::vector<int32_t> values_;
  std::map<std::vector<int32_t>, uint32_t> offsets_;
};

/// What the parts of a kernel are written with: its text so far, its numbers, and how buffers are
/// read and written.
class Writer {
 public:
  Writer(const runtime::Program& of, const Layout& places, Tables& lists)
      : program(of), layout(places), tables(lists) {}

  const runtime::Program& program;
  const Layout& layout;
  Tables& tables;

  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }
  /// A u32 expression for a number that is no part of the text.
  std::string param(uint32_t value);
  /// The offset in words of a buffer's first element.
  std::string base(runtime::BufferId buffer);
  /// A name that no other part of the kernel has.
  std::string unique(std::string_view prefix) { return fmt::format("{}{}", prefix, names_++); }

  /// The word at a u32 expression.
  std::string word(const Place& place, const std::string& index) const;
  /// Index of element (row, col), in elements; extents of 1 are repeated.
  std::string element(runtime::BufferId buffer, const std::string& row, const std::string& col,
                      uint32_t rows, uint32_t cols);
  /// The value of the element at an index, as a register.
  std::string load(runtime::BufferId buffer, const std::string& element);
  std::string load_scalar(runtime::BufferId buffer) { return load(buffer, "0u"); }
  /// A statement that stores a register of `type` in a scalar.
  void store_scalar(runtime::BufferId buffer, const std::string& value);

  /// Registers kept between the two steps of a reduction, by number.
  std::string load_scratch(const std::string& number, DType type);
  void store_scratch(const std::string& number, DType type, const std::string& value);

  const std::string& text() const { return text_; }
  const std::vector<uint32_t>& params() const { return params_; }
  /// Declarations of the bindings that the text uses.
  std::string declarations() const;

 private:
  std::string scratch(const std::string& number, uint32_t half);

  std::string text_;
  std::vector<uint32_t> params_;
  std::map<runtime::BufferId, std::string> bases_;
  std::string scratch_;
  size_t names_ = 0;
};

}  // namespace paragon::webgpu
