// SPDX-License-Identifier: Apache-2.0
// idx files are hostile: whatever the bytes, reading gives an array that fits itself or an Error.
//   cmake --preset fuzz && cmake --build --preset fuzz
//   build/fuzz/fuzz/idx_fuzz -max_total_time=600 build/fuzz/idx_corpus fuzz/corpus/idx
// (new inputs go to the first folder, which must exist).
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include <paragon/data.hpp>
#include <paragon/error.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const paragon::data::IdxArray array = paragon::data::parse_idx(std::span(data, size), "input");
    std::size_t product = 1;
    for (const std::size_t dim : array.dims) product *= dim;
    if (array.dims.empty() || product == 0 || product != array.bytes.size()) std::abort();
    // Deflate's largest ratio: no input makes more memory than that.
    if (array.bytes.size() / 1032 > size) std::abort();
  } catch (const paragon::Error&) {
    // The only way to refuse an input.
  }
  return 0;
}
