#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints src/core/curve_tables.inc, the tables of the fixed-point activation functions.

A table has 256 rows, one for each segment of [0, range). A row is the cubic in t = 0 .. 1 through the
function's values at t = 0, 1 - sqrt(1/2), sqrt(1/2) and 1: near the best error of a cubic, and
continuous from row to row. Its coefficients c0 .. c3 are rounded to nearest in Q30, Q31, Q32 and Q33.

Usage: tools/curve_tables.py > src/core/curve_tables.inc
"""

from decimal import Decimal, ROUND_HALF_UP, getcontext

getcontext().prec = 60
SEGMENTS = 256
ROOT_HALF = Decimal("0.5").sqrt()
NODES = [Decimal(0), 1 - ROOT_HALF, ROOT_HALF, Decimal(1)]
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494")


def sigma(u):
    return 1 / (1 + (-u).exp())


def elu_ratio(u):
    return (1 - (-u).exp()) / u if u else Decimal(1)


def density(u):
    return (-u * u / 2).exp() / (2 * PI).sqrt()


def normal(u):
    """1/2 + density(u) (u + u^3/3 + u^5/(3 5) + ...), all terms of one sign."""
    term = total = u
    odd = 1
    while term > Decimal("1e-58"):
        odd += 2
        term *= u * u / odd
        total += term
    return Decimal("0.5") + density(u) * total


def gelu_slope(u):
    return normal(u) + u * density(u)


def cubic(values):
    """Coefficients of the polynomial through (NODES[i], values[i])."""
    differences = list(values)
    for level in range(1, 4):
        for i in range(3, level - 1, -1):
            differences[i] = (differences[i] - differences[i - 1]) / (NODES[i] - NODES[i - level])
    result = [differences[3]]
    for i in (2, 1, 0):  # Newton's form, multiplied out: result * (t - node) + difference
        shifted = [Decimal(0)] + result
        for k, c in enumerate(result):
            shifted[k] -= c * NODES[i]
        shifted[0] += differences[i]
        result = shifted
    return result


def row(function, extent, segment):
    width = Decimal(extent) / SEGMENTS
    values = [function((segment + node) * width) for node in NODES]
    scaled = [c * 2 ** (30 + k) for k, c in enumerate(cubic(values))]
    return [int(c.quantize(Decimal(1), rounding=ROUND_HALF_UP)) for c in scaled]


def main():
    print("// SPDX-License-Identifier: Apache-2.0")
    print("// Made by tools/curve_tables.py, which says what the numbers are.")
    print("// clang-format off")
    for name, function, extent, text in (
        ("kSigmaTable", sigma, 32, "1 / (1 + e^-u) on [0, 32)"),
        ("kEluTable", elu_ratio, 32, "(1 - e^-u) / u on [0, 32)"),
        ("kNormalTable", normal, 8, "the normal distribution function on [0, 8)"),
        ("kGeluSlopeTable", gelu_slope, 8, "that plus u times its density on [0, 8)"),
    ):
        print(f"// {text}")
        print(f"const CurveTable {name} = {{")
        rows = ["{" + ", ".join(map(str, row(function, extent, i))) + "}" for i in range(SEGMENTS)]
        for i in range(0, SEGMENTS, 2):
            print(f"    {rows[i]}, {rows[i + 1]},")
        print("};")
    print("// clang-format on")


if __name__ == "__main__":
    main()
