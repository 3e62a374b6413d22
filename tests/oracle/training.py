# SPDX-License-Identifier: Apache-2.0
"""Training steps and predictions of a chain of layers, as docs/numerics.md has them."""

from math import prod

import curves
import layers as kinds
from fixed_point import (
    ROLE_ERROR,
    ROLE_SHUFFLE,
    VALUE_LIMIT,
    align,
    bitlen_or,
    bits32,
    ceil_log2,
    clip,
    div_round,
    half_cosine_q15,
    llround,
    make_key,
    mul_shift,
    permuted_index,
    round_shift,
    scale15,
    stochastic_shift,
    to_mantissa15,
)


class Exponents:
    """Which exponent a rounding uses: dynamic in the first step, delayed after, or frozen."""

    def __init__(self, mode, stored, m):
        self.mode, self.stored, self.m = mode, stored, m
        self.next, self.seen = {}, {}

    def choose(self, slot, rows, exponent):
        """slot: (layer's id, name, repetition)"""
        seen = exponent + max(0, bitlen_or(rows) - self.m)
        self.seen[slot] = seen
        if self.mode == "frozen":
            return self.stored[slot]
        if self.mode == "dynamic":
            self.next[slot] = seen
            return seen
        used = self.stored[slot]
        self.next[slot] = max(seen, used - 1)
        return used


def sum_shift(format, length, operands):
    """c of a sum of `length` products of operands, or of so many operands."""
    bits = format.m * operands
    return max(0, bits + ceil_log2(length) - 30)


def encode_byte(byte, format, x):
    return clip(round_shift(byte, 8 - format.m + x), format.limit)


class Forward:
    """One pass of a layer: operands read, logits, output."""

    def __init__(self, layer, q, e, format):
        self.layer, self.q, self.e, self.format = layer, q, e, format
        w, b = layer.weights, layer.bias
        c = sum_shift(format, layer.longest, 2)
        acc = [[round_shift(sum(row[i] * w.view[k] for i, k in t), c) for t in layer.terms] for row in q]
        e_a = e + w.view_exponent + c
        f = b.fraction
        if format.m == 7:
            e_z = e_a
        else:
            e_z = max(e_a, bitlen_or([b.master]) - 29 - f)
        shifted = [align(v, e_z + f, VALUE_LIMIT) for v in b.master]
        self.z = [
            [clip(align(v, e_z - e_a, VALUE_LIMIT) + s, VALUE_LIMIT) for v, s in zip(row, shifted)] for row in acc
        ]
        self.e_z = e_z
        self.a, self.e_out = kinds.activate(layer.activation, self.z, e_z, format)
        self.operand = None

    def derivative(self, error):
        """Error before this layer's activation."""
        name = self.layer.activation
        if name == "linear":
            return error
        rows, e = error
        if name in kinds.RECTIFIERS:
            return [
                [kinds.rectified(name, v, q) for v, q in zip(row, qs)] for row, qs in zip(rows, self.operand)
            ], e
        if name in kinds.SMOOTH:
            return [
                [mul_shift(v, curves.slope(name, z, self.e_z), 29, VALUE_LIMIT) for v, z in zip(row, zs)]
                for row, zs in zip(rows, self.z)
            ], e
        P = self.format.P
        c = ceil_log2(self.layer.units)
        result = []
        for row, p in zip(rows, self.a):
            w = [mul_shift(v, p_c, P, VALUE_LIMIT) for v, p_c in zip(row, p)]
            total = round_shift(sum(w), c)
            result.append(
                [
                    clip(align(v, c, VALUE_LIMIT) - mul_shift(total, p_c, P, VALUE_LIMIT), VALUE_LIMIT)
                    for v, p_c in zip(w, p)
                ]
            )
        return result, e + c


