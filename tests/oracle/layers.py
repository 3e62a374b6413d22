# SPDX-License-Identifier: Apache-2.0
"""Layers as lists of products, their parameters, and their activations."""

from math import isqrt

import curves
from fixed_point import (
    LOG2_E,
    P,
    Q,
    ROLE_INITIAL,
    ROLE_UPDATE,
    VALUE_LIMIT,
    bits32,
    bits64,
    clip,
    div_round,
    excess,
    exp2_negative,
    log2_q16,
    make_key,
    mul_shift,
    or_magnitudes,
    round_shift,
    stochastic_shift,
)

GAINS = {"relu": 6, "leaky_relu": 6, "elu": 6, "swish": 6, "gelu": 6, "sigmoid": 3, "tanh": 3}
RECTIFIERS = ("relu", "leaky_relu")
LEAK = (20972, 21)  # 0.01


class Matrix:
    """Weights or biases: a master at a constant exponent -f; weights have a view too."""

    pure = False

    def __init__(self, id, shape, master, fraction, bits):
        self.id, self.shape, self.master, self.fraction, self.bits = id, shape, master, fraction, bits
        self.view = self.view_next = None
        self.view_exponent = 0

    def numbers(self):
        """What the network is made of."""
        return self.master

    def begin(self):
        if self.view:
            self.view_next = self.view_exponent

    def write(self, masters, format, moving, _):
        """New masters; moving: the view's exponent is theirs in every step."""
        self.master = masters
        if self.view:
            used = self.exponent_for_view(format) if moving else self.view_next
            self.make_view(used, format.limit)
            self.view_next = max(self.exponent_for_view(format), used - 1)

    def make_view(self, exponent, limit):
        self.view = [clip(round_shift(v, exponent + self.fraction), limit) for v in self.master]
        self.view_exponent = exponent

    def exponent_for_view(self, format):
        return excess(or_magnitudes([self.master]), format) - self.fraction


class PureWeights:
    """Weights that are operands and nothing else; a master exists only during an update."""

    pure = True
    bits = 30

    def __init__(self, id, shape, weights, fraction, m):
        self.id, self.shape, self.view, self.view_exponent, self.m = id, shape, weights, -fraction, m
        self.fraction = fraction + 30 - m  # of the master

    @property
    def master(self):
        return [w << (30 - self.m) for w in self.view]

    def numbers(self):
        return self.view

    def begin(self):
        pass

    def write(self, masters, format, _, key_words):
        key = make_key(*key_words, self.id, ROLE_UPDATE, 0)
        shift = 30 - self.m
        self.view = [
            clip(stochastic_shift(v, shift, bits32(key, i)), format.limit) for i, v in enumerate(masters)
        ]


