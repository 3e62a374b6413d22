// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <paragon/data.hpp>

#include "core/error.hpp"
#include "core/platform/huge_pages.hpp"

namespace paragon::data {
namespace {

template <class T>
std::vector<T> rows_of(const std::vector<T>& from, std::size_t first, std::size_t count,
                       std::size_t width) {
  if (from.empty()) return {};
  const auto start = from.begin() + static_cast<std::ptrdiff_t>(first * width);
  std::vector<T> rows;
  platform::reserve_huge(rows, count * width);
  rows.assign(start, start + static_cast<std::ptrdiff_t>(count * width));
  return rows;
}

}  // namespace

std::size_t Dataset::features() const {
  std::size_t product = 1;
  for (const std::size_t extent : sample_shape) product *= extent;
  return product;
}

std::size_t Dataset::size() const {
  return target_width > 0 ? targets.size() / target_width : labels.size();
}

void Dataset::copy_features(std::size_t first, std::size_t count, std::span<float> out) const {
  const std::size_t start = first * features(), length = count * features();
  for (std::size_t i = 0; i < length; ++i)
    out[i] = bytes.empty() ? values[start + i] : static_cast<float>(bytes[start + i]) / 255.0f;
}

Dataset Dataset::slice(std::size_t first, std::size_t count) const {
  verify();
  if (first > size() || count > size() - first) {
    raise("[dataset] slice of {} rows from row {}: there are {} rows", count, first, size());
  }
  Dataset part;
  part.sample_shape = sample_shape;
  part.bytes = rows_of(bytes, first, count, features());
  part.values = rows_of(values, first, count, features());
  part.labels = rows_of(labels, first, count, 1);
  part.classes = classes;
  part.targets = rows_of(targets, first, count, target_width);
  part.target_width = target_width;
  return part;
}

void Dataset::verify() const {
  if (!bytes.empty() && !values.empty()) {
    raise("[dataset] features are given both as {} bytes and as {} values, expected one of them",
          bytes.size(), values.size());
  }
  if (target_width > 0 && !labels.empty())
    raise("[dataset] got {} labels and {} targets, expected one of them", labels.size(),
          targets.size());
  if (target_width == 0 ? !targets.empty() : targets.size() % target_width != 0)
    raise("[dataset] got {} targets, expected a multiple of {}", targets.size(), target_width);
  const std::size_t got = bytes.empty() ? values.size() : bytes.size();
  if (got != size() * features()) {
    raise("[dataset] got {} features, expected {} ({} rows of {})", got, size() * features(),
          size(), features());
  }
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] < 0 || static_cast<std::size_t>(labels[row]) >= classes) {
      raise("[dataset] label of row {}: got {}, expected 0 to {} ({} classes)", row, labels[row],
            static_cast<std::ptrdiff_t>(classes) - 1, classes);
    }
  }
}

}  // namespace paragon::data
