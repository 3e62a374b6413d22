// SPDX-License-Identifier: Apache-2.0
#include <paragon/data.hpp>

#include "core/error.hpp"
#include "core/random.hpp"

namespace paragon::data {

Dataset synthetic(const SyntheticOptions& options) {
  Dataset set;
  set.sample_shape = options.sample_shape;
  const size_t features = options.sample_shape.empty() ? 0 : set.features();
  if (features == 0 || options.samples == 0 || options.classes == 0)
    raise("[synthetic] got {} samples of {} features in {} classes, expected at least one of each",
          options.samples, features, options.classes);
  if (options.targets >= features)
    raise("[synthetic] got {} targets, expected less than the {} features", options.targets,
          features);
  const auto key = [&](uint64_t stream) {
    return random::make_key(
        {options.seed, stream, static_cast<uint64_t>(random::Role::kSynthetic)});
  };
  const uint64_t labels = key(0), patterns = key(1), noise = key(2);
  constexpr uint32_t kByte = 0xFF;
  for (size_t row = 0; row < options.samples; ++row) {
    const size_t label = random::bits32(labels, row) % options.classes;
    const auto byte = [&](size_t i) {
      const uint32_t sum = (random::bits32(patterns, label * features + i) & kByte) +
                           (random::bits32(noise, row * features + i) & kByte);
      return static_cast<uint8_t>(sum >> 1);
    };
    for (size_t i = 0; i < features; ++i) {
      if (options.real)
        set.values.push_back(static_cast<float>(byte(i) - 128) / 32);
      else
        set.bytes.push_back(byte(i));
    }
    for (size_t i = 0; i < options.targets; ++i)
      set.targets.push_back(static_cast<float>(byte(i) - byte(i + 1)) / 64);
    if (options.targets == 0) set.labels.push_back(static_cast<int32_t>(label));
  }
  set.target_width = options.targets;
  set.classes = options.targets == 0 ? options.classes : 0;
  return set;
}

}  // namespace paragon::data
