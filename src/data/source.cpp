// SPDX-License-Identifier: Apache-2.0
#include "data/source.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "core/error.hpp"

namespace paragon::data {

std::size_t MemorySource::read(std::uint8_t* to, std::size_t count) {
  const std::size_t got = std::min(count, rest_.size());
  if (got > 0) std::memcpy(to, rest_.data(), got);
  rest_ = rest_.subspan(got);
  return got;
}

struct GzipSource::Stream {
  z_stream z = {};
  std::uint8_t input[16384] = {};
  bool finished = false;
};

GzipSource::GzipSource(std::unique_ptr<Source> packed, std::string place)
    : packed_(std::move(packed)), place_(std::move(place)), stream_(std::make_unique<Stream>()) {
  constexpr int kGzipFormat =
      16;  // added to the window bits: a gzip header and trailer, no other format
  if (inflateInit2(&stream_->z, MAX_WBITS + kGzipFormat) != Z_OK) {
    raise("[gzip] {}: zlib could not start", place_);
  }
}

GzipSource::~GzipSource() {
  inflateEnd(&stream_->z);
}

bool GzipSource::has_magic(std::span<const std::uint8_t> start) {
  return start.size() >= 2 && start[0] == 0x1f && start[1] == 0x8b;
}

std::uint64_t GzipSource::limit() const {
  // Deflate packs at most 258 bytes into 2 bits: a ratio of 1032.
  constexpr std::uint64_t kLargestRatio = 1032;
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  return packed_->limit() > kMost / kLargestRatio ? kMost : packed_->limit() * kLargestRatio;
}

void GzipSource::refill() {
  z_stream& z = stream_->z;
  if (z.avail_in > 0) return;
  z.next_in = stream_->input;
  z.avail_in = static_cast<uInt>(packed_->read(stream_->input, sizeof(stream_->input)));
}

std::size_t GzipSource::read(std::uint8_t* to, std::size_t count) {
  z_stream& z = stream_->z;
  std::size_t got = 0;
  while (got < count && !stream_->finished) {
    refill();
    const std::size_t room = std::min<std::size_t>(count - got, std::numeric_limits<uInt>::max());
    z.next_out = to + got;
    z.avail_out = static_cast<uInt>(room);
    const bool at_end = z.avail_in == 0;
    const int status = inflate(&z, Z_NO_FLUSH);
    got += room - z.avail_out;
    if (status == Z_STREAM_END) {
      stream_->finished = true;
      refill();
      if (z.avail_in > 0) {
        raise("[gzip] {}: there are bytes after the end of the gzip stream (packed byte {})",
              place_, z.total_in);
      }
    } else if (status == Z_BUF_ERROR && at_end) {
      raise("[gzip] {}: truncated: the gzip stream does not end (packed byte {})", place_,
            z.total_in);
    } else if (status != Z_OK) {
      raise("[gzip] {}: damaged at packed byte {}: {}", place_, z.total_in,
            z.msg ? z.msg : zError(status));
    }
  }
  return got;
}

}  // namespace paragon::data
