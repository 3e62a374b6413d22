// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/accuracy/tasks.hpp"
#include "cli/output.hpp"

namespace paragon::cli::accuracy {

/// What one training gave, after its last epoch.
struct Trained {
  double accuracy = 0;  ///< of the test images, percent
  double loss = 0;      ///< mean of the last epoch, while training
  double seconds = 0;   ///< of the training, beside the others
};

/// A task in one type, by seed.
struct Row {
  const Task* task;
  DType type;
  std::map<uint64_t, Trained> by_seed;
};

/// A row in numbers. The standard deviation is that of a sample (n - 1); the error is the standard
/// error of the mean difference. Without a value where there are too few seeds, no float32 or no
/// such bar.
struct Figures {
  double mean = 0;
  std::optional<double> deviation;
  std::optional<double> difference;  ///< mean of accuracy - float32's accuracy, seed by seed
  std::optional<double> error;
  Bars bars;
  /// The mean reaches the bar; the difference does or is within two standard errors of it.
  std::optional<bool> least_met, margin_met;

  bool has_bars() const { return bars.least || bars.margin; }
  /// A bar that cannot be judged is not met.
  bool met() const;
};

/// The results of a run, and how they are kept in a file.
class Results {
 public:
  /// `tasks`: those that the results may be of, as they are trained now.
  explicit Results(const std::vector<Task>& tasks) : tasks_(tasks) {}

  /// The row, made if it is not there. Rows are in the order of the tasks and types.
  Row& row(const Task& task, DType type);
  const Row* find(const Task& task, DType type) const;
  const std::vector<Row>& rows() const { return rows_; }

  Figures figures(const Row& row) const;  ///< of a row with at least one seed

  std::string json() const;

  /// Takes the rows of a text that json() wrote. Those whose settings are no longer the tasks', and
  /// those of integers by another contract, are left out, to be made again. Raises with the place,
  /// what was got and what was expected.
  void read(const std::string& json, const std::string& place);

 private:
  const std::vector<Task>& tasks_;
  std::vector<Row> rows_;
};

}  // namespace paragon::cli::accuracy
