// SPDX-License-Identifier: Apache-2.0
#include "core/platform/input_file.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/error.hpp"

namespace paragon::platform {
namespace fs = std::filesystem;

bool file_exists(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

bool folder_exists(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

InputFile::InputFile(const std::string& path) : path_(path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) raise("[file] {}: no such file", path);
  // A pipe would block and a device may never end.
  if (!fs::is_regular_file(status)) raise("[file] {}: not a regular file", path);
  file_.reset(std::fopen(path.c_str(), "rb"));
  if (!file_) raise("[file] {}: cannot be opened: {}", path, std::strerror(errno));
  size_ = fs::file_size(path, error);
  if (error) raise("[file] {}: its size cannot be read: {}", path, error.message());
}

std::size_t InputFile::read(std::uint8_t* to, std::size_t count) {
  const std::size_t got = std::fread(to, 1, count, file_.get());
  if (got < count && std::ferror(file_.get())) {
    raise("[file] {}: read error: {}", path_, std::strerror(errno));
  }
  return got;
}

}  // namespace paragon::platform
