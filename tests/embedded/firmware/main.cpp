// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <new>
#include <string>

#include "backends/ref/integer_executor.hpp"
#include "core/tensor.hpp"
#include "embedded/image.hpp"
#include "semihosting.hpp"

// Trains the network of an image and writes its weights: the bytes of all parameters and views, in
// the order of the program's slots. Command line: IMAGE WEIGHTS
namespace {

using firmware::Request;
using firmware::request;

int open(const std::string& path, bool write) {
  constexpr uintptr_t kRead = 1, kWrite = 5;  // "rb", "wb"
  const uintptr_t block[] = {reinterpret_cast<uintptr_t>(path.c_str()), write ? kWrite : kRead,
                             path.size()};
  const int file = request(Request::kOpen, block);
  if (file < 0) {
    firmware::say(("firmware: could not open " + path + "\n").c_str());
    firmware::leave(2);
  }
  return file;
}

/// Reads or writes; false unless it were all bytes.
bool transfer(Request what, int file, const std::byte* bytes, size_t count) {
  const uintptr_t block[] = {static_cast<uintptr_t>(file), reinterpret_cast<uintptr_t>(bytes),
                             count};
  return request(what, block) == 0;
}

void close(int file) {
  const uintptr_t block[] = {static_cast<uintptr_t>(file)};
  request(Request::kClose, block);
}

paragon::AlignedBuffer read_file(const std::string& path, size_t& count) {
  const int file = open(path, false);
  const uintptr_t block[] = {static_cast<uintptr_t>(file)};
  count = static_cast<size_t>(request(Request::kLength, block));
  paragon::AlignedBuffer bytes(count);
  if (!transfer(Request::kRead, file, bytes.data(), count)) {
    firmware::say("firmware: could not read the image\n");
    firmware::leave(2);
  }
  close(file);
  return bytes;
}

}  // namespace

extern "C" int main() {
  char line[512] = {};
  const uintptr_t block[] = {reinterpret_cast<uintptr_t>(line), sizeof line};
  request(Request::kCommandLine, block);
  const std::string words(line);
  const size_t space = words.find(' ');
  if (space == std::string::npos) {
    firmware::say("firmware: expected IMAGE WEIGHTS\n");
    return 2;
  }

  size_t count = 0;
  const paragon::AlignedBuffer bytes = read_file(words.substr(0, space), count);
  const paragon::embedded::Image image = paragon::embedded::read_image({bytes.data(), count});
  const auto instance = paragon::ref::make_integer_instance(image.program);
  paragon::embedded::load_slots(image, *instance);
#ifdef PARAGON_PLANTED_FLOAT
  // For the test of the test: one multiplication that must be found.
  volatile float planted = static_cast<float>(count);
  planted = planted * 1.5f;
#endif
  paragon::train::IntegerSteps(*image.program, image.training).run_all(*instance);

  const int out = open(words.substr(space + 1), true);
  for (uint32_t slot = 0; slot < image.program->slots.size(); ++slot) {
    const auto role = image.program->slots[slot].role;
    if (role != paragon::ir::SlotRole::kParameter && role != paragon::ir::SlotRole::kView) continue;
    const size_t size = image.program->buffers[slot].bytes();
    paragon::AlignedBuffer contents(size);
    instance->download(slot, {contents.data(), size});
    if (!transfer(Request::kWrite, out, contents.data(), size)) return 2;
  }
  close(out);
  return 0;
}
