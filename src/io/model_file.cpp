// SPDX-License-Identifier: Apache-2.0
#include <paragon/network.hpp>
#include <paragon/support.hpp>

#include "core/error.hpp"
#include "io/legacy/file.hpp"
#include "io/model.hpp"

namespace paragon {

void Network::save(const std::string& path) const {
  require_writable(path);  // before a long text is made
  write_file(path, io::model_text(*this));
}

Network Network::load(const std::string& path) {
  const std::string text = read_file(path, io::kLargestFile);
  if (io::legacy::is_legacy_text(text))
    raise(
        "[load] {}: a file of the Go framework, expected a model of Paragon; LegacyNetwork reads "
        "it",
        path);
  try {
    return io::parse_model(text);
  } catch (const Error& error) {
    raise("[load] {}: {}", path, error.what());  // the reader knows the place, not the file
  }
}

}  // namespace paragon
