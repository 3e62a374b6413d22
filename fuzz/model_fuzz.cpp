// SPDX-License-Identifier: Apache-2.0
// Model files are hostile: whatever the text, reading gives a network that is written and read
// again without a change, or an Error. Built and run like idx_fuzz, with fuzz/corpus/model.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <paragon/error.hpp>

#include "io/model.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::string written = paragon::io::model_text(paragon::io::parse_model(text));
    if (paragon::io::model_text(paragon::io::parse_model(written)) != written) std::abort();
  } catch (const paragon::Error&) {
    // The only way to refuse an input.
  }
  return 0;
}
