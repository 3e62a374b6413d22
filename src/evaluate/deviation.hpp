// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace paragon {

/// How far `actual` lies from `expected`: in percent of it, or 100 times the difference where
/// `expected` is (nearly) zero. Infinite where either is NaN or infinite.
double deviation_percent(double expected, double actual);

/// The index in Adhd::kBuckets of a deviation that is not NaN.
std::size_t bucket_of(double deviation);

}  // namespace paragon
