// SPDX-License-Identifier: Apache-2.0
// Transposition and gathering of rows: equal to the bit to their definition on every target.
#include "backends/cpu/movement/movement.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "backends/cpu/target.hpp"

namespace paragon::cpu {
namespace {

class MovementTest : public ::testing::Test {
 protected:
  void TearDown() override { force_target(before_); }

 private:
  Target before_ = active_target();
};

template <class T>
class Transpose : public MovementTest {};
using Types = ::testing::Types<float, int32_t, int8_t, uint8_t>;
TYPED_TEST_SUITE(Transpose, Types);

/// Random bits (of float NaNs too), in a vector that has no byte to spare.
template <class T>
std::vector<T> random_bits(size_t n) {
  std::mt19937 random(static_cast<unsigned>(n));
  std::vector<T> values(n);
  for (T& value : values) {
    const auto bits = static_cast<uint32_t>(random());
    std::memcpy(&value, &bits, sizeof(T));
  }
  return values;
}

/// Bits of a value, so that NaNs compare.
template <class T>
uint32_t bits_of(T value) {
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  return bits;
}

TYPED_TEST(Transpose, MovesEveryElementAndNothingElse) {
  using T = TypeParam;
  for (const Target target : available_targets()) {
    force_target(target);
    for (const size_t rows : {0, 1, 3, 4, 15, 16, 17, 33, 64, 100}) {
      for (const size_t cols : {0, 1, 3, 4, 5, 15, 16, 31, 64, 65, 130}) {
        const size_t in_stride = cols + 3, out_stride = rows + 2;
        const auto in = random_bits<T>(rows == 0 ? 0 : (rows - 1) * in_stride + cols);
        std::vector<T> out(cols * out_stride, T{77});
        for (const size_t parts : {1, 3}) {
          for (size_t part = 0; part < parts; ++part) {
            transpose(in.data(), rows, in_stride, out.data(), out_stride, cols * part / parts,
                      cols * (part + 1) / parts);
          }
          for (size_t c = 0; c < cols; ++c) {
            for (size_t r = 0; r < out_stride; ++r) {
              ASSERT_EQ(bits_of(out[c * out_stride + r]),
                        bits_of(r < rows ? in[r * in_stride + c] : T{77}))
                  << rows << " x " << cols << " at " << r << ", " << c;
            }
          }
        }
      }
    }
  }
}

float converted(uint8_t byte, float) {
  return static_cast<float>(byte) / 255.0F;
}
int8_t converted(uint8_t byte, int8_t) {
  return static_cast<int8_t>(std::min((byte + 1) >> 1, 127));
}
template <class T>
T converted(T value, T) {
  return value;
}

template <class In, class Out>
void check_gather(RowConversion conversion) {
  constexpr size_t kTableRows = 9;
  for (const Target target : available_targets()) {
    force_target(target);
    for (const size_t features : {1, 3, 16, 63, 65, 256}) {
      const auto table = random_bits<In>(kTableRows * features);
      for (const size_t samples : {1, 2, 15, 16, 17, 64, 130}) {
        for (const size_t count : {samples, samples / 2, size_t{0}}) {
          std::vector<uint32_t> index(count);
          for (size_t i = 0; i < count; ++i) index[i] = static_cast<uint32_t>(i * 7 % kTableRows);
          for (const bool feature_major : {false, true}) {
            const RowGather gather{.conversion = conversion,
                                   .feature_major = feature_major,
                                   .features = features,
                                   .samples = samples};
            const size_t rows = feature_major ? features : samples;
            std::vector<Out> out(features * samples + 1, Out{77});
            for (const size_t cut : {rows / 3, rows}) {
              gather_rows(gather, table.data(), index.data(), count, out.data(), 0, cut);
              gather_rows(gather, table.data(), index.data(), count, out.data(), cut, rows);
            }
            for (size_t i = 0; i < samples; ++i) {
              for (size_t f = 0; f < features; ++f) {
                const Out want =
                    i < count ? converted(table[index[i] * features + f], Out{}) : Out{0};
                const Out got = out[feature_major ? f * samples + i : i * features + f];
                ASSERT_EQ(bits_of(got), bits_of(want))
                    << target_name(target) << ", " << features << " features, " << samples
                    << " samples, " << count << " real, sample " << i << ", feature " << f;
              }
            }
            ASSERT_EQ(bits_of(out.back()), bits_of(Out{77}));
          }
        }
      }
    }
  }
}

using GatherRows = MovementTest;

TEST_F(GatherRows, ConvertsBytesToFloat) {
  check_gather<uint8_t, float>(RowConversion::kUint8ToFloat32);
}
TEST_F(GatherRows, ConvertsBytesToInt8) {
  check_gather<uint8_t, int8_t>(RowConversion::kUint8ToInt8);
}
TEST_F(GatherRows, CopiesFloats) {
  check_gather<float, float>(RowConversion::kFloat32);
}
TEST_F(GatherRows, CopiesInt8) {
  check_gather<int8_t, int8_t>(RowConversion::kInt8);
}

TEST_F(GatherRows, ConvertsEveryByteOnEveryTarget) {
  std::vector<uint8_t> table(256);
  for (size_t i = 0; i < 256; ++i) table[i] = static_cast<uint8_t>(i);
  const uint32_t index = 0;
  for (const Target target : available_targets()) {
    force_target(target);
    std::vector<float> floats(256);
    std::vector<int8_t> bytes(256);
    RowGather gather{.features = 256, .samples = 1};
    gather.conversion = RowConversion::kUint8ToFloat32;
    gather_rows(gather, table.data(), &index, 1, floats.data(), 0, 1);
    gather.conversion = RowConversion::kUint8ToInt8;
    gather_rows(gather, table.data(), &index, 1, bytes.data(), 0, 1);
    for (size_t i = 0; i < 256; ++i) {
      ASSERT_EQ(floats[i], static_cast<float>(i) / 255.0F) << i;
      ASSERT_EQ(bytes[i], std::min<int>(static_cast<int>(i + 1) / 2, 127)) << i;
    }
  }
}

}  // namespace
}  // namespace paragon::cpu