class Network:
    def __init__(self, format, seed, input_shape, input_exponent=0):
        self.format, self.seed, self.input_shape = format, seed, input_shape
        self.input_exponent = input_exponent
        self.layers = []
        self.next_id = 1

    def add(self, word):
        """A layer as the program's --layers has it: dense:UNITS:ACTIVATION, local:WxH:ACTIVATION[:field=5]."""
        kind, size, activation, *rest = word.split(":")
        shape = self.layers[-1].shape if self.layers else self.input_shape
        if kind == "dense":
            layer = kinds.dense(self.next_id, prod(shape), int(size), activation)
        else:
            width, height = (int(n) for n in size.split("x"))
            field = int(rest[0].removeprefix("field=")) if rest else 5
            layer = kinds.local(self.next_id, shape, (height, width), field, activation)
        layer.initialise(self.seed, self.format)
        self.layers.append(layer)
        self.next_id += 3

    def encode(self, bytes_):
        return [encode_byte(b, self.format, self.input_exponent) for b in bytes_]

    def forward(self, q, exponents):
        """Passes of all layers; the last one's output is not rounded, but for a rectifier's derivative."""
        e = self.input_exponent - self.format.m
        passes = []
        for layer in self.layers:
            step = Forward(layer, q, e, self.format)
            passes.append(step)
            last = layer is self.layers[-1]
            if not last or layer.activation in kinds.RECTIFIERS:
                u = exponents.choose((layer.id, "activation_exponent", 0), step.a, step.e_out)
                q = step.operand = [[align(v, u - step.e_out, self.format.limit) for v in row] for row in step.a]
                e = u
        return passes

    def matrices(self):
        for layer in self.layers:
            yield layer.weights
            yield layer.bias

    def predict(self, q):
        slots = {(l.id, "activation_exponent", i): e for l in self.layers for i, e in l.frozen.items()}
        last = self.forward(q, Exponents("frozen" if slots else "dynamic", slots, self.format.m))[-1]
        return last.a, last.e_out


