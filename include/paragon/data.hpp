// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <paragon/export.hpp>

namespace paragon::data {

/// Samples (rows of features) with their class labels. Exactly one of `bytes` and `values` is
/// filled, row-major, size() * features() long.
struct PARAGON_API Dataset {
  std::vector<std::size_t> sample_shape = {};  ///< of one row, e.g. {28, 28}
  std::vector<std::uint8_t> bytes = {};   ///< features as bytes: a feature's value is byte / 255
  std::vector<float> values = {};         ///< features as they are
  std::vector<std::int32_t> labels = {};  ///< one a row, 0 .. classes - 1
  std::size_t classes = 0;
  std::vector<float> targets = {};  ///< instead of labels: numbers to be learned, row-major
  std::size_t target_width = 0;     ///< numbers of one row

  std::size_t size() const;      ///< number of rows
  std::size_t features() const;  ///< of one row: product of sample_shape

  /// A copy of rows first .. first + count - 1. Raises if there are not so many.
  Dataset slice(std::size_t first, std::size_t count) const;

  /// Features of rows first .. first + count - 1 as floats into `out`, count * features() long.
  void copy_features(std::size_t first, std::size_t count, std::span<float> out) const;

  /// Raises if the fields do not fit each other: lengths, or a label that is no class.
  void verify() const;
};

struct Split {
  Dataset train, test;
};

/// The MNIST digits: 60,000 training and 10,000 test images of 28x28 bytes, ten classes. `folder`
/// has the four files train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
/// t10k-labels-idx1-ubyte, each as it is or with .gz. Other sets in these four files
/// (Fashion-MNIST) load as well; numbers of rows and image sizes come from the files. Raises Error
/// naming the file, the field, what was got and what was expected.
PARAGON_API Split mnist(const std::string& folder);

struct SyntheticOptions {
  std::vector<std::size_t> sample_shape = {};
  std::size_t samples = 0;
  std::size_t classes = 1;
  bool real = false;        ///< features as floats of -4 .. 4, instead of bytes
  std::size_t targets = 0;  ///< so many numbers of -4 .. 4 instead of labels; below features
  std::uint64_t seed = 1;
};

/// A data set that every device and language can make (docs/numerics.md, "Golden hashes"): a
/// pattern for each class under as much noise, from the contract's random numbers; targets are
/// differences of neighbouring features. Raises if there are no samples, features or classes.
PARAGON_API Dataset synthetic(const SyntheticOptions& options);

/// A tensor of unsigned bytes, as the idx format (Y. LeCun's MNIST page) stores it.
struct IdxArray {
  std::vector<std::size_t> dims;    ///< at least one, none of them 0
  std::vector<std::uint8_t> bytes;  ///< row-major, product of dims long
};

/// Reads an idx file of unsigned bytes, plain or gzip-compressed (told by its first bytes). Raises
/// if it is missing, truncated, longer than its header says, or of another type. Never holds more
/// memory than the data that is really there, whatever the header claims.
PARAGON_API IdxArray read_idx(const std::string& path);

/// The same for a file in memory; `place` names it in errors.
PARAGON_API IdxArray parse_idx(std::span<const std::uint8_t> file, const std::string& place);

}  // namespace paragon::data
