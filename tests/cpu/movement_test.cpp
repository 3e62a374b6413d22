// SPDX-License-Identifier: Apache-2.0
// Transposition: equal to the bit to their definition on every target.
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
using Types = ::testing::Types<uint8_t, int16_t, float, double>;
TYPED_TEST_SUITE(Transpose, Types);

/// Random bits (of float NaNs too), in a vector that has no byte to spare.
template <class T>
std::vector<T> random_bits(size_t n) {
  std::mt19937 random(static_cast<unsigned>(n));
  std::vector<T> values(n);
  for (T& value : values) {
    const uint64_t bits = uint64_t{random()} << 32 | random();
    std::memcpy(&value, &bits, sizeof(T));
  }
  return values;
}

/// Bits of a value, so that NaNs compare.
template <class T>
uint64_t bits_of(T value) {
  uint64_t bits = 0;
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
            transpose(sizeof(T), in.data(), rows, in_stride, out.data(), out_stride,
                      cols * part / parts, cols * (part + 1) / parts);
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

}  // namespace
}  // namespace paragon::cpu
