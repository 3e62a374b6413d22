// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <ostream>
#include <string_view>

#include "cli/options.hpp"

namespace paragon::cli {

using Json = nlohmann::ordered_json;

/// Where a command's figures go: text on the screen, and JSON where --json says so.
class Output {
 public:
  /// Raises now if the JSON file could not be written later.
  explicit Output(const Common& common);

  /// Standard output, or standard error if the JSON takes that, or nowhere with --quiet.
  std::ostream& screen() { return screen_; }

  /// Writes the JSON text, if it is wanted: last of all, when nothing can fail any more.
  void finish(const Json& json);
  void finish_text(std::string_view json);

 private:
  const Common& common_;
  std::ostream screen_;
};

}  // namespace paragon::cli
