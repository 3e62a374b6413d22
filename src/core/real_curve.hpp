// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

#include "core/curve.hpp"

// The smooth activation functions in floating point.
namespace paragon {

/// elu: x for x >= 0, otherwise e^x - 1 (Clevert et al. 2015, alpha = 1). swish: x sigmoid(x)
/// (Ramachandran et al. 2017, beta = 1). gelu: x Phi(x) with the normal distribution's Phi by erf
/// (Hendrycks & Gimpel 2016).
template <class T>
T curve(Curve which, T x) {
  constexpr T kRootHalf = T(0.70710678118654752440);
  switch (which) {
    case Curve::elu:
      return x >= T(0) ? x : std::expm1(x);
    case Curve::sigmoid:
      return T(1) / (T(1) + std::exp(-x));
    case Curve::tanh:
      return std::tanh(x);
    case Curve::swish:
      return x / (T(1) + std::exp(-x));
    case Curve::gelu:
      return T(0.5) * x * std::erfc(-x * kRootHalf);
  }
  return x;
}

/// The derivative at x.
template <class T>
T curve_slope(Curve which, T x) {
  constexpr T kRootHalf = T(0.70710678118654752440), kDensity = T(0.39894228040143267794);
  switch (which) {
    case Curve::elu:
      return x >= T(0) ? T(1) : std::exp(x);
    case Curve::sigmoid: {
      const T s = T(1) / (T(1) + std::exp(-x));
      return s * (T(1) - s);
    }
    case Curve::tanh: {
      const T t = std::tanh(x);
      return T(1) - t * t;
    }
    case Curve::swish: {
      const T s = T(1) / (T(1) + std::exp(-x));
      return s + x * s * (T(1) - s);
    }
    case Curve::gelu: {
      const T density = kDensity * std::exp(T(-0.5) * x * x);
      return T(0.5) * std::erfc(-x * kRootHalf) + x * density;
    }
  }
  return T(1);
}

}  // namespace paragon
