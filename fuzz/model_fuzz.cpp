// SPDX-License-Identifier: Apache-2.0
// Model files are hostile: whatever the text, reading gives a network that is written and read
// again without a change and that runs, or an Error. Built and run like idx_fuzz, with
// fuzz/corpus/model.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <paragon/error.hpp>

#include "io/model.hpp"

namespace {

/// Compiling takes longer than reading: one text in eight is run.
bool is_chosen(std::string_view text) {
  unsigned sum = 0;
  for (const char c : text) sum += static_cast<unsigned char>(c);
  return sum % 8 == 0;
}

/// Small networks only.
void run(const paragon::Network& network) {
  std::size_t features = 1;
  for (const std::size_t extent : network.input_shape()) features *= extent;
  if (features > 256 || network.parameters() > 256 || network.layers().size() > 4) return;
  for (const char* device : {"ref", "cpu"}) {
    paragon::Predictor predictor(network, {.device = device, .batch = 2});
    const std::vector<float> in(2 * features, 0.5f);
    std::vector<float> out(2 * network.outputs());
    predictor.run(in, out);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const paragon::Network network = paragon::io::parse_model(text);
    const std::string written = paragon::io::model_text(network);
    if (paragon::io::model_text(paragon::io::parse_model(written)) != written) std::abort();
    if (is_chosen(text)) run(network);
  } catch (const paragon::Error&) {
    // The only way to refuse an input.
  }
  return 0;
}
