# SPDX-License-Identifier: Apache-2.0
"""Layers as lists of products, their initial weights and their activations."""

from math import isqrt

import curves
from fixed_point import (
    ROLE_INITIAL,
    VALUE_LIMIT,
    bitlen,
    bits64,
    clip,
    div_round,
    exp2_negative,
    log2_q16,
    make_key,
    mul_shift,
    round_shift,
)

GAINS = {"relu": 6, "leaky_relu": 6, "elu": 6, "swish": 6, "gelu": 6, "sigmoid": 3, "tanh": 3}
RECTIFIERS = ("relu", "leaky_relu")
SMOOTH = ("sigmoid", "tanh", "elu", "swish", "gelu")
LEAK = (20972, 21)  # 0.01


class Matrix:
    """Weights or biases: a master at a constant exponent -f; weights have a view too."""

    def __init__(self, id, master, fraction):
        self.id, self.master, self.fraction = id, master, fraction
        self.view = self.view_exponent = self.view_next = None

    def make_view(self, exponent, limit):
        self.view = [clip(round_shift(v, exponent + self.fraction), limit) for v in self.master]
        self.view_exponent = exponent

    def exponent_for_view(self, m):
        return max(0, max(bitlen(v) for v in self.master) - m) - self.fraction


class Layer:
    """terms[j]: the products (input, weight) that neuron j adds up."""

    def __init__(self, id, kind, activation, terms, inputs, fan_in, weights):
        self.id, self.kind, self.activation = id, kind, activation
        self.terms, self.inputs, self.units = terms, inputs, len(terms)
        self.fan_in, self.weight_count = fan_in, weights
        self.longest = max(len(t) for t in terms)
        self.readers = [[] for _ in range(inputs)]
        for j, products in enumerate(terms):
            for i, k in products:
                self.readers[i].append((j, k))
        self.most_readers = max(len(r) for r in self.readers)
        self.frozen = {}

    def initialise(self, seed, format):
        gain = GAINS.get(self.activation, 1)
        e = -31
        while not (gain <= self.fan_in * 4**e if e >= 0 else gain <= self.fan_in >> (-2 * e)):
            e += 1
        f = format.master_bits - (e + 6)
        bound = isqrt(gain * 2 ** min(2 * f, 60) // self.fan_in) * 2 ** max(f - 30, 0)
        key = make_key(seed, self.id + 1, ROLE_INITIAL)
        master = [
            ((bits64(key, i) ^ 2**63) * (2 * bound + 1) >> 64) - bound for i in range(self.weight_count)
        ]
        self.weights = Matrix(self.id + 1, master, f)
        self.weights.make_view(self.weights.exponent_for_view(format.m), format.limit)
        self.bias = Matrix(self.id + 2, [0] * self.units, format.bias_fraction)


def dense(id, inputs, units, activation):
    terms = [[(i, i * units + j) for i in range(inputs)] for j in range(units)]
    layer = Layer(id, "dense", activation, terms, inputs, inputs, inputs * units)
    layer.shape = (units,)
    return layer


def window_start(i, inputs, field, outputs):
    """Of place i of a grid's edge: round(i (inputs - field) / (outputs - 1)), halves up."""
    return 0 if outputs == 1 else (2 * i * (inputs - field) + (outputs - 1)) // (2 * (outputs - 1))


def local(id, shape, grid, field, activation):
    """shape: height and width of what is read; grid: height and width of the neurons."""
    terms = []
    for row in range(grid[0]):
        for column in range(grid[1]):
            top = window_start(row, shape[0], field, grid[0])
            left = window_start(column, shape[1], field, grid[1])
            first = len(terms) * field * field
            terms.append(
                [
                    ((top + y) * shape[1] + left + x, first + y * field + x)
                    for y in range(field)
                    for x in range(field)
                ]
            )
    layer = Layer(id, "local", activation, terms, shape[0] * shape[1], field * field, len(terms) * field * field)
    layer.shape = grid
    return layer


# Activations: values (rows, exponent) of logits z with exponent e, and the way back -------------


def softmax(z, e, format):
    """Of one row: probabilities, and what the loss and the scores of gates need (E, t, S)."""
    l = {16: 94548, 24: 24204406}[format.Q]
    largest = max(z)
    t = [min(mul_shift(largest - v, l, -e, 2**31 - 1), 40 << format.Q) for v in z]
    E = [exp2_negative(v, format.Q) for v in t]
    S = sum(E)
    return [min(div_round(v << format.P, S), VALUE_LIMIT) for v in E], E, t, S


def cross_entropy(E, S, label):
    return mul_shift(log2_q16(S) - log2_q16(max(E[label], 1)), 45426, 16, 2**31 - 1)


def leaky(v):
    return v if v > 0 else mul_shift(v, *LEAK, VALUE_LIMIT)


def activate(name, z, e, format):
    if name == "linear":
        return z, e
    if name == "relu":
        return [[max(v, 0) for v in row] for row in z], e
    if name == "leaky_relu":
        return [[leaky(v) for v in row] for row in z], e
    if name == "softmax":
        return [softmax(row, e, format)[0] for row in z], -format.P
    unit = -30 if name in ("sigmoid", "tanh") else e
    return [[curves.value(name, v, e) for v in row] for row in z], unit


def rectified(name, error, operand):
    """Error before a rectifier, by the sign of its stored output."""
    if operand > 0:
        return error
    return 0 if name == "relu" else mul_shift(error, *LEAK, VALUE_LIMIT)
