// SPDX-License-Identifier: Apache-2.0
#include "core/error.hpp"

#include <fmt/ranges.h>

#include <algorithm>

namespace paragon {

Error::~Error() = default;
DeviceLostError::~DeviceLostError() = default;
DeviceMemoryError::~DeviceMemoryError() = default;

void raise_message(std::string message) {
  throw Error(message);
}

namespace {

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest_name(std::string_view name, const std::vector<std::string>& known) {
  // Hostile input may be megabytes long; nothing that long is a near miss of a name.
  constexpr size_t kLongestName = 64;
  if (name.size() > kLongestName) return "";
  std::string best;
  size_t best_distance = std::max<size_t>(2, name.size() / 2);
  for (const std::string& candidate : known) {
    const size_t distance = edit_distance(name, candidate);
    if (distance <= best_distance && (best.empty() || distance < best_distance)) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

void raise_unknown(std::string_view kind, std::string_view name,
                   const std::vector<std::string>& known) {
  const std::string near = nearest_name(name, known);
  raise("unknown {} '{}'{} (known: {})", kind, name.substr(0, 64),
        near.empty() ? "" : fmt::format("; did you mean '{}'?", near), fmt::join(known, ", "));
}

}  // namespace paragon
