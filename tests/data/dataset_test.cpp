// SPDX-License-Identifier: Apache-2.0
#include "data/idx_files.hpp"

namespace paragon::data::testing {
namespace {

Dataset four_rows() {
  return {.sample_shape = {1, 2},
          .bytes = {0, 1, 2, 3, 4, 5, 6, 7},
          .labels = {2, 1, 0, 2},
          .classes = 3};
}

TEST(Dataset, SlicesRows) {
  const Dataset part = four_rows().slice(1, 2);
  EXPECT_EQ(part.sample_shape, (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(part.bytes, (std::vector<std::uint8_t>{2, 3, 4, 5}));
  EXPECT_EQ(part.labels, (std::vector<std::int32_t>{1, 0}));
  EXPECT_EQ(part.classes, 3u);
  EXPECT_EQ(four_rows().slice(0, 4).bytes, four_rows().bytes);
  EXPECT_EQ(four_rows().slice(4, 0).size(), 0u);
}

TEST(Dataset, SlicesFloats) {
  const Dataset set = {
      .sample_shape = {2}, .values = {.5f, 1.f, -2.f, 3.f}, .labels = {0, 1}, .classes = 2};
  const Dataset part = set.slice(1, 1);
  EXPECT_TRUE(part.bytes.empty());
  EXPECT_EQ(part.values, (std::vector<float>{-2.f, 3.f}));
}

TEST(Dataset, RefusesSlicesOutside) {
  expect_error([] { four_rows().slice(3, 2); }, {"slice of 2 rows from row 3", "4 rows"});
  expect_error([] { four_rows().slice(5, 0); }, {"there are 4 rows"});
  expect_error([] { four_rows().slice(1, std::size_t(-1)); }, {"there are 4 rows"});
}

TEST(Dataset, VerifiesItsFields) {
  four_rows().verify();
  Dataset().verify();
  Dataset set = four_rows();
  set.bytes.pop_back();
  expect_error([&] { set.verify(); }, {"got 7 features", "expected 8"});
  set = four_rows();
  set.values.assign(8, 0.f);
  expect_error([&] { set.verify(); }, {"both", "8 bytes", "8 values"});
  set = four_rows();
  set.labels[1] = 3;
  expect_error([&] { set.verify(); }, {"label of row 1", "got 3", "0 to 2"});
  set.labels[1] = -1;
  expect_error([&] { set.verify(); }, {"label of row 1", "got -1"});
}

}  // namespace
}  // namespace paragon::data::testing
