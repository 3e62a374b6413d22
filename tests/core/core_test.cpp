// SPDX-License-Identifier: Apache-2.0
// Random numbers, thread teams, shapes, tensors, types, near names.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cmath>
#include <limits>
#include <set>
#include <thread>
#include <vector>

#include <paragon/dtype.hpp>

#include "core/error.hpp"
#include "core/platform/thread_team.hpp"
#include "core/random.hpp"
#include "core/shape.hpp"
#include "core/tensor.hpp"
#include "raises.hpp"

namespace paragon {
namespace {

TEST(Random, BitsAreRoughlyUniform) {
  constexpr size_t kDraws = 1 << 16, kCells = 256;
  for (const uint64_t key : {uint64_t{0}, uint64_t{1}, ~uint64_t{0}, random::make_key({1, 2, 3})})
    for (const int shift : {0, 8, 16, 24}) {
      std::vector<double> cells(kCells);
      double ones = 0, turns = 0;
      uint32_t before = 0;
      for (uint64_t i = 0; i < kDraws; ++i) {
        const uint32_t bits = random::bits32(key, i);
        ++cells[(bits >> shift) & 255];
        ones += std::popcount(bits);
        turns += std::popcount(bits ^ before);
        before = bits;
      }
      double chi = 0;
      const double expected = static_cast<double>(kDraws) / kCells;
      for (const double cell : cells) chi += (cell - expected) * (cell - expected) / expected;
      // Chi-squared of 255 degrees of freedom: mean 255, standard deviation 22.6.
      EXPECT_LT(chi, 255 + 6 * 22.6) << "key " << key << " byte " << shift / 8;
      EXPECT_NEAR(ones / kDraws, 16, 6 * std::sqrt(8.0 / kDraws));
      EXPECT_NEAR(turns / kDraws, 16, 6 * std::sqrt(8.0 / kDraws)) << "neighbours are not alike";
    }
}

TEST(Random, EveryWordOfAKeyMatters) {
  const std::vector<uint64_t> words = {7, 0, 99, 4};
  std::set<uint64_t> keys = {random::make_key({7, 0, 99, 4})};
  for (size_t i = 0; i < 4; ++i)
    for (const uint64_t change : {uint64_t{1}, uint64_t{1} << 40, ~uint64_t{0}}) {
      std::vector<uint64_t> other = words;
      other[i] ^= change;
      keys.insert(random::make_key({other[0], other[1], other[2], other[3]}));
    }
  keys.insert(random::make_key({0, 7, 99, 4}));
  keys.insert(random::make_key({7, 0, 99}));
  EXPECT_EQ(keys.size(), 15u);
  size_t equal = 0;
  for (uint64_t i = 0; i < 10000; ++i)
    equal += random::bits32(random::make_key({1}), i) == random::bits32(random::make_key({2}), i);
  EXPECT_LE(equal, 1u);
  // The high half of the index counts too.
  EXPECT_NE(random::bits32(5, 1), random::bits32(5, 1 + (uint64_t{1} << 32)));
  EXPECT_EQ(random::bits32(5, 1), random::bits32(5, 1));
}

TEST(Random, PermutedIndexIsAPermutation) {
  for (const uint32_t count : {1u, 2u, 3u, 10u, 1000u, 60000u}) {
    std::set<std::vector<uint32_t>> orders;
    for (const uint64_t key :
         {random::make_key({1, 0}), random::make_key({1, 1}), random::make_key({2, 0})}) {
      std::vector<uint32_t> order;
      std::vector<bool> seen(count, false);
      double in_place = 0;
      for (uint32_t i = 0; i < count; ++i) {
        const uint32_t to = random::permuted_index(key, i, count);
        ASSERT_LT(to, count);
        ASSERT_FALSE(seen[to]) << count << ": " << to << " twice";
        seen[to] = true;
        order.push_back(to);
        in_place += to == i;
      }
      EXPECT_LT(in_place, count < 1000 ? count + 1 : 12) << "a random one keeps about one in place";
      orders.insert(order);
    }
    EXPECT_GE(orders.size(), count >= 10 ? 3u : 1u) << count;
  }
}

/// What the threads of a team do to test it.
struct Work {
  std::array<int, 8> calls = {};  // not atomic: run() orders them
  std::array<std::atomic<int>, 8> at_once = {};
  std::atomic<int> wrong{0};
  std::atomic<bool> slow{false};
};

TEST(ThreadTeam, EveryPartRunsOnceBeforeTheNextJob) {
  for (const int threads : {1, 2, 3, 8}) {
    platform::ThreadTeam team(threads);
    EXPECT_EQ(team.size(), threads);
    Work work;
    constexpr int kRuns = 3000;
    std::array<int, 8> expected = {};
    for (int run = 0; run < kRuns; ++run) {
      const int parts = run % threads + 1;
      for (int part = 0; part < parts; ++part) ++expected[static_cast<size_t>(part)];
      // Now and then a pause, in which the threads fall asleep.
      if (run % 1000 == 999) std::this_thread::sleep_for(std::chrono::milliseconds(2));
      work.slow = run % 500 == 0;
      team.run(
          parts,
          [](void* context, int part, int thread) {
            Work& w = *static_cast<Work*>(context);
            ++w.calls[static_cast<size_t>(part)];
            if (++w.at_once[static_cast<size_t>(thread)] != 1) ++w.wrong;
            if (w.slow) std::this_thread::sleep_for(std::chrono::microseconds(200));
            --w.at_once[static_cast<size_t>(thread)];
          },
          &work);
      if (work.calls != expected) ++work.wrong;
    }
    EXPECT_EQ(work.wrong, 0);
  }
}

TEST(ThreadTeam, StartsAndEndsOften) {
  for (int i = 0; i < 100; ++i) {
    platform::ThreadTeam team(i % 8 + 1);
    if (i % 3 == 0) continue;  // a team that never ran ends as well
    std::atomic<int> calls{0};
    team.run(
        team.size(), [](void* count, int, int) { ++*static_cast<std::atomic<int>*>(count); },
        &calls);
    EXPECT_EQ(calls, team.size());
  }
  EXPECT_EQ(platform::ThreadTeam(0).size(), 1);
}

TEST(Names, NearestIsFoundOrNone) {
  const std::vector<std::string> known = {"linear", "relu", "leaky_relu", "softmax"};
  EXPECT_EQ(nearest_name("rellu", known), "relu");
  EXPECT_EQ(nearest_name("leakyrelu", known), "leaky_relu");
  EXPECT_EQ(nearest_name("softmax", known), "softmax");
  EXPECT_EQ(nearest_name("convolution_2d", known), "");
  EXPECT_EQ(nearest_name(std::string(1000000, 'x'), known), "");
  EXPECT_EQ(nearest_name("relu", {}), "");
  const std::string message = testing::message_of([&] { raise_unknown("thing", "rellu", known); });
  EXPECT_EQ(
      message,
      "unknown thing 'rellu'; did you mean 'relu'? (known: linear, relu, leaky_relu, softmax)");
  EXPECT_EQ(testing::message_of([&] { raise_unknown("thing", "zzzzzzzzz", {"a"}); }),
            "unknown thing 'zzzzzzzzz' (known: a)");
  EXPECT_LT(
      testing::message_of([&] { raise_unknown("thing", std::string(100000, 'q'), known); }).size(),
      200u);
}

TEST(Shapes, SeenAsMatrices) {
  struct Row {
    Shape shape;
    size_t elements, rows, cols;
    const char* text;
  };
  for (const Row& row : {Row{{}, 1, 1, 1, "[]"},
                         {{5}, 5, 1, 5, "[5]"},
                         {{2, 3}, 6, 2, 3, "[2,3]"},
                         {{2, 3, 4}, 24, 6, 4, "[2,3,4]"},
                         {{2, 0}, 0, 2, 0, "[2,0]"},
                         {{2, 3, 4, 5}, 120, 24, 5, "[2,3,4,5]"}}) {
    EXPECT_EQ(row.shape.elements(), row.elements) << row.text;
    EXPECT_EQ(row.shape.rows(), row.rows) << row.text;
    EXPECT_EQ(row.shape.cols(), row.cols) << row.text;
    EXPECT_EQ(to_string(row.shape), row.text);
    EXPECT_EQ(row.shape.is_scalar(), row.shape.rank() == 0);
  }
  EXPECT_TRUE(testing::contains(testing::message_of([] { Shape({1, 2, 3, 4, 5}); }), "rank 5"));
}

TEST(Shapes, Broadcast) {
  struct Row {
    Shape a, b, expected;
  };
  for (const Row& row : {Row{{2, 3}, {2, 3}, {2, 3}},
                         {{2, 3}, {}, {2, 3}},
                         {{2, 3}, {3}, {2, 3}},
                         {{2, 3}, {1, 3}, {2, 3}},
                         {{2, 1}, {1, 3}, {2, 3}},
                         {{2, 1}, {3}, {2, 3}},
                         {{1}, {3}, {3}},
                         {{}, {}, {}},
                         {{2, 3, 4}, {2, 3, 4}, {2, 3, 4}},
                         {{2, 3, 4}, {}, {2, 3, 4}},
                         {{0, 3}, {1, 3}, {0, 3}},
                         {{1, 1}, {}, {1, 1}}}) {
    EXPECT_EQ(broadcast(row.a, row.b, "here"), row.expected)
        << to_string(row.a) << to_string(row.b);
    EXPECT_EQ(broadcast(row.b, row.a, "here"), row.expected)
        << to_string(row.b) << to_string(row.a);
  }
  for (const auto& [a, b] : {std::pair<Shape, Shape>{{2, 3}, {3, 2}},
                             {{2, 3}, {2}},
                             {{4}, {3}},
                             {{0, 3}, {2, 3}},
                             {{2, 3, 4}, {4}},
                             {{2, 3, 4}, {2, 3, 1}}}) {
    const std::string message =
        testing::message_of([&, &first = a, &second = b] { broadcast(first, second, "here"); });
    for (const std::string& part : {std::string("[here]"), to_string(a), to_string(b)})
      EXPECT_TRUE(testing::contains(message, part));
  }
}

TEST(Tensors, AreAlignedZeroAndCopied) {
  Tensor tensor(DType::int32, {3, 5});
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.data()) % 64, 0u);
  EXPECT_EQ(tensor.bytes(), 60u);
  for (const int32_t value : tensor.as<int32_t>()) EXPECT_EQ(value, 0);
  Tensor copy = tensor;
  copy.as<int32_t>()[7] = 5;
  EXPECT_EQ(tensor.as<int32_t>()[7], 0);
  EXPECT_TRUE(Tensor().empty());
  EXPECT_FALSE(tensor.empty());
  constexpr size_t kTooMuch = size_t{1} << 60;
  EXPECT_TRUE(testing::contains(testing::message_of([] { AlignedBuffer buffer(kTooMuch); }),
                                std::to_string(kTooMuch)));
}

TEST(Types, TableNamesAndErrors) {
  for (const DTypeInfo& row : dtypes()) {
    EXPECT_EQ(parse_dtype(row.name), row.type);
    EXPECT_EQ(name(row.type), row.name);
    EXPECT_EQ(size_of(row.type) * 8, row.bits);
  }
  EXPECT_TRUE(testing::contains(testing::message_of([] { parse_dtype("flaot32"); }),
                                "did you mean 'float32'"));
  EXPECT_EQ(network_types().size(), 12u);
  for (DType type : network_types())
    EXPECT_EQ(info(type).arithmetic == Arithmetic::kReal, info(type).kind == DTypeKind::kFloat);
}

}  // namespace
}  // namespace paragon
