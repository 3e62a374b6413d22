// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include <paragon/dtype.hpp>

namespace paragon::cli {

/// Hashes of the final weights of `verify`'s nets: one for each width of fixed point, since an
/// unsigned type gives what its signed twin gives.
class GoldenHashes {
 public:
  /// Those that the program was built with: src/cli/golden_hashes.json.
  static GoldenHashes recorded();
  /// Those of a file of the same form. Raises if it is none or of another contract.
  static GoldenHashes read(const std::string& path);

  /// "" if there is none.
  std::string find(const std::string& net, DType type) const;
  /// Keeps the hash, unless there is one.
  void add(const std::string& net, DType type, const std::string& hash);
  /// The text of a file.
  std::string text() const;

 private:
  void parse(const std::string& text, const std::string& file);

  std::map<std::string, std::map<std::size_t, std::string>> hashes_;  // by net and bits
};

}  // namespace paragon::cli
