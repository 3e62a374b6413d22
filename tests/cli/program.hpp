// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "temporary_folder.hpp"

// Runs the built program as its user does, in a folder of its own with a small data set.
namespace paragon::cli::testing {

struct Outcome {
  int code;         ///< exit code; 128 + n after signal n
  std::string out;  ///< standard output
  std::string err;  ///< standard error
};

/// Writes the four files of a data set into `folder`: 8x8 images of four classes, the class being
/// the quadrant that is bright; 256 for training and 48 for the test.
void write_quadrants(const paragon::testing::TemporaryFolder& folder);

class ProgramTest : public ::testing::Test {
 protected:
  void SetUp() override { write_quadrants(folder_); }

  /// Runs `paragon WORDS...` with the folder as its working directory.
  Outcome run(const std::vector<std::string>& words) const;

  /// Runs the words of a line, split at spaces except within '...'.
  Outcome run_line(std::string_view line) const;

  /// The JSON of a command that must succeed; it is asked for with --json.
  nlohmann::json json_of(std::string_view line) const;

  /// Expects exit code 2, one message "paragon: ..." with every one of `parts`, nothing on the
  /// standard output, and no new file.
  void expect_refused(std::string_view line, const std::vector<std::string>& parts) const;

  /// A training that takes a moment; ends in "--out net.json" or whatever is appended.
  static std::string train_line(std::string_view type, std::string_view more = "");

  paragon::testing::TemporaryFolder folder_;
};

}  // namespace paragon::cli::testing
