#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the coefficients of kNormalTail in src/backends/cpu/tile_ops/curves-inl.h.

The tail of the normal distribution, Phi(-u) for u >= 0, is e^(-u^2 / 2) P(y) / (u + 4) with
y = (u - 4) / (u + 4) in -1 .. 1; P is smooth (Shepherd & Laframboise 1981). It is interpolated at
Chebyshev points and printed as powers of y, highest first.

Usage: tools/normal_tail.py DEGREE
"""

import sys
from decimal import Decimal, getcontext

getcontext().prec = 110
SPLIT = Decimal(4)


def arctan(x):
    term, total, n = x, x, 1
    while abs(term) > Decimal(10) ** -108:
        term *= -x * x
        n += 2
        total += term / n
    return total


PI = 16 * arctan(Decimal(1) / 5) - 4 * arctan(Decimal(1) / 239)
ROOT = (2 * PI).sqrt()


def cosine(x):
    term = total = Decimal(1)
    n = 0
    while abs(term) > Decimal(10) ** -108:
        n += 2
        term *= -x * x / (n * (n - 1))
        total += term
    return total


def smooth(y):
    """P(y)."""
    u = SPLIT * (1 + y) / (1 - y)
    if u > 12:  # asymptotic series, to its smallest term
        term, total, n = Decimal(1), Decimal(0), 0
        while True:
            total += term
            n += 1
            following = term * -(2 * n - 1) / (u * u)
            if abs(following) >= abs(term) or abs(following) < Decimal(10) ** -40:
                return (u + SPLIT) * total / (u * ROOT)
            term = following
    term = total = u
    odd = 1
    while term > Decimal(10) ** -108:
        odd += 2
        term *= u * u / odd
        total += term
    density = (-u * u / 2).exp() / ROOT
    return (Decimal("0.5") - density * total) * (u * u / 2).exp() * (u + SPLIT)


def powers(degree):
    count = degree + 1
    angles = [PI * (2 * i + 1) / (2 * count) for i in range(count)]
    values = [smooth(cosine(angle)) for angle in angles]
    result = [Decimal(0)] * count
    before, current = [Decimal(1)], [Decimal(0), Decimal(1)]  # Chebyshev polynomials as powers
    for order in range(count):
        chebyshev = before
        scale = Decimal(2 if order else 1) / count
        c = scale * sum(v * cosine(order * angle) for v, angle in zip(values, angles))
        for k, factor in enumerate(chebyshev):
            result[k] += c * factor
        following = [Decimal(0)] + [2 * factor for factor in current]
        for k, factor in enumerate(before):
            following[k] -= factor
        before, current = current, following
    return result


def main():
    for coefficient in reversed(powers(int(sys.argv[1]))):
        print(f"{coefficient:.17e},")


if __name__ == "__main__":
    main()
