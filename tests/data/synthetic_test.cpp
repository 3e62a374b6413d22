// SPDX-License-Identifier: Apache-2.0
// Synthetic data: the definition in docs/numerics.md, and what is refused.
#include <gtest/gtest.h>

#include <paragon/data.hpp>

#include "raises.hpp"

namespace paragon::data::testing {
namespace {

const SyntheticOptions kOptions = {.sample_shape = {2, 3}, .samples = 2, .classes = 3, .seed = 3};

TEST(Synthetic, IsWhatTheContractSays) {
  const Dataset set = synthetic(kOptions);
  set.verify();
  EXPECT_EQ(set.sample_shape, kOptions.sample_shape);
  EXPECT_EQ(set.classes, 3u);
  // Computed by hand-written Python from docs/numerics.md.
  EXPECT_EQ(set.labels, (std::vector<std::int32_t>{2, 0}));
  EXPECT_EQ(set.bytes,
            (std::vector<std::uint8_t>{62, 169, 179, 51, 169, 122, 37, 111, 45, 210, 179, 161}));
}

TEST(Synthetic, RealFeaturesAndTargetsAreTheBytesScaled) {
  SyntheticOptions options = kOptions;
  const Dataset bytes = synthetic(options);
  options.real = true;
  options.targets = 4;
  const Dataset set = synthetic(options);
  set.verify();
  EXPECT_TRUE(set.bytes.empty() && set.labels.empty());
  ASSERT_EQ(set.values.size(), 12u);
  for (std::size_t i = 0; i < 12; ++i)
    EXPECT_EQ(set.values[i], (static_cast<float>(bytes.bytes[i]) - 128) / 32);
  ASSERT_EQ(set.targets.size(), 8u);
  EXPECT_EQ(set.target_width, 4u);
  for (std::size_t i = 0; i < 8; ++i) {
    const std::size_t at = i / 4 * 6 + i % 4;
    EXPECT_EQ(set.targets[i], static_cast<float>(bytes.bytes[at] - bytes.bytes[at + 1]) / 64);
  }
}

TEST(Synthetic, RefusesEmptySets) {
  const auto refused = [](auto change, const char* what) {
    SyntheticOptions options = kOptions;
    change(options);
    const std::string message = paragon::testing::message_of([&] { synthetic(options); });
    EXPECT_TRUE(paragon::testing::contains(message, what));
  };
  refused([](SyntheticOptions& o) { o.samples = 0; }, "0 samples");
  refused([](SyntheticOptions& o) { o.classes = 0; }, "0 classes");
  refused([](SyntheticOptions& o) { o.sample_shape = {}; }, "0 features");
  refused([](SyntheticOptions& o) { o.targets = 6; }, "6 targets");
}

}  // namespace
}  // namespace paragon::data::testing
