# SPDX-License-Identifier: Apache-2.0
"""Networks, their trainings and predictions, as docs/numerics.md has them."""

import struct
from math import prod

import layers as kinds
from fixed_point import (
    P,
    ROLE_SHUFFLE,
    VALUE_LIMIT,
    align,
    clip,
    div_round,
    half_cosine_q15,
    llround,
    make_key,
    permuted_index,
    round_shift,
    scale15,
    to_mantissa15,
)
from graph import Graph
from passes import Exponents, Step, aligned, product


def float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def fitting_exponent(rows):
    """The smallest one from 0 to 20 with all numbers within +-2^it."""
    largest = max(abs(v) for row in rows for v in row)
    return next((x for x in range(20) if largest <= 2**x), 20)


class Network:
    def __init__(self, format, seed, input_shape, pure=False):
        self.format, self.seed, self.input_shape, self.pure = format, seed, input_shape, pure
        self.input_exponent = 0
        self.layers = []
        self.next_id = 1

    def shape_of(self, id):
        return next((l.shape for l in self.layers if l.id == id), self.input_shape)

    def add(self, layer, inputs=None, replay=None):
        if inputs is None:
            inputs = [self.layers[-1].id if self.layers else 0]
        layer.initialise(self.next_id, inputs, self.seed, self.format, self.pure)
        layer.replay = replay
        self.layers.append(layer)
        self.next_id += 3

    def add_word(self, word):
        """As in the program's --layers: dense:UNITS:ACTIVATION, local:WxH:ACTIVATION[:field=5]."""
        kind, size, activation, *rest = word.split(":")
        shape = self.layers[-1].shape if self.layers else self.input_shape
        if kind == "dense":
            self.add(kinds.dense(prod(shape), int(size), activation))
        else:
            width, height = (int(n) for n in size.split("x"))
            field = int(rest[0].removeprefix("field=")) if rest else 5
            self.add(kinds.local(shape, (height, width), field, activation))

    def encode(self, features):
        """One sample: bytes, or floats that are exact in float32."""
        m, limit, x = self.format.m, self.format.limit, self.input_exponent
        if all(isinstance(v, int) for v in features):
            return [clip(round_shift(v, 8 - m + x), limit) for v in features]
        if m == 7:
            return [clip(round_shift(llround(float32(v * 255)), 1 + x), limit) for v in features]
        return [clip(round_shift(llround(v * (255 * 2 ** (m - 8))), x), limit) for v in features]

    def matrices(self):
        for layer in self.layers:
            yield layer.weights
            yield layer.bias

    def step(self, graph, q, exponents):
        return Step(graph, self.format, q, self.input_exponent - self.format.m, exponents)

    def predict(self, q):
        slots = {(l.id, "activation_exponent", i): e for l in self.layers for i, e in l.frozen.items()}
        graph = Graph(self.layers)
        step = self.step(graph, q, Exponents("frozen" if slots else "dynamic", slots, self.format))
        rows, e = step.value(graph.last)
        if self.layers[-1].activation != "softmax":
            return rows, e
        return [kinds.softmax(row, e)[0] for row in rows], -P


