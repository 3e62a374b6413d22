// SPDX-License-Identifier: Apache-2.0
#include "train/progress.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <sstream>

#include "core/platform/process.hpp"

namespace paragon {
namespace {

Progress at(size_t epoch, size_t done, bool finished = false) {
  return {.epoch = epoch,
          .epochs = 2,
          .samples_done = done,
          .samples = 1000,
          .loss = 0.25,
          .samples_per_second = 51234.4,
          .eta_seconds = 83,
          .epoch_finished = finished};
}

TEST(Progress, PlainLineAfterEveryEpoch) {
  std::ostringstream out;
  ProgressDisplay display(out, false);
  display.update(at(1, 500));
  EXPECT_EQ(out.str(), "");
  display.update(at(1, 1000, true));
  EXPECT_EQ(out.str(), "epoch 1/2  loss 0.2500  51234 samples/s  ETA 1:23\n");
  display.update(at(2, 10));
  display.update(at(2, 1000, true));
  EXPECT_EQ(out.str(),
            "epoch 1/2  loss 0.2500  51234 samples/s  ETA 1:23\n"
            "epoch 2/2  loss 0.2500  51234 samples/s\n");
}

TEST(Progress, TerminalRewritesOneLine) {
  std::ostringstream out;
  ProgressDisplay display(out, true);
  display.update(at(1, 250));
  EXPECT_EQ(out.str(),
            "\repoch 1/2 [======>.................]  25 %  loss 0.2500  51234 samples/s  ETA 1:23"
            "\x1b[K");
  display.update(at(2, 1000, true));
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_EQ(text.back(), '\n');
  EXPECT_NE(text.find("\repoch 2/2 [========================] 100 %"), std::string::npos);
}

TEST(Progress, TerminalIsNotFlooded) {
  std::ostringstream out;
  ProgressDisplay display(out, true);
  const auto start = std::chrono::steady_clock::now();
  for (size_t i = 0; i < 20000; ++i) display.update(at(1, i % 1000));
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const std::string text = out.str();
  EXPECT_LE(static_cast<double>(std::count(text.begin(), text.end(), '\r')), 1 + 10 * seconds);
}

TEST(Progress, UnknownTimesAndHours) {
  std::ostringstream out;
  ProgressDisplay display(out, false);
  Progress progress = at(1, 1000, true);
  progress.eta_seconds = 3723;
  display.update(progress);
  progress.eta_seconds = std::numeric_limits<double>::infinity();
  display.update(progress);
  EXPECT_NE(out.str().find("ETA 1:02:03\n"), std::string::npos);
  EXPECT_NE(out.str().find("ETA --\n"), std::string::npos);
}

TEST(Progress, OnlyStandardStreamsCanBeTerminals) {
  std::ostringstream out;
  EXPECT_FALSE(is_terminal(out));
}

}  // namespace
}  // namespace paragon
