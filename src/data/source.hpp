// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/platform/input_file.hpp"

namespace paragon::data {

/// Bytes from the start to the end of a file, of memory, or of what a gzip stream unpacks to.
class Source {
 public:
  virtual ~Source() = default;

  /// Reads at most `count` bytes; fewer only at the end.
  virtual std::size_t read(std::uint8_t* to, std::size_t count) = 0;

  /// Upper bound of the bytes that can come, known before any is read.
  virtual std::uint64_t limit() const = 0;
};

class MemorySource final : public Source {
 public:
  explicit MemorySource(std::span<const std::uint8_t> memory)
      : rest_(memory), size_(memory.size()) {}
  std::size_t read(std::uint8_t* to, std::size_t count) override;
  std::uint64_t limit() const override { return size_; }

 private:
  std::span<const std::uint8_t> rest_;
  std::uint64_t size_;
};

class FileSource final : public Source {
 public:
  explicit FileSource(const std::string& path) : file_(path) {}
  std::size_t read(std::uint8_t* to, std::size_t count) override { return file_.read(to, count); }
  std::uint64_t limit() const override { return file_.size(); }

 private:
  platform::InputFile file_;
};

/// Unpacks one gzip stream as it is read. Raises with `place` if the stream is damaged or
/// truncated, or if anything follows it.
class GzipSource final : public Source {
 public:
  GzipSource(std::unique_ptr<Source> packed, std::string place);
  ~GzipSource() override;
  std::size_t read(std::uint8_t* to, std::size_t count) override;
  std::uint64_t limit() const override;

  static bool has_magic(
      std::span<const std::uint8_t> start);  ///< does a file that starts so look packed?

 private:
  struct Stream;  // zlib stays out of this header

  void refill();

  std::unique_ptr<Source> packed_;
  std::string place_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace paragon::data
