// SPDX-License-Identifier: Apache-2.0
// Files of the Go framework are hostile: whatever the text, reading gives a network that computes,
// its copy the same, or an Error; and so does making a network of Paragon of it. Built and run like
// idx_fuzz, with fuzz/corpus/legacy.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include <paragon/error.hpp>

#include "io/legacy/describe.hpp"
#include "io/legacy/file.hpp"
#include "io/legacy/interpreter.hpp"
#include "io/legacy/native.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paragon::io::legacy;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  is_legacy_text(text);
  try {
    const File file = parse_file(text);
    const paragon::LegacyInfo info = describe(file);
    if (info.layers.size() != file.layers.size()) std::abort();
    const auto network = make_interpreter(file);
    const auto copy = network->clone();
    const std::vector<double> sample(file.layers.front().neurons(), 1.75);
    network->run(sample);
    copy->run(sample);
    for (std::size_t n = 0; n < file.neurons.size(); ++n)
      if (network->text(n) != copy->text(n)) std::abort();
    for (const paragon::DType type : {paragon::float32, paragon::int8, paragon::uint64})
      if (make_native(info, *network, type).network.layers().size() + 1 != info.layers.size())
        std::abort();
  } catch (const paragon::Error&) {
    // The only way to refuse an input.
  }
  return 0;
}
