// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

namespace paragon::platform {

bool file_exists(const std::string& path);    ///< a regular file, or a link to one
bool folder_exists(const std::string& path);  ///< a folder, or a link to one

/// A regular file opened for reading from its start to its end.
class InputFile {
 public:
  explicit InputFile(const std::string& path);  ///< raises if there is none or it cannot be read

  const std::string& path() const { return path_; }
  std::uint64_t size() const { return size_; }  ///< in bytes, when it was opened

  /// Reads at most `count` bytes; fewer only at the end of the file. Raises on a read error.
  std::size_t read(std::uint8_t* to, std::size_t count);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::string path_;
  std::uint64_t size_ = 0;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace paragon::platform
