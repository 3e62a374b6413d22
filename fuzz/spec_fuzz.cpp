// SPDX-License-Identifier: Apache-2.0
// A network in a line: whatever the text, parsing gives a network whose spec reads back as the same
// one, or an Error. Built and run like idx_fuzz, with fuzz/corpus/spec.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <paragon/error.hpp>
#include <paragon/network.hpp>

#include "network/layer_shapes.hpp"
#include "network/spec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMostParameters = 100'000;  // larger networks only cost the fuzzer time
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const paragon::detail::Spec spec = paragon::detail::parse_spec(text);
    paragon::Network network({.input = spec.input, .type = paragon::int8});
    for (const paragon::LayerConfig& layer : spec.layers) {
      const auto layers = network.layers();
      const std::string input = layers.empty() ? "input" : layers.back().name;
      const std::size_t more = paragon::detail::parameters_of(network.state(), layer, {input});
      if (network.parameters() + more > kMostParameters) return 0;
      network.add(layer);
    }
    const std::string written = paragon::to_spec(network);
    if (paragon::to_spec(paragon::parse_network(written, paragon::int8)) != written) std::abort();
  } catch (const paragon::Error&) {
    // The only way to refuse an input.
  }
  return 0;
}
