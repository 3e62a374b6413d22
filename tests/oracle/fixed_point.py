# SPDX-License-Identifier: Apache-2.0
"""The primitives of docs/numerics.md on Python's integers, which know no width and never wrap.

Nothing here is taken from the library's sources: this folder is a second implementation, made from
the page alone.
"""

from collections import namedtuple
from fractions import Fraction
from math import ceil, floor, isqrt, log2

VALUE_LIMIT = 2**30 - 1
INT31 = 2**31 - 1
MASK32 = 2**32 - 1
MASK64 = 2**64 - 1

Format = namedtuple("Format", "name m limit master_bits bias_fraction")
P, Q = 30, 24  # fraction bits of probabilities, and of the powers of two that they come from
FORMATS = {
    "int8": Format("int8", 7, 127, 30, 24),
    "int16": Format("int16", 15, 32639, 30, 24),
    "int32": Format("int32", 23, 8355711, 30, 24),
    "int64": Format("int64", 23, 8355711, 54, 48),
}
TWINS = {"uint8": "int8", "uint16": "int16", "uint32": "int32", "uint64": "int64", "int": "int64", "uint": "int64"}


def format_of(type_name):
    return FORMATS[TWINS.get(type_name, type_name)]


def bitlen(value):
    return abs(value).bit_length()


def or_magnitudes(rows):
    result = 0
    for row in rows:
        for v in row:
            result |= abs(v)
    return result


def clip(value, limit):
    return max(-limit, min(limit, value))


def round_shift(value, shift):
    if shift > 63:
        return 0
    if shift >= 1:
        size = (abs(value) + (1 << (shift - 1))) >> shift
        return size if value > 0 else -size
    if value == 0:
        return 0
    if bitlen(value) + min(-shift, 63) > 62:
        return 2**62 if value > 0 else -(2**62)
    return value << -shift


def stochastic_shift(value, shift, random):
    if shift <= 0:
        return round_shift(value, shift)
    if shift > 31:
        return 0
    return (value + random % (1 << shift)) >> shift


def align(value, shift, limit):
    return clip(round_shift(value, shift), limit)


def excess(magnitudes, format):
    """The shift of values to operands, from the bitwise or of their magnitudes."""
    x = max(0, bitlen(magnitudes) - format.m)
    return x + 1 if format.m > 7 and align(magnitudes, x, VALUE_LIMIT) > format.limit else x


def mul_shift(a, b, shift, limit):
    assert abs(a) < 2**31 and abs(b) < 2**31
    return clip(round_shift(a * b, shift), limit)