class Training:
    """samples: rows of bytes or floats; answers: labels, or rows of target numbers."""

    def __init__(self, network, optimizer, samples, answers, *, seed, batch, epochs, loss, schedule, exponents="delayed"):
        self.network, self.optimizer, self.format = network, optimizer, network.format
        if isinstance(samples[0][0], float):
            network.input_exponent = fitting_exponent(samples)
        self.samples = [network.encode(s) for s in samples]
        self.answers = answers
        if isinstance(answers[0], list):
            y = self.target_exponent = fitting_exponent(answers) - 30
            self.answers = [[clip(llround(t * 2.0**-y), VALUE_LIMIT) for t in row] for row in answers]
        self.seed, self.batch, self.epochs, self.loss, self.schedule = seed, batch, epochs, loss, schedule
        self.step = self.epoch = self.row = 0
        self.moving = exponents == "dynamic"
        self.exponents, self.peaks = {}, {}
        self.loss_sum = 0
        self.losses = []
        self.graph = Graph(network.layers)
        for matrix in network.matrices():
            matrix.begin()
        optimizer.begin(network)

    def rate(self):
        kind, *settings = self.schedule
        rate = to_mantissa15(self.optimizer.rate)
        if kind == "step":
            every, factor_ = settings
            for _ in range(self.epoch // every):
                rate = scale15(rate, llround(factor_ * 2**15))
        elif kind == "cosine":
            per_epoch = -(-len(self.samples) // self.batch)
            rate = scale15(rate, half_cosine_q15(self.step, per_epoch * self.epochs))
        return rate

    def advance(self):
        """One step; false after the last one."""
        start, total = self.row, len(self.samples)
        count = min(self.batch, total - start)
        key = make_key(self.seed, self.epoch, ROLE_SHUFFLE)
        rows = [permuted_index(key, start + (i if i < count else 0), total) for i in range(self.batch)]
        mask = [1 if i < count else 0 for i in range(self.batch)]
        mode = "dynamic" if self.moving or not self.step else "delayed"
        exponents = Exponents(mode, self.exponents, self.format)
        step = self.network.step(self.graph, [self.samples[r] for r in rows], exponents)
        losses, error = self.lose(step, [self.answers[r] for r in rows], mask)
        gradients = step.back(error, (self.network.layers[-1].id, 0), self.seed, self.step)
        self.loss_sum = (self.loss_sum if start else 0) + sum(losses)
        for (id, name, repetition), seen in exponents.seen.items():
            if name == "activation_exponent":
                peak = (id, "peak_exponent", repetition)
                self.peaks[peak] = max(self.peaks[peak], seen) if start else seen
        self.exponents = exponents.next
        self.optimizer.update(self.network, gradients, count, self.rate(), self.moving, (self.seed, self.step))
        self.step += 1
        self.row += count
        if self.row == total:
            self.row = 0
            self.epoch += 1
            self.losses.append(self.loss_sum * 2.0**-16 / total)
            for (id, _, repetition), peak in self.peaks.items():
                next(l for l in self.network.layers if l.id == id).frozen[repetition] = peak
        return self.epoch < self.epochs

    def lose(self, step, answers, mask):
        """Losses of the rows, and the errors of the last node's values."""
        z, e = step.value(self.graph.last)
        softmax = self.network.layers[-1].activation == "softmax"
        if self.loss == "cross_entropy":
            return self.cross_entropy(z, e, answers, mask)
        if not softmax:
            return self.squared_error(z, e, answers, mask)
        p = [kinds.softmax(row, e)[0] for row in z]
        losses, error = self.squared_error(p, -P, answers, mask)
        return losses, step.before_softmax(*error, p)

    def cross_entropy(self, z, e, labels, mask):
        losses, errors = [], []
        one = align(1, -P, VALUE_LIMIT)
        for row, label, m in zip(z, labels, mask):
            p, powers, _, total = kinds.softmax(row, e)
            losses.append(kinds.cross_entropy(powers, total, label) * m)
            errors.append([clip(v - one * (c == label), VALUE_LIMIT) * m for c, v in enumerate(p)])
        return losses, (errors, -P)

    def squared_error(self, a, e_a, answers, mask):
        outputs = len(a[0])
        if isinstance(answers[0], list):
            e = max(e_a, self.target_exponent)
            a, targets = aligned(a, e - e_a), aligned(answers, e - self.target_exponent)
        else:
            e = e_a
            one = align(1, e, VALUE_LIMIT)
            targets = [[one * (c == label) for c in range(outputs)] for label in answers]
        losses, errors = [], []
        for row, target, m in zip(a, targets, mask):
            gaps = [v - t for v, t in zip(row, target)]
            d = [align(gap, -16 - e, VALUE_LIMIT) for gap in gaps]
            losses.append(div_round(sum(clip(round_shift(v * v, 16), VALUE_LIMIT) for v in d), outputs) * m)
            errors.append([clip(gap, VALUE_LIMIT) * m for gap in gaps])
        return losses, product(errors, e, 2 / outputs)