class Training:
    def __init__(self, network, optimizer, samples, labels, *, seed, batch, epochs, loss, schedule):
        self.network, self.optimizer, self.format = network, optimizer, network.format
        self.samples = [network.encode(s) for s in samples]
        self.labels = labels
        self.seed, self.batch, self.epochs, self.loss, self.schedule = seed, batch, epochs, loss, schedule
        self.step = self.epoch = self.row = 0
        self.exponents, self.peaks = {}, {}
        self.loss_sum = 0
        self.losses = []
        for layer in network.layers:
            layer.weights.view_next = layer.weights.view_exponent
        optimizer.begin(network)

    # The rate ------------------------------------------------------------------------------------

    def rate(self):
        kind, *settings = self.schedule
        rate = to_mantissa15(self.optimizer.rate)
        if kind == "step":
            every, factor = settings
            for _ in range(self.epoch // every):
                rate = scale15(rate, llround(factor * 2**15))
        elif kind == "cosine":
            per_epoch = -(-len(self.samples) // self.batch)
            rate = scale15(rate, half_cosine_q15(self.step, per_epoch * self.epochs))
        return rate

    # One step ------------------------------------------------------------------------------------

    def advance(self):
        start, total = self.row, len(self.samples)
        count = min(self.batch, total - start)
        key = make_key(self.seed, self.epoch, ROLE_SHUFFLE)
        rows = [permuted_index(key, start + (i if i < count else 0), total) for i in range(self.batch)]
        mask = [1 if i < count else 0 for i in range(self.batch)]
        exponents = Exponents("delayed" if self.step else "dynamic", self.exponents, self.format.m)
        passes = self.network.forward([self.samples[r] for r in rows], exponents)
        if start == 0:
            self.loss_sum = 0
        losses, error, differentiated = self.lose(passes[-1], [self.labels[r] for r in rows], mask)
        self.loss_sum += sum(losses)
        gradients = self.back(passes, error, differentiated, exponents)
        for slot, seen in exponents.seen.items():
            if slot[1] == "activation_exponent":
                peak = (slot[0], "peak_exponent", slot[2])
                self.peaks[peak] = seen if start == 0 else max(self.peaks[peak], seen)
        self.exponents = exponents.next
        self.optimizer.update(self.network, gradients, count, self.rate())
        self.step += 1
        self.row += count
        if self.row == total:
            self.row = 0
            self.epoch += 1
            self.losses.append(self.loss_sum * 2.0**-16 / total)
            self.freeze()
        return self.epoch < self.epochs

    def freeze(self):
        for (id, _, repetition), peak in self.peaks.items():
            layer = next(l for l in self.network.layers if l.id == id)
            layer.frozen[repetition] = peak

    def lose(self, last, labels, mask):
        """Losses and errors of each row, the errors those of the last layer's values."""
        softmax = last.layer.activation == "softmax"
        losses, errors = [], []
        if self.loss == "cross_entropy":
            P = self.format.P
            rows, e = (last.z, last.e_z) if softmax else (last.a, last.e_out)
            one = align(1, -P, VALUE_LIMIT)
            for row, label, m in zip(rows, labels, mask):
                p, E, _, S = kinds.softmax(row, e, self.format)
                losses.append(kinds.cross_entropy(E, S, label) * m)
                errors.append([clip(v - one * (c == label), VALUE_LIMIT) * m for c, v in enumerate(p)])
            return losses, (errors, -P), softmax
        outputs, e = last.layer.units, last.e_out
        k = to_mantissa15(2 / outputs) if 2 % outputs else (2 // outputs, 0)
        one = align(1, e, VALUE_LIMIT)
        for row, label, m in zip(last.a, labels, mask):
            gaps = [v - one * (c == label) for c, v in enumerate(row)]
            d = [align(gap, -16 - e, VALUE_LIMIT) for gap in gaps]
            losses.append(div_round(sum(clip(round_shift(v * v, 16), VALUE_LIMIT) for v in d), outputs) * m)
            errors.append([mul_shift(clip(gap, VALUE_LIMIT), *k, VALUE_LIMIT) * m for gap in gaps])
        return losses, (errors, e), False

    def back(self, passes, error, differentiated, exponents):
        """Gradients {parameter's id: (numbers, exponent)}, from the last layer to the first."""
        gradients, rounded = {}, {}
        site = passes[-1].layer.id
        for i in range(len(passes) - 1, -1, -1):
            step, layer = passes[i], passes[i].layer
            if not (differentiated and i == len(passes) - 1):
                if layer.activation != "linear":
                    error = step.derivative(error)
                    site = layer.id
            E, u = self.round_error(error, site, rounded, exponents)
            site = layer.id
            gradients[layer.weights.id] = self.weight_gradient(step, E, u)
            gradients[layer.bias.id] = self.bias_gradient(E, u) if self.batch > 1 else (error[0][0], error[1])
            if i > 0:
                c = sum_shift(self.format, layer.most_readers, 2)
                w = layer.weights
                error = [
                    [round_shift(sum(row[j] * w.view[k] for j, k in readers), c) for readers in layer.readers]
                    for row in E
                ], u + w.view_exponent + c
        return gradients

    def round_error(self, error, site, rounded, exponents):
        rows, e = error
        repetition = rounded.get(site, 0)
        rounded[site] = repetition + 1
        u = exponents.choose((site, "error_exponent", repetition), rows, e)
        key = make_key(self.seed, self.step, site, ROLE_ERROR, repetition)
        width = len(rows[0])
        return [
            [
                clip(stochastic_shift(v, u - e, bits32(key, n * width + j)), self.format.limit)
                for j, v in enumerate(row)
            ]
            for n, row in enumerate(rows)
        ], u

    def weight_gradient(self, step, E, u):
        q_columns, E_columns = list(zip(*step.q)), list(zip(*E))
        sums = [0] * step.layer.weight_count
        for j, products in enumerate(step.layer.terms):
            for i, k in products:
                sums[k] += sum(a * b for a, b in zip(q_columns[i], E_columns[j]))
        c = sum_shift(self.format, self.batch, 2)
        return [round_shift(v, c) for v in sums], step.e + u + c

    def bias_gradient(self, E, u):
        c = sum_shift(self.format, self.batch, 1)
        return [round_shift(sum(column), c) for column in zip(*E)], u + c
