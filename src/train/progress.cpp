// SPDX-License-Identifier: Apache-2.0
#include "train/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string>

namespace paragon {
namespace {

constexpr std::chrono::milliseconds kInterval(100);

/// "0:07", "12:34", "1:02:03"; "--" if it is not known.
std::string duration_text(double seconds) {
  constexpr double kLongest = 3600.0 * 1000;
  if (!std::isfinite(seconds) || seconds < 0 || seconds > kLongest) return "--";
  const auto whole = static_cast<long>(std::lround(seconds));
  const long hours = whole / 3600, minutes = whole / 60 % 60, rest = whole % 60;
  return hours > 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, rest)
                   : fmt::format("{}:{:02}", minutes, rest);
}

std::string bar(double fraction) {
  constexpr size_t kWidth = 24;
  const auto filled = static_cast<size_t>(std::clamp(fraction, 0.0, 1.0) * kWidth);
  std::string text(kWidth, '.');
  std::fill_n(text.begin(), filled, '=');
  if (filled < kWidth) text[filled] = '>';
  return text;
}

std::string figures(const Progress& progress) {
  return fmt::format("loss {:.4f}  {:.0f} samples/s", progress.loss, progress.samples_per_second);
}

}  // namespace

void ProgressDisplay::update(const Progress& progress) {
  const bool last = progress.epoch_finished && progress.epoch == progress.epochs;
  if (!terminal_) {
    if (!progress.epoch_finished) return;
    out_ << fmt::format("epoch {}/{}  {}{}\n", progress.epoch, progress.epochs, figures(progress),
                        last ? "" : "  ETA " + duration_text(progress.eta_seconds));
    out_.flush();
    return;
  }
  const Clock::time_point now = Clock::now();
  if (!last && now < next_) return;
  next_ = now + kInterval;
  const double fraction = progress.samples == 0 ? 1.0
                                                : static_cast<double>(progress.samples_done) /
                                                      static_cast<double>(progress.samples);
  // Back to the line's start, and clear what a longer line before left at the end.
  out_ << fmt::format("\repoch {}/{} [{}] {:3.0f} %  {}  ETA {}\x1b[K", progress.epoch,
                      progress.epochs, bar(fraction), 100 * fraction, figures(progress),
                      duration_text(progress.eta_seconds));
  if (last) out_ << '\n';
  out_.flush();
}

}  // namespace paragon
