# SPDX-License-Identifier: Apache-2.0
"""The smooth activations of docs/numerics.md: tables from their formula, values and slopes."""

from decimal import Decimal, getcontext
from functools import lru_cache

from fixed_point import VALUE_LIMIT

getcontext().prec = 60
ONE = Decimal(1)
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
Q30 = 2**30


def sigma(u):
    return ONE / (ONE + (-u).exp())


def elu_quotient(u):
    return (ONE - (-u).exp()) / u if u else ONE


def density(u):
    return (-u * u / 2).exp() / (2 * PI).sqrt()


def normal(u):
    """1/2 + phi(u) (u + u^3/3 + u^5/(3 5) + ...)"""
    term = total = u
    k = 1
    while term > Decimal(10) ** -55:
        k += 2
        term = term * u * u / k
        total += term
    return Decimal("0.5") + density(u) * total


def gelu_slope(u):
    return normal(u) + u * density(u)


TABLES = {"sigma": (sigma, 32), "elu": (elu_quotient, 32), "normal": (normal, 8), "gelu_slope": (gelu_slope, 8)}


def cubic_through(points):
    """Coefficients c0 .. c3 of the cubic through four points (Newton's form, multiplied out)."""
    t = [p[0] for p in points]
    d = [p[1] for p in points]
    for level in range(1, 4):
        for i in range(3, level - 1, -1):
            d[i] = (d[i] - d[i - 1]) / (t[i] - t[i - level])
    c = [Decimal(0)] * 4
    for i in range(3, -1, -1):
        shifted = [Decimal(0)] + c[:3]
        c = [shifted[k] - t[i] * c[k] for k in range(4)]
        c[0] += d[i]
    return c


@lru_cache(maxsize=None)
def table(name):
    function, extent = TABLES[name]
    root = Decimal("0.5").sqrt()
    rows = []
    for i in range(256):
        points = [(t, function((i + t) * extent / 256)) for t in (Decimal(0), ONE - root, root, ONE)]
        c = cubic_through(points)
        rows.append([int((c[k] * 2 ** (30 + k)).to_integral_value("ROUND_HALF_UP")) for k in range(4)])
    return rows


def read(name, a):
    c0, c1, c2, c3 = table(name)[a >> 22]
    t = (a % 2**22) << 9
    r = c2 + ((c3 * t) >> 32)
    r = c1 + ((r * t) >> 32)
    return c0 + ((r * t) >> 32)


def place(x, e, fraction):
    s = -(e + fraction)
    m = abs(x)
    if s > 0:
        s = min(s, 31)
        return (m + (1 << (s - 1))) >> s
    shift = min(-s, 30)
    return VALUE_LIMIT if m > VALUE_LIMIT >> shift else m << shift


def fraction_of(name):
    return {"gelu": 27, "tanh": 26}.get(name, 25)


def value(name, x, e):
    """The function at x * 2^e; its unit is 2^-30 for sigmoid and tanh, otherwise 2^e."""
    x = max(-VALUE_LIMIT, min(VALUE_LIMIT, x))
    a = place(x, e, fraction_of(name))
    sign = -1 if x < 0 else 1

    def scaled(g):
        return sign * ((abs(x) * g + 2**29) >> 30)

    if name in ("sigmoid", "swish"):
        p = read("sigma", a)
        g = p if x >= 0 else Q30 - p
        return min(g, VALUE_LIMIT) if name == "sigmoid" else scaled(g)
    if name == "tanh":
        return sign * min(2 * read("sigma", a) - Q30, VALUE_LIMIT)
    if name == "gelu":
        p = read("normal", a)
        return scaled(p if x >= 0 else Q30 - p)
    assert name == "elu"
    if x >= 0:
        return x
    if a == VALUE_LIMIT:
        return -(2**-e) if e <= 0 else -1 if e == 1 else 0
    return scaled(read("elu", a))


def slope(name, x, e):
    """The derivative at x * 2^e, in units of 2^-29."""
    x = max(-VALUE_LIMIT, min(VALUE_LIMIT, x))
    a = place(x, e, fraction_of(name))
    if name == "gelu":
        d = read("gelu_slope", a) >> 1
        return d if x >= 0 else 2**29 - d
    if name == "elu":
        if x >= 0:
            return 2**29
        return 0 if a == VALUE_LIMIT else 2**29 - ((a * read("elu", a)) >> 26)
    p = read("sigma", a)
    q = Q30 - p
    if name == "sigmoid":
        return (p * q) >> 31
    if name == "tanh":
        return (p * q) >> 29
    assert name == "swish"
    d = (p >> 1) + ((a * ((p * q) >> 30)) >> 26)
    return d if x >= 0 else 2**29 - d


def check_values_of_the_page():
    """The page's table of bits to test with."""
    bits = {
        "sigmoid": ((239122453, 92934924), (1073058187, 341600)),
        "tanh": ((-910837622, 150546585), (1073740950, 873)),
        "elu": ((-3, 153816092), (123456789, 536870912)),
        "swish": ((-1, 3392572), (123378186, 539042793)),
        "gelu": ((-1, -65853436), (123456789, 536870912)),
    }
    for name, expected in bits.items():
        for (x, e), pair in zip(((-5, -2), (123456789, -24)), expected):
            got = (value(name, x, e), slope(name, x, e))
            assert got == pair, (name, x, e, got, pair)
