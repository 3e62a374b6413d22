// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include <paragon/diagnostics.hpp>
#include <paragon/support.hpp>

#include "raises.hpp"
#include "temporary_folder.hpp"

namespace paragon {
namespace {

using testing::contains;
using testing::message_of;
using testing::TemporaryFolder;

TEST(Files, WriteReplacesTheWholeFileAndLeavesNothingElse) {
  const TemporaryFolder folder;
  write_file(folder.path("a"), "first, and long");
  write_file(folder.path("a"), "second");
  EXPECT_EQ(read_file(folder.path("a"), 100), "second");
  EXPECT_EQ(folder.names(), std::vector<std::string>{"a"});
  struct stat status = {};
  ASSERT_EQ(::stat(folder.path("a").c_str(), &status), 0);
  EXPECT_NE(status.st_mode & S_IRUSR, 0u);
}

TEST(Files, RefusesWhatCannotBeWritten) {
  const TemporaryFolder folder;
  const std::string missing = folder.path("no/such/file.json");
  EXPECT_TRUE(contains(message_of([&] { require_writable(missing); }), "no/such"));
  EXPECT_TRUE(contains(message_of([&] { write_file(missing, ""); }), "no/such"));
  EXPECT_TRUE(contains(message_of([&] { require_writable(folder.path()); }), "regular file"));
  EXPECT_TRUE(contains(message_of([&] { require_writable(""); }), "without a name"));
  folder.write("file", "");
  EXPECT_TRUE(
      contains(message_of([&] { require_writable(folder.path("file/x")); }), "not a folder"));
  EXPECT_EQ(folder.names(), std::vector<std::string>{"file"});
}

TEST(Files, ReadHasALimit) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "12345");
  EXPECT_EQ(read_file(path, 5), "12345");
  EXPECT_TRUE(contains(message_of([&] { read_file(path, 4); }), "5 bytes, expected at most 4"));
  // A sparse file of 1 TiB is refused before anything is read.
  std::filesystem::resize_file(path, uintmax_t{1} << 40);
  EXPECT_TRUE(contains(message_of([&] { read_file(path, 1 << 20); }), "at most 1048576"));
}

TEST(Files, ReadRefusesFoldersDevicesAndMissingFiles) {
  const TemporaryFolder folder;
  EXPECT_TRUE(contains(message_of([&] { read_file(folder.path(), 10); }), "not a regular file"));
  EXPECT_TRUE(contains(message_of([&] { read_file("/dev/zero", 10); }), "not a regular file"));
  EXPECT_TRUE(contains(message_of([&] { read_file(folder.path("x"), 10); }), "no such file"));
}

TEST(Support, SuggestsTheNearestName) {
  EXPECT_EQ(did_you_mean("trian", {"train", "eval"}), "; did you mean 'train'?");
  EXPECT_EQ(did_you_mean("something else", {"train", "eval"}), "");
}

TEST(Support, FiguresOfTheProcess) {
  EXPECT_GE(processors(), 1u);
  EXPECT_GT(peak_memory_bytes(), 100'000u);
  EXPECT_EQ(version(), PARAGON_VERSION);
}

}  // namespace
}  // namespace paragon
