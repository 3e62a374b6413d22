// SPDX-License-Identifier: Apache-2.0
#include <fmt/ranges.h>

#include <paragon/data.hpp>

#include "core/error.hpp"
#include "core/platform/input_file.hpp"

namespace paragon::data {
namespace {

constexpr std::size_t kClasses = 10;

/// The path of `name`, or of `name`.gz, in `folder`; raises if there is neither.
std::string find_file(const std::string& folder, const std::string& name) {
  std::string plain = folder + "/" + name;
  if (platform::file_exists(plain)) return plain;
  if (platform::file_exists(plain + ".gz")) return plain + ".gz";
  raise("[mnist] {}: no such file, nor with .gz", plain);
}

IdxArray read_array(const std::string& path, std::size_t rank, std::string_view what) {
  IdxArray array = read_idx(path);
  if (array.dims.size() != rank) {
    raise("[mnist] {}: number of dimensions at byte 3: got {} ({}), expected {} ({})", path,
          array.dims.size(), fmt::join(array.dims, "x"), rank, what);
  }
  return array;
}

Dataset read_part(const std::string& folder, const std::string& part) {
  const std::string images_path = find_file(folder, part + "-images-idx3-ubyte");
  const std::string labels_path = find_file(folder, part + "-labels-idx1-ubyte");
  IdxArray labels = read_array(labels_path, 1, "labels");
  for (std::size_t row = 0; row < labels.bytes.size(); ++row) {
    if (labels.bytes[row] >= kClasses) {
      raise("[mnist] {}: label of row {}: got {}, expected 0 to {}", labels_path, row,
            labels.bytes[row], kClasses - 1);
    }
  }
  IdxArray images = read_array(images_path, 3, "images, rows, columns");
  if (images.dims[0] != labels.dims[0]) {
    raise("[mnist] {}: got {} images, expected {}, the number of labels in {}", images_path,
          images.dims[0], labels.dims[0], labels_path);
  }
  Dataset set;
  set.sample_shape = {images.dims[1], images.dims[2]};
  set.bytes = std::move(images.bytes);
  set.labels.assign(labels.bytes.begin(), labels.bytes.end());
  set.classes = kClasses;
  return set;
}

}  // namespace

Split mnist(const std::string& folder) {
  if (!platform::folder_exists(folder)) raise("[mnist] {}: no such folder", folder);
  Split split = {read_part(folder, "train"), read_part(folder, "t10k")};
  if (split.train.sample_shape != split.test.sample_shape) {
    raise("[mnist] {}: test images are {}, expected {} as the training images", folder,
          fmt::join(split.test.sample_shape, "x"), fmt::join(split.train.sample_shape, "x"));
  }
  return split;
}

}  // namespace paragon::data
