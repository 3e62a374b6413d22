// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace paragon::io::legacy {

/// Where in a file the reader is: what the innermost open object or array holds.
enum class Place {
  kOutside,
  kRoot,
  kLayers,
  kLayer,
  kRows,
  kRow,
  kNeuron,
  kSources,
  kSource,
  kUnknown
};

enum class Kind { kText, kReal, kInteger, kTruth, kArray };

enum class Field {
  kType,
  kLayers,
  kWidth,
  kHeight,
  kRows,
  kEnabled,
  kOffset,
  kPhase,
  kMax,
  kBudget,
  kBias,
  kActivation,
  kSources,
  kLayer,
  kX,
  kY,
  kWeight
};

struct Key {
  Place in;
  std::string_view name;
  Field field;
  Kind kind;
  bool required;
};

/// Every key that the original reads.
inline constexpr std::array kKeys = {
    Key{Place::kRoot, "type", Field::kType, Kind::kText, true},
    Key{Place::kRoot, "layers", Field::kLayers, Kind::kArray, true},
    Key{Place::kLayer, "w", Field::kWidth, Kind::kInteger, true},
    Key{Place::kLayer, "h", Field::kHeight, Kind::kInteger, true},
    Key{Place::kLayer, "n", Field::kRows, Kind::kArray, true},
    Key{Place::kLayer, "re_enabled", Field::kEnabled, Kind::kTruth, false},
    Key{Place::kLayer, "re_offset", Field::kOffset, Kind::kInteger, false},
    Key{Place::kLayer, "re_phase", Field::kPhase, Kind::kText, false},
    Key{Place::kLayer, "re_max", Field::kMax, Kind::kInteger, false},
    Key{Place::kLayer, "re_budget", Field::kBudget, Kind::kInteger, false},
    Key{Place::kNeuron, "b", Field::kBias, Kind::kReal, true},
    Key{Place::kNeuron, "a", Field::kActivation, Kind::kText, true},
    Key{Place::kNeuron, "in", Field::kSources, Kind::kArray, false},
    Key{Place::kSource, "layer", Field::kLayer, Kind::kInteger, true},
    Key{Place::kSource, "x", Field::kX, Kind::kInteger, true},
    Key{Place::kSource, "y", Field::kY, Kind::kInteger, true},
    Key{Place::kSource, "w", Field::kWeight, Kind::kReal, true},
};

/// The key of this name, in capitals or not, or none.
inline const Key* find_key(Place in, std::string_view name) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (const Key& key : kKeys)
    if (key.in == in && std::ranges::equal(key.name, name, {}, {}, lower)) return &key;
  return nullptr;
}

}  // namespace paragon::io::legacy
