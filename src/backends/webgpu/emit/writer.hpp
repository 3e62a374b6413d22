// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>
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

  /// Four words of a buffer in memory: the vector that holds word `index`, counted as base() does.
  std::string quad(runtime::BufferId buffer, const std::string& index);
  /// One word of a buffer.
  std::string word(runtime::BufferId buffer, const std::string& index);
  /// Number of element (row, col) of a buffer; extents of 1 are repeated.
  std::string element(runtime::BufferId buffer, const std::string& row, const std::string& col);
  /// The value of the element with a number, as a register.
  std::string load(runtime::BufferId buffer, const std::string& element);
  std::string load_scalar(runtime::BufferId buffer) { return load(buffer, "0u"); }
  /// A statement that stores a register in a scalar.
  void store_scalar(runtime::BufferId buffer, const std::string& value);
  /// Statements that store the registers of an item, one or four neighbours from `element` on,
  /// which own all of their words.
  void store_item(runtime::BufferId buffer, const std::string& element,
                  const std::vector<std::string>& values);

  /// The name of an array in workgroup memory. Parts of a kernel run in workgroups of their own, so
  /// all arrays of one type that have the same number are the same memory.
  std::string shared_array(const std::string& type, uint32_t count, uint32_t number = 0);
  /// Bytes of workgroup memory, if the arrays of `other` are these, too.
  uint32_t shared_bytes_with(const Writer& other) const;

  const std::string& text() const { return text_; }
  const std::vector<uint32_t>& params() const { return params_; }
  /// Declarations of the bindings that the text uses.
  std::string declarations() const;

 private:
  /// The array that holds a buffer of memory; one that spans chunks is reached by functions.
  static std::string array_of(const Place& place);
  void store_word(const Place& place, const std::string& index, const std::string& bits);
  /// What the functions are called that reach a buffer in several chunks.
  std::string span_of(const Place& place);
  std::string spanning_functions() const;
  void store_packed(runtime::BufferId buffer, const std::string& element,
                    const std::vector<std::string>& values);

  std::string text_;
  std::vector<uint32_t> params_;
  std::map<runtime::BufferId, std::string> bases_, pitches_;
  std::map<std::string, std::pair<uint32_t, uint32_t>> spans_;  // first and last chunk
  struct SharedArray {
    std::string type;
    uint32_t count = 0;
  };
  std::map<std::string, SharedArray> shared_;  // arrays in workgroup memory, by name
  size_t names_ = 0;
};

}  // namespace paragon::webgpu
