// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <iosfwd>

#include <paragon/trainer.hpp>

namespace paragon {

/// Shows the progress of a training: on a terminal one line that is rewritten at most ten times a
/// second, elsewhere a plain line after every epoch.
class ProgressDisplay {
 public:
  /// The stream must outlive the display; is_terminal() of core/platform/process.hpp tells which.
  ProgressDisplay(std::ostream& out, bool terminal) : out_(out), terminal_(terminal) {}

  /// Cheap when there is nothing to show: a look at the clock at most.
  void update(const Progress& progress);

 private:
  using Clock = std::chrono::steady_clock;

  std::ostream& out_;
  bool terminal_;
  Clock::time_point next_ = Clock::time_point::min();
};

}  // namespace paragon
