// SPDX-License-Identifier: Apache-2.0
#include "data/idx_files.hpp"

namespace paragon::data::testing {
namespace {

class Mnist : public FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    write("train-images-idx3-ubyte", idx_file({12, 4, 3}));
    write("train-labels-idx1-ubyte", idx_file({12}, 10));
    write("t10k-images-idx3-ubyte", idx_file({5, 4, 3}));
    write("t10k-labels-idx1-ubyte", idx_file({5}, 10));
  }

  void write(const std::string& name, const Bytes& bytes) { write_file(folder_ / name, bytes); }

  void expect_bad(const std::vector<std::string>& parts) {
    expect_error([&] { mnist(folder_.string()); }, parts);
  }
};

TEST_F(Mnist, LoadsBothParts) {
  const auto [train, test] = mnist(folder_.string());
  EXPECT_EQ(train.size(), 12u);
  EXPECT_EQ(test.size(), 5u);
  EXPECT_EQ(train.sample_shape, (std::vector<std::size_t>{4, 3}));
  EXPECT_EQ(train.features(), 12u);
  EXPECT_EQ(train.classes, 10u);
  EXPECT_TRUE(train.values.empty());
  ASSERT_EQ(train.bytes.size(), 144u);
  EXPECT_EQ(train.bytes[143], 143);
  EXPECT_EQ(train.labels[9], 9);
  EXPECT_EQ(train.labels[11], 1);
  train.verify();
  test.verify();
}

TEST_F(Mnist, LoadsPackedFilesAndPrefersPlainOnes) {
  std::filesystem::remove(folder_ / "train-images-idx3-ubyte");
  write("train-images-idx3-ubyte.gz", gzip(idx_file({12, 4, 3})));
  write("t10k-labels-idx1-ubyte.gz", Bytes{1, 2, 3});
  EXPECT_EQ(mnist(folder_.string()).train.bytes.size(), 144u);
}

TEST_F(Mnist, RefusesMissingFolderAndFiles) {
  const std::string missing = (folder_ / "nowhere").string();
  expect_error([&] { mnist(missing); }, {missing, "no such folder"});
  std::filesystem::remove(folder_ / "t10k-images-idx3-ubyte");
  expect_bad({"t10k-images-idx3-ubyte", "no such file", ".gz"});
}

TEST_F(Mnist, RefusesCountsThatDiffer) {
  write("train-labels-idx1-ubyte", idx_file({11}, 10));
  expect_bad({"train-images-idx3-ubyte", "12 images", "expected 11", "train-labels-idx1-ubyte"});
}

TEST_F(Mnist, RefusesLabelsAboveNine) {
  write("t10k-labels-idx1-ubyte", joined(idx_header({5}), {0, 9, 10, 1, 2}));
  expect_bad({"t10k-labels-idx1-ubyte", "label of row 2", "got 10", "0 to 9"});
}

TEST_F(Mnist, RefusesWrongRanks) {
  write("train-images-idx3-ubyte", idx_file({12, 12}));
  expect_bad({"train-images-idx3-ubyte", "number of dimensions", "got 2", "expected 3"});
  write("train-images-idx3-ubyte", idx_file({12, 4, 3}));
  write("train-labels-idx1-ubyte", idx_file({12, 1}, 10));
  expect_bad({"train-labels-idx1-ubyte", "number of dimensions", "got 2", "expected 1"});
}

TEST_F(Mnist, RefusesPartsOfDifferentSizes) {
  write("t10k-images-idx3-ubyte", idx_file({5, 3, 4}));
  expect_bad({"test images", "3x4", "4x3"});
}

TEST_F(Mnist, RefusesDamagedFiles) {
  write("train-images-idx3-ubyte", first_bytes(idx_file({12, 4, 3}), 100));
  expect_bad({"train-images-idx3-ubyte", "truncated", "got 84 bytes", "expected 144"});
  write("train-images-idx3-ubyte", joined(idx_file({12, 4, 3}), {0}));
  expect_bad({"train-images-idx3-ubyte", "oversized", "byte 160"});
  write("train-images-idx3-ubyte", joined({0, 1}, idx_file({12, 4, 3})));
  expect_bad({"train-images-idx3-ubyte", "magic number"});
}

TEST(MnistReal, HasTheKnownCounts) {
  const std::string folder = std::string(PARAGON_SOURCE_DIR) + "/data/mnist";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "MNIST has not been fetched";
  const auto [train, test] = mnist(folder);
  EXPECT_EQ(train.size(), 60000u);
  EXPECT_EQ(test.size(), 10000u);
  EXPECT_EQ(train.sample_shape, (std::vector<std::size_t>{28, 28}));
  std::vector<std::size_t> per_class(10);
  for (const std::int32_t label : train.labels) ++per_class[static_cast<std::size_t>(label)];
  EXPECT_EQ(per_class,
            (std::vector<std::size_t>{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949}));
}

}  // namespace
}  // namespace paragon::data::testing
