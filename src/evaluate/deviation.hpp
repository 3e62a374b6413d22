// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace paragon {

/// How far `actual` lies from `expected`: in percent of it, or 100 times the difference where
/// `expected` is (nearly) zero. Infinite where either is NaN or infinite.
double deviation_percent(double expected, double actual);

}  // namespace paragon