def div_round(a, b):
    return (a + b // 2) // b if b > 0 else 0


def llround(value):
    """To the nearest integer, halves away from zero, of the exact value of a double."""
    size = floor(Fraction(abs(value)) + Fraction(1, 2))
    return -size if value < 0 else size


def ceil_log2(count):
    return (count - 1).bit_length()


def wrap64(value):
    return (value + 2**63) % 2**64 - 2**63


# Functions ------------------------------------------------------------------------------------

LOG2_E = 24204406
EXP2 = (1073741764, -744256774, 257890191, -59375904, 9888282, -1016701)


def exp2_negative(t):
    t = max(t, 0)
    whole = t >> Q
    if whole > 30:
        return 0
    x = (t % (1 << Q)) << (30 - Q)
    total = 0
    for coefficient in reversed(EXP2):
        total = coefficient + round_shift(total * x, 30)
    return total >> whole


def log2_q16(value):
    if value == 0:
        return 0
    whole = bitlen(value) - 1
    x = value << (31 - whole) if whole <= 31 else value >> (whole - 31)
    bits = 0
    for _ in range(16):
        x = (x * x) >> 31
        bits *= 2
        if x >= 2**32:
            bits += 1
            x >>= 1
    return (whole << 16) + bits


def half_cosine_q15(done, total):
    if done == 0 or total == 0:
        return 2**15
    if done >= total:
        return 0
    while total >= 2**32:
        done, total = done >> 1, total >> 1
    t = (done << 30) // total
    x = round_shift(t * 1686629713, 30)
    x2 = round_shift(x * x, 30)
    term = total_sum = 2**30
    for k in range(1, 8):
        product = round_shift(term * x2, 30)
        divisor = (2 * k - 1) * 2 * k
        term = -(abs(product) // divisor * (1 if product >= 0 else -1))
        total_sum += term
    return max(0, min(2**15, round_shift(round_shift(total_sum * total_sum, 30), 15)))


# Mantissa15: (mantissa, shift), worth mantissa * 2^-shift ---------------------------------------


def to_mantissa15(number):
    if not number > 0:
        return (0, 0)
    exact = Fraction(number)
    exponent = floor(log2(number)) + 1  # mended below where the logarithm was rounded
    while exact >= Fraction(2) ** exponent:
        exponent += 1
    while exact < Fraction(2) ** (exponent - 1):
        exponent -= 1
    mantissa = llround(exact / Fraction(2) ** exponent * 2**15)
    return (mantissa, 15 - exponent) if mantissa < 2**15 else (2**14, 14 - exponent)


def scale15(number, q15):
    p = number[0] * q15
    if p == 0:
        return (0, 0)
    x = bitlen(p) - 15
    p = round_shift(p, x)
    shift = number[1] + 15 - x
    return (p, shift) if p < 2**15 else (2**14, shift - 1)


def reciprocal15(n):
    b = bitlen(n - 1)
    mantissa = (2 ** (14 + b) + n // 2) // n
    return (mantissa, 14 + b) if mantissa < 2**15 else (2**14, 13 + b)


# Random numbers ---------------------------------------------------------------------------------

CONTRACT_VERSION = 1
ROLE_INITIAL, ROLE_SHUFFLE, ROLE_UPDATE, ROLE_ERROR = 1, 2, 3, 4


def mix64(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK64
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK64
    return x ^ (x >> 31)


def mix32(x):
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & MASK32
    x = ((x ^ (x >> 15)) * 0x846CA68B) & MASK32
    return x ^ (x >> 16)


def make_key(*words):
    key = mix64(CONTRACT_VERSION)
    for word in words:
        key = mix64(key ^ word)
    return key


def bits32(key, index):
    low = (key & MASK32) ^ mix32(index >> 32)
    high = (key >> 32) | 1
    return mix32((((index & MASK32) ^ low) * high) & MASK32)


def bits64(key, index):
    return mix64(key ^ mix64(index))


def permuted_index(key, index, count):
    if count < 2:
        return 0
    half = (ceil_log2(count) + 1) // 2
    mask = (1 << half) - 1
    k0, k1 = key & MASK32, key >> 32
    value = index
    while True:
        left, right = value >> half, value & mask
        for turn in range(4):
            mixed = mix32(((right ^ k0) + (k1 ^ ((turn * 0x9E3779B9) & MASK32))) & MASK32)
            left, right = right, left ^ (mixed & mask)
        value = (left << half) | right
        if value < count:
            return value


def check_values_of_the_page():
    """Values that the page gives to test with."""
    assert mix64(1) == 0x910A2DEC89025CC1 and mix32(1) == 0x688990C0
    key = make_key(1, 0, 2)
    assert key == 0x4F323FFFF89FBA25
    assert bits32(key, 0) == 0xFCC95290 and bits32(key, 1) == 0x2C30E4AE
    other = make_key(1, 2, 1)
    assert other == 0xC5271B45329E4846 and bits64(other, 0) == 0x61C792F4170012F0
    assert [permuted_index(key, i, 10) for i in range(10)] == [5, 3, 4, 1, 7, 6, 9, 0, 2, 8]
    assert to_mantissa15(0.01) == (20972, 21) and to_mantissa15(0.001) == (16777, 24)
    assert reciprocal15(64) == (16384, 20) and reciprocal15(3) == (21845, 16)
    assert exp2_negative(0) == 1073741764
    assert isqrt(15) == 3 and ceil(0.5) == 1