class Layer:
    """terms[j]: the products (input, weight) that neuron j adds up. inputs: ids of layers read, 0 the input."""

    def __init__(self, kind, shape, terms, read, weights_shape, fan_in, activation, activations=None):
        self.kind, self.shape, self.terms, self.units = kind, shape, terms, len(terms)
        self.weights_shape, self.fan_in = weights_shape, fan_in
        self.bias_shape = (1, self.units) if kind == "dense" else (self.units, 1)
        self.activation, self.activations = activation, activations
        self.readers = [[] for _ in range(read)]
        for j, products in enumerate(terms):
            for i, k in products:
                self.readers[i].append((j, k))
        self.most_readers = max(len(r) for r in self.readers)
        self.replay = None
        self.frozen = {}  # exponents of predictions, by repetition

    def initialise(self, id, inputs, seed, format, pure):
        self.id, self.inputs = id, inputs
        gain = GAINS.get(self.activation, 1)
        e = -31
        while not (gain <= self.fan_in * 4**e if e >= 0 else gain <= self.fan_in >> (-2 * e)):
            e += 1
        headroom = {7: 2, 15: 4, 23: 6}[format.m] if pure else 6
        f = (format.m if pure else format.master_bits) - (e + headroom)
        bound = isqrt(gain * 2 ** min(2 * f, 60) // self.fan_in) * 2 ** max(f - 30, 0)
        key = make_key(seed, id + 1, ROLE_INITIAL)
        count = self.weights_shape[0] * self.weights_shape[1]
        master = [((bits64(key, i) ^ 2**63) * (2 * bound + 1) >> 64) - bound for i in range(count)]
        if pure:
            self.weights = PureWeights(id + 1, self.weights_shape, master, f, format.m)
        else:
            self.weights = Matrix(id + 1, self.weights_shape, master, f, format.master_bits)
            self.weights.make_view(self.weights.exponent_for_view(format), format.limit)
        self.bias = Matrix(id + 2, self.bias_shape, [0] * self.units, format.bias_fraction, format.master_bits)


def dense(inputs, units, activation="linear", activations=None):
    terms = [[(i, i * units + j) for i in range(inputs)] for j in range(units)]
    return Layer("dense", (units,), terms, inputs, (inputs, units), inputs, activation, activations)


def window_start(i, inputs, field, outputs):
    """Of place i of a grid's edge: round(i (inputs - field) / (outputs - 1)), halves up."""
    return 0 if outputs == 1 else (2 * i * (inputs - field) + (outputs - 1)) // (2 * (outputs - 1))


def local(shape, grid, field, activation="linear", activations=None):
    """shape: height and width of what is read; grid: height and width of the neurons."""
    terms = []
    for row in range(grid[0]):
        for column in range(grid[1]):
            top = window_start(row, shape[0], field, grid[0])
            left = window_start(column, shape[1], field, grid[1])
            first = len(terms) * field * field
            places = [(y, x) for y in range(field) for x in range(field)]
            terms.append([((top + y) * shape[1] + left + x, first + y * field + x) for y, x in places])
    taps = field * field
    return Layer("local", grid, terms, shape[0] * shape[1], (len(terms), taps), taps, activation, activations)


def wired(sizes, grid, sources, activation="linear", activations=None):
    """sizes: of the layers read; sources: for each neuron pairs (which of them, neuron there)."""
    offsets = [sum(sizes[:i]) for i in range(len(sizes))]
    taps = max(1, max(len(s) for s in sources))
    terms = [[(offsets[i] + n, j * taps + k) for k, (i, n) in enumerate(s)] for j, s in enumerate(sources)]
    return Layer("wired", grid, terms, sum(sizes), (len(terms), taps), taps, activation, activations)


# Activations --------------------------------------------------------------------------------------


def softmax(z, e):
    """Of one row: probabilities, and what losses and scores need: 2^-t, t and the sum of the powers."""
    largest = max(z)
    t = [min(mul_shift(largest - v, LOG2_E, -e, 2**31 - 1), 40 << Q) for v in z]
    powers = [exp2_negative(v) for v in t]
    total = sum(powers)
    return [min(div_round(v << P, total), VALUE_LIMIT) for v in powers], powers, t, total


def cross_entropy(powers, total, label):
    return mul_shift(log2_q16(total) - log2_q16(max(powers[label], 1)), 45426, 16, 2**31 - 1)


def activate(name, v, e):
    """One value; its exponent is that of exponent_of."""
    if name == "relu":
        return max(v, 0)
    if name == "leaky_relu":
        return v if v > 0 else mul_shift(v, *LEAK, VALUE_LIMIT)
    return curves.value(name, v, e)


def exponent_of(name, e):
    return -30 if name in ("sigmoid", "tanh") else e


def derivative(name, error, z, e, operand):
    """The error before an activation: rectifiers go by the sign of their rounded output."""
    if name in RECTIFIERS:
        if operand > 0:
            return error
        return 0 if name == "relu" else mul_shift(error, *LEAK, VALUE_LIMIT)
    return mul_shift(error, curves.slope(name, z, e), 29, VALUE_LIMIT)
