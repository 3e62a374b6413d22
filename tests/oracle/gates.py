# SPDX-License-Identifier: Apache-2.0
"""Replay's settings and the gates that decide for each sample how often a layer runs again."""

from dataclasses import dataclass
from math import floor, log2

import layers as kinds
from fixed_point import Q, VALUE_LIMIT, align, ceil_log2, clip, div_round, log2_q16, mul_shift, round_shift, to_mantissa15


@dataclass(frozen=True)
class Replay:
    span: int = 0
    phase: str = "after"
    mode: str = "repeat"
    times: int = 0
    gain: float = 1.1
    budget: int = 0
    gate: str = ""
    gate_value: float = 0
    expression: tuple = ()  # (operation, operands...) with numbers and "activations" as leaves
    map: tuple = ()
    otherwise: int = 1


@dataclass
class Score:
    """Values of one sample, or one number (score): worth numbers * 2^e; plain numbers take the other's exponent."""

    numbers: list
    e: int
    plain: bool = False


def constant(value):
    if value == floor(value) and abs(value) < 2**15:
        return Score([int(value)], 0, True)
    mantissa, shift = to_mantissa15(abs(value))
    return Score([-mantissa if value < 0 else mantissa], -shift)


def together(x, y):
    """Both at one exponent, and as many numbers as the longer one."""
    e = (x.e if y.plain else y.e) if x.plain != y.plain else max(x.e, y.e)
    size = max(len(x.numbers), len(y.numbers))
    parts = []
    for s in (x, y):
        numbers = s.numbers if s.e == e else [align(v, e - s.e, VALUE_LIMIT) for v in s.numbers]
        parts.append(numbers * (size // len(numbers)))
    return *parts, e, x.plain and y.plain


def combined(x, y, function):
    a, b, e, plain = together(x, y)
    return Score([function(v, w) for v, w in zip(a, b)], e, plain)


def mean(x):
    n = len(x.numbers)
    c = ceil_log2(n)
    total = round_shift(sum(x.numbers), c)
    if n == 1:
        return x
    return Score([mul_shift(total, *to_mantissa15(1 / n), VALUE_LIMIT)], x.e + c)


def entropy(x, format):
    _, powers, t, total = kinds.softmax(x.numbers, x.e)
    weighted = sum(clip(round_shift(p * d, Q), 2**40) for p, d in zip(powers, t))
    number = div_round(weighted << 16, total) + log2_q16(total) - (30 << 16)
    n = len(x.numbers)
    return Score([mul_shift(number, *to_mantissa15(1 / log2(n) if n > 1 else 1), VALUE_LIMIT)], -16)


def quotient(x, y):
    (a,), (b,), _, _ = together(x, y)
    size = min(div_round(abs(a) << 16, max(abs(b), 1)), VALUE_LIMIT)
    return Score([-size if (a < 0) != (b < 0) else size], -16)


def absolute(x):
    return Score([abs(v) for v in x.numbers], x.e, x.plain)


def evaluate(expression, x, format):
    if expression == "activations":
        return x
    if not isinstance(expression, tuple):
        return constant(expression)
    name, *operands = expression
    a, *rest = [evaluate(operand, x, format) for operand in operands]
    if name == "abs":
        return absolute(a)
    if name == "mean":
        return mean(a)
    if name == "largest":
        return Score([max(a.numbers)], a.e)
    if name == "entropy":
        return entropy(a, format)
    if name == "add":
        return combined(a, rest[0], lambda v, w: clip(v + w, VALUE_LIMIT))
    if name == "subtract":
        return combined(a, rest[0], lambda v, w: clip(v - w, VALUE_LIMIT))
    raise ValueError(name)


def repetitions(replay, values, before, format):
    """How often one sample is passed through again; values, before: rows with their exponents."""
    otherwise = replay.otherwise if replay.map else replay.budget
    x = Score(*values)
    if replay.gate == "constant":
        score = None
    elif replay.gate == "mean":
        score = mean(x)
    elif replay.gate == "max":
        score = Score([max(x.numbers)], x.e)
    elif replay.gate == "entropy":
        score = entropy(x, format)
    elif replay.gate == "change":
        change = combined(x, Score(*before), lambda v, w: clip(v - w, VALUE_LIMIT))
        score = quotient(mean(absolute(change)), mean(absolute(x)))
    else:
        score = evaluate(replay.expression, x, format)
    for threshold, count in replay.map:
        if above(score, threshold) if score else replay.gate_value > threshold:
            return min(int(count), replay.budget)
    return min(otherwise, replay.budget)


def above(score, threshold):
    number = score.numbers[0]
    if threshold == 0:
        return number > 0
    if score.plain:
        return number > floor(threshold)
    return align(number, -16 - score.e, VALUE_LIMIT) > floor(threshold * 2**16)
