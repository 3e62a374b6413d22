// SPDX-License-Identifier: Apache-2.0
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include <paragon/data.hpp>

#include "core/error.hpp"
#include "core/platform/huge_pages.hpp"
#include "data/source.hpp"

namespace paragon::data {
namespace {

// The format: two zero bytes, a type code, the number of dimensions, each dimension as a big-endian
// 32-bit number, then the elements, row-major.
constexpr std::uint8_t kUnsignedByte = 0x08;
constexpr std::size_t kMagicBytes = 4;
constexpr std::size_t kDimBytes = 4;

std::string_view type_name(std::uint8_t code) {
  switch (code) {
    case 0x08:
      return "unsigned byte";
    case 0x09:
      return "signed byte";
    case 0x0b:
      return "16-bit integer";
    case 0x0c:
      return "32-bit integer";
    case 0x0d:
      return "float32";
    case 0x0e:
      return "float64";
    default:
      return "unknown";
  }
}

void read_magic(Source& source, const std::string& place, std::size_t& rank) {
  std::array<std::uint8_t, kMagicBytes> magic = {};
  const std::size_t got = source.read(magic.data(), magic.size());
  if (got == 0) raise("[idx] {}: empty: got 0 bytes, expected an idx header", place);
  if (got < magic.size()) {
    raise("[idx] {}: truncated in the magic number: got {} bytes, expected {}", place, got,
          kMagicBytes);
  }
  if (magic[0] != 0 || magic[1] != 0) {
    raise("[idx] {}: wrong magic number at byte 0: got {:02x} {:02x}, expected 00 00", place,
          magic[0], magic[1]);
  }
  if (magic[2] != kUnsignedByte) {
    raise("[idx] {}: type code at byte 2: got 0x{:02x} ({}), expected 0x08 (unsigned byte)", place,
          magic[2], type_name(magic[2]));
  }
  if (magic[3] == 0) {
    raise("[idx] {}: number of dimensions at byte 3: got 0, expected at least 1", place);
  }
  rank = magic[3];
}

/// Reads the dimensions and returns their product, the number of bytes that follow.
std::size_t read_dims(Source& source, const std::string& place, std::vector<std::size_t>& dims) {
  std::uint64_t product = 1;
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    const std::size_t offset = kMagicBytes + axis * kDimBytes;
    std::array<std::uint8_t, kDimBytes> raw = {};
    const std::size_t got = source.read(raw.data(), raw.size());
    if (got < raw.size()) {
      raise("[idx] {}: truncated in the header: got {} bytes, expected {} for {} dimensions", place,
            offset + got, kMagicBytes + dims.size() * kDimBytes, dims.size());
    }
    const std::uint32_t dim = std::uint32_t{raw[0]} << 24 | std::uint32_t{raw[1]} << 16 |
                              std::uint32_t{raw[2]} << 8 | std::uint32_t{raw[3]};
    if (dim == 0) {
      raise("[idx] {}: dimension {} at byte {}: got 0, expected at least 1", place, axis, offset);
    }
    if (product > std::numeric_limits<std::size_t>::max() / dim) {
      raise("[idx] {}: dimension {} at byte {}: got {}, with which the size overflows", place, axis,
            offset, dim);
    }
    product *= dim;
    dims[axis] = dim;
  }
  return static_cast<std::size_t>(product);
}

IdxArray read_from(Source& source, bool packed, const std::string& place) {
  IdxArray array;
  std::size_t rank = 0;
  read_magic(source, place, rank);
  array.dims.resize(rank);
  const std::size_t expected = read_dims(source, place, array.dims);
  const std::size_t header = kMagicBytes + rank * kDimBytes;
  const auto raise_truncated = [&](std::uint64_t got) {
    raise("[idx] {}: truncated: got {} bytes of data{}, expected {} (dimensions {})", place, got,
          packed ? " after unpacking" : "", expected, fmt::join(array.dims, "x"));
  };

  // Before any memory is taken, the header is held against what the file can give at most.
  const std::uint64_t most = source.limit() > header ? source.limit() - header : 0;
  if (packed ? expected > source.limit() : expected > most) {
    if (!packed) raise_truncated(most);
    raise(
        "[idx] {}: truncated: the packed file can hold {} bytes at most, expected {} (dimensions "
        "{})",
        place, source.limit(), expected, fmt::join(array.dims, "x"));
  }
  // The size of what a gzip stream unpacks to is known only when it has come: memory grows with it.
  constexpr std::size_t kChunk = std::size_t{1} << 20;
  if (!packed) platform::reserve_huge(array.bytes, expected);
  std::size_t got = 0;
  while (got < expected) {
    const std::size_t want =
        packed ? std::min(expected - got, std::max(kChunk, got)) : expected - got;
    array.bytes.resize(got + want);
    const std::size_t read = source.read(array.bytes.data() + got, want);
    got += read;
    if (read < want) raise_truncated(got);
  }
  // Also makes a gzip stream run to its end, where its checksum is.
  std::uint8_t extra = 0;
  if (source.read(&extra, 1) != 0) {
    raise(
        "[idx] {}: oversized: there are bytes after byte {}{}, where the data of dimensions {} "
        "ends",
        place, header + expected, packed ? " (unpacked)" : "", fmt::join(array.dims, "x"));
  }
  return array;
}

IdxArray read_plain_or_packed(std::unique_ptr<Source> source, bool packed,
                              const std::string& place) {
  if (packed) source = std::make_unique<GzipSource>(std::move(source), place);
  return read_from(*source, packed, place);
}

}  // namespace

IdxArray parse_idx(std::span<const std::uint8_t> file, const std::string& place) {
  return read_plain_or_packed(std::make_unique<MemorySource>(file), GzipSource::has_magic(file),
                              place);
}

IdxArray read_idx(const std::string& path) {
  std::array<std::uint8_t, 2> start = {};
  const std::size_t got = platform::InputFile(path).read(start.data(), start.size());
  return read_plain_or_packed(std::make_unique<FileSource>(path),
                              GzipSource::has_magic(std::span(start).first(got)), path);
}

}  // namespace paragon::data
