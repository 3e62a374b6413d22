// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/target.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <paragon/error.hpp>

namespace paragon::cpu {
namespace {

TEST(TargetTest, AvailableTargetsAreOrderedAndNamed) {
  const std::vector<Target>& targets = available_targets();
  ASSERT_FALSE(targets.empty());
  EXPECT_TRUE(std::is_sorted(targets.begin(), targets.end()));
  for (const Target target : targets) {
    force_target(target);
    EXPECT_EQ(active_target(), target);
    EXPECT_FALSE(target_name(target).empty());
  }
  force_target(targets.back());
}

TEST(TargetTest, TargetThatIsNotAvailableIsRefused) {
  const std::vector<Target>& targets = available_targets();
  for (const Target target :
       {Target::kScalar, Target::kAvx2, Target::kAvx512, Target::kAvx512Vnni}) {
    if (std::find(targets.begin(), targets.end(), target) != targets.end()) continue;
    EXPECT_THROW(force_target(target), Error);
  }
  EXPECT_EQ(active_target(), targets.back());
}

// The variable is read once, so each case needs a process of its own.
TEST(TargetDeathTest, EnvironmentChoosesTheTarget) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  for (const Target target : available_targets()) {
    EXPECT_EXIT(
        {
          setenv("PARAGON_SIMD", std::string(target_name(target)).c_str(), 1);
          std::exit(active_target() == target ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
  }
  EXPECT_EXIT(
      {
        setenv("PARAGON_SIMD", "avx51", 1);
        try {
          active_target();
        } catch (const Error& error) {
          std::fputs(error.what(), stderr);
          std::exit(3);
        }
      },
      testing::ExitedWithCode(3), "did you mean 'avx512'");
}

}  // namespace
}  // namespace paragon::cpu
