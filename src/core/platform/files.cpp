// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <paragon/support.hpp>

#include "core/error.hpp"
#include "core/platform/input_file.hpp"

namespace paragon {
namespace {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool close() {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd) == 0;
  }

 private:
  int fd_;
};

/// Removes the temporary file unless it was renamed.
class Temporary {
 public:
  explicit Temporary(std::string path) : path_(std::move(path)) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  void keep() { path_.clear(); }

 private:
  std::string path_;
};

[[noreturn]] void raise_file(const char* action, const std::string& path) {
  raise("[file] {}: cannot {}: {}", path, action, std::strerror(errno));
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

void write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) raise_file("write", path);
    content.remove_prefix(static_cast<size_t>(written));
  }
}

/// Opens a new file in the folder of `path` and gives its name.
int create_beside(const std::string& path, std::string* name) {
  constexpr int kAttempts = 100;  // names taken by files that a killed process left behind
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    *name = fmt::format("{}.{}-{}.tmp", path, ::getpid(), attempt);
    const int fd = ::open(name->c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) return fd;
    if (errno != EEXIST) break;
  }
  raise_file("create a file beside", path);
}

}  // namespace

std::string read_file(const std::string& path, size_t limit) {
  platform::InputFile file(path);
  if (file.size() > limit)
    raise("[file] {}: {} bytes, expected at most {}", path, file.size(), limit);
  std::string content;
  std::array<uint8_t, 1 << 16> chunk;
  content.reserve(file.size());
  while (const size_t got = file.read(chunk.data(), chunk.size())) {
    content.append(reinterpret_cast<const char*>(chunk.data()), got);
    // A file may grow while it is read.
    if (content.size() > limit) raise("[file] {}: more than {} bytes", path, limit);
  }
  return content;
}

void require_writable(const std::string& path) {
  if (path.empty()) raise("[file] cannot write to a file without a name");
  struct stat status = {};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  if (exists && !S_ISREG(status.st_mode))
    raise("[file] {}: cannot be written: it is there and is not a regular file", path);
  const std::string folder = folder_of(path);
  if (::stat(folder.c_str(), &status) != 0)
    raise("[file] {}: cannot be written: folder '{}': {}", path, folder, std::strerror(errno));
  if (!S_ISDIR(status.st_mode))
    raise("[file] {}: cannot be written: '{}' is not a folder", path, folder);
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    raise("[file] {}: cannot be written: folder '{}': {}", path, folder, std::strerror(errno));
}

void write_file(const std::string& path, std::string_view content) {
  require_writable(path);
  std::string temporary;
  Descriptor file(create_beside(path, &temporary));
  Temporary guard(temporary);
  write_all(file.get(), content, path);
  if (::fsync(file.get()) != 0 || !file.close()) raise_file("write", path);
  if (::rename(temporary.c_str(), path.c_str()) != 0) raise_file("write", path);
  guard.keep();

  // The rename itself reaches the disk with the folder; not every file system can do that.
  const Descriptor folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0) ::fsync(folder.get());
}

}  // namespace paragon
