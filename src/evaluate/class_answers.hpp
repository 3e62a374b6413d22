// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <paragon/report.hpp>

namespace paragon {

/// What a classifier answered, collected batch after batch; the outputs themselves are not kept.
class ClassAnswers {
 public:
  ClassAnswers(size_t classes, OutputKind kind) : classes_(classes), kind_(kind) {}

  /// Adds samples: `outputs` has a row of `classes` values for each label. Raises as
  /// report_of_classes does.
  template <class T>
  void add(std::span<const T> outputs, std::span<const int32_t> labels);

  Report report() const;

 private:
  size_t classes_;
  OutputKind kind_;
  std::vector<double> expected_, actual_;  ///< class indices; NaN = no answer
  double loss_ = 0;                        ///< sum over the samples
};

}  // namespace paragon
