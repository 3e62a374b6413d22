// SPDX-License-Identifier: Apache-2.0
// The fuzzer's seeds (fuzz/corpus/idx) as a test: good_* are read, bad_* are refused.
#include "data/idx_files.hpp"

namespace paragon::data::testing {
namespace {

TEST(IdxCorpus, IsReadOrRefusedAsItsNamesSay) {
  std::size_t good = 0, bad = 0;
  const std::string folder = std::string(PARAGON_SOURCE_DIR) + "/fuzz/corpus/idx";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string path = entry.path().string();
    const std::string name = entry.path().filename().string();
    const std::string error = error_of([&] { read_idx(path); });
    if (name.starts_with("good_")) {
      ++good;
      EXPECT_EQ(error, "");
    } else if (name.starts_with("bad_")) {
      ++bad;
      EXPECT_NE(error.find(path), std::string::npos) << name << ": " << error;
    }
  }
  EXPECT_GE(good, 5u);
  EXPECT_GE(bad, 8u);
}

}  // namespace
}  // namespace paragon::data::testing
