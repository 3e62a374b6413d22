// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>

#include "data/idx_files.hpp"

namespace paragon::data::testing {
namespace {

void expect_bad(const Bytes& file, const std::vector<std::string>& parts) {
  std::vector<std::string> all = parts;
  all.push_back("some/place");
  expect_error([&] { parse_idx(file, "some/place"); }, all);
}

TEST(Idx, ReadsPlainBytes) {
  const IdxArray array = parse_idx(idx_file({2, 3, 4}), "x");
  EXPECT_EQ(array.dims, (std::vector<std::size_t>{2, 3, 4}));
  ASSERT_EQ(array.bytes.size(), 24u);
  for (std::size_t i = 0; i < 24; ++i) EXPECT_EQ(array.bytes[i], i);
}

TEST(Idx, ReadsGzip) {
  // More than one chunk of the reader and of zlib's input.
  const Bytes plain = idx_file({3000, 1000});
  const IdxArray array = parse_idx(gzip(plain), "x");
  EXPECT_EQ(array.dims, (std::vector<std::size_t>{3000, 1000}));
  EXPECT_EQ(array.bytes, Bytes(plain.begin() + 12, plain.end()));
}

TEST(Idx, ReadsManyDimensions) {
  const IdxArray array = parse_idx(idx_file(std::vector<std::uint32_t>(255, 1)), "x");
  EXPECT_EQ(array.dims.size(), 255u);
  EXPECT_EQ(array.bytes.size(), 1u);
}

TEST(Idx, RefusesEmpty) {
  expect_bad({}, {"empty", "0 bytes"});
}

TEST(Idx, RefusesEveryTruncation) {
  const Bytes file = idx_file({2, 5});
  for (std::size_t length = 1; length < file.size(); ++length) {
    expect_bad(first_bytes(file, length), {"truncated", "expected"});
  }
  expect_bad(first_bytes(file, 3), {"magic number", "got 3 bytes", "expected 4"});
  expect_bad(first_bytes(file, 10), {"header", "got 10 bytes", "expected 12"});
  expect_bad(first_bytes(file, 20), {"got 8 bytes", "expected 10", "2x5"});
}

TEST(Idx, RefusesTrailingBytes) {
  expect_bad(joined(idx_file({2, 5}), {7}), {"oversized", "byte 22", "2x5"});
  expect_bad(gzip(joined(idx_file({2, 5}), {7})), {"oversized", "byte 22"});
}

TEST(Idx, RefusesWrongMagic) {
  Bytes file = idx_file({2});
  file[1] = 0x50;
  expect_bad(file, {"magic number at byte 0", "00 50", "00 00"});
}

TEST(Idx, RefusesOtherTypes) {
  expect_bad(idx_header({2}, 0x0d), {"type code at byte 2", "0x0d", "float32", "0x08"});
  expect_bad(idx_header({2}, 0x77), {"type code", "0x77", "unknown"});
}

TEST(Idx, RefusesNoDimensionsAndEmptyOnes) {
  expect_bad(idx_header({}), {"number of dimensions at byte 3", "got 0"});
  expect_bad(idx_header({3, 0}), {"dimension 1 at byte 8", "got 0"});
}

TEST(Idx, RefusesOverflow) {
  expect_bad(idx_header({0xffffffff, 0xffffffff, 2}), {"dimension 2 at byte 12", "overflows"});
}

/// The address space that `call` needs must fit in what is left below `extra` bytes more.
template <class Call>
void with_little_memory(Call&& call) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  call();  // the sanitizers' shadow memory needs the address space
#else
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  rlimit little = before;
  little.rlim_cur = rlim_t{1} << 30;
  ASSERT_EQ(setrlimit(RLIMIT_AS, &little), 0);
  call();
  ASSERT_EQ(setrlimit(RLIMIT_AS, &before), 0);
#endif
}

TEST(Idx, TakesNoMemoryForWhatIsNotThere) {
  // Both headers promise 16 GiB; bad_alloc instead of Error would fail the test.
  const Bytes header = idx_header({4, 0xffffffff});
  with_little_memory([&] {
    expect_bad(header, {"truncated", "got 0 bytes", "expected 17179869180"});
    expect_bad(gzip(header), {"truncated", "can hold"});
  });
}

TEST(Idx, TakesNoMemoryForGzipOfLittleData) {
  // Large enough that its limit allows the 2 GiB of the header, yet it unpacks to much less.
  Bytes noise(std::size_t{3} << 20);
  std::uint32_t state = 1;
  for (std::uint8_t& byte : noise) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  const Bytes packed = gzip(joined(idx_header({2, 1u << 30}), noise));
  with_little_memory([&] {
    expect_bad(packed, {"truncated", "got 3145728 bytes", "expected 2147483648"});
  });
}

TEST(Idx, StopsAGzipBombAtTheHeadersSize) {
  Bytes plain = idx_header({10});
  plain.resize(std::size_t{200} << 20);  // zeros: 200 MiB in about 200 KiB
  const Bytes packed = gzip(plain);
  EXPECT_LT(packed.size(), std::size_t{1} << 20);
  plain = {};
  expect_bad(packed, {"oversized", "byte 18", "unpacked"});
}

TEST(Idx, RefusesDamagedGzip) {
  const Bytes packed = gzip(idx_file({40, 50}));
  for (std::size_t length = 2; length < packed.size(); ++length) {
    EXPECT_NE(error_of([&] { parse_idx(first_bytes(packed, length), "x"); }), "") << length;
  }
  expect_bad(first_bytes(packed, packed.size() - 1), {"truncated", "gzip"});
  expect_bad(joined(packed, {0}), {"after the end of the gzip stream"});
  Bytes wrong_checksum = packed;
  wrong_checksum[packed.size() - 6] ^= 1;
  expect_bad(wrong_checksum, {"damaged", "check"});
}

class IdxFile : public FolderTest {};

TEST_F(IdxFile, ReadsPlainAndPacked) {
  const Bytes plain = idx_file({3, 7});
  write_file(folder_ / "plain", plain);
  write_file(folder_ / "packed", gzip(plain));
  for (const char* name : {"plain", "packed"}) {
    const IdxArray array = read_idx((folder_ / name).string());
    EXPECT_EQ(array.dims, (std::vector<std::size_t>{3, 7}));
    EXPECT_EQ(array.bytes, Bytes(plain.begin() + 12, plain.end()));
  }
}

TEST_F(IdxFile, NamesTheFileInErrors) {
  const std::string missing = (folder_ / "missing").string();
  expect_error([&] { read_idx(missing); }, {missing, "no such file"});
  expect_error([&] { read_idx(folder_.string()); }, {folder_.string(), "not a regular file"});
  const std::string empty = (folder_ / "empty").string();
  write_file(empty, {});
  expect_error([&] { read_idx(empty); }, {empty, "empty"});
  const std::string cut = (folder_ / "cut").string();
  write_file(cut, first_bytes(idx_file({3, 7}), 20));
  expect_error([&] { read_idx(cut); }, {cut, "truncated", "got 8 bytes", "expected 21"});
}

TEST(IdxFileSpecial, RefusesDevices) {
  expect_error([] { read_idx("/dev/zero"); }, {"/dev/zero", "not a regular file"});
}

}  // namespace
}  // namespace paragon::data::testing
