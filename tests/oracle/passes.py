# SPDX-License-Identifier: Apache-2.0
"""One step through a graph: values forward, errors and gradients backward."""

import gates
import layers as kinds
from fixed_point import (
    P,
    ROLE_ERROR,
    VALUE_LIMIT,
    align,
    bitlen,
    bits32,
    ceil_log2,
    clip,
    excess,
    make_key,
    mul_shift,
    or_magnitudes,
    round_shift,
    stochastic_shift,
    to_mantissa15,
)

ROUNDINGS_OF_A_PASS = 256


class Exponents:
    """Which exponent a rounding uses: dynamic in the first step, delayed after, or frozen."""

    def __init__(self, mode, stored, format):
        self.mode, self.stored, self.format = mode, stored, format
        self.next, self.seen = {}, {}

    def choose(self, slot, rows, exponent):
        """slot: (layer's id, name, repetition)"""
        seen = exponent + excess(or_magnitudes(rows), self.format)
        self.seen[slot] = seen
        used = seen if self.mode == "dynamic" else self.stored[slot]
        self.next[slot] = max(seen, used - 1)
        return used


def sum_shift(bits, length):
    """c of a sum of so many numbers of so many bits."""
    return max(0, bits + ceil_log2(length) - 30)


def aligned(rows, shift):
    return [[align(v, shift, VALUE_LIMIT) for v in row] for row in rows]


def add(x, y):
    """Sum of two (rows, exponent)."""
    e = max(x[1], y[1])
    pairs = zip(aligned(x[0], e - x[1]), aligned(y[0], e - y[1]))
    return [[clip(a + b, VALUE_LIMIT) for a, b in zip(*rows)] for rows in pairs], e


def product(rows, e, number):
    """Values times a positive constant. One above 1 is halved until it is not, and the exponent takes the rest."""
    if number == 1:
        return rows, e
    mantissa, shift = to_mantissa15(number)
    low = max(0, 15 - shift)
    return [[mul_shift(v, mantissa, shift + low, VALUE_LIMIT) for v in row] for row in rows], e + low


class Step:
    def __init__(self, graph, format, q, e, exponents):
        self.graph, self.format, self.exponents = graph, format, exponents
        self.operands = {graph.nodes[0]: (q, e)}
        self.values, self.numbers = {}, {}
        for node in graph.reached:
            if node.kind != "input":
                self.values[node] = getattr(self, node.kind)(node, *node.sources)

    def value(self, node):
        return self.operands[node] if node.kind == "input" else self.values[node]

    def slot(self, site, name):
        """Roundings of a pass are numbered as they come."""
        i = self.numbers.get((site, name), 0)
        self.numbers[site, name] = i + 1
        return site[0], name, site[1] * ROUNDINGS_OF_A_PASS + i

    # Forward -------------------------------------------------------------------------------------

    def operand(self, node):
        if node not in self.operands:
            rows, e = self.values[node]
            u = self.exponents.choose(self.slot(node.site(), "activation_exponent"), rows, e)
            limit = self.format.limit
            self.operands[node] = [[align(v, u - e, limit) for v in row] for row in rows], u
        return self.operands[node]

    def sums(self, node, source):
        layer = node.layer
        q, e = self.operand(source)
        w, b = layer.weights, layer.bias
        c = sum_shift(2 * self.format.m, layer.weights_shape[0 if layer.kind == "dense" else 1])
        acc = [[round_shift(sum(row[i] * w.view[k] for i, k in t), c) for t in layer.terms] for row in q]
        e_a = e + w.view_exponent + c
        e_z = e_a if self.format.m == 7 else max(e_a, bitlen(or_magnitudes([b.master])) - 29 - b.fraction)
        bias = aligned([b.master], e_z + b.fraction)[0]
        return [
            [clip(v + s, VALUE_LIMIT) for v, s in zip(row, bias)] for row in aligned(acc, e_z - e_a)
        ], e_z

    def activation(self, node, z):
        rows, e = self.value(z)
        name = node.detail
        return [[kinds.activate(name, v, e) for v in row] for row in rows], kinds.exponent_of(name, e)

    def softmax(self, _, z):
        rows, e = self.value(z)
        return [kinds.softmax(row, e)[0] for row in rows], -P

    def pick(self, node, y, x):
        return self.chosen(y, x, lambda n: node.detail)

    def choice(self, node, counts, y, x):
        chosen = [count > node.detail for count in self.values[counts]]
        return self.chosen(y, x, lambda n: [chosen[n]] * len(self.value(y)[0][n]))

    def chosen(self, y, x, mask):
        (a, e_a), (b, e_b) = self.value(y), self.value(x)
        e = max(e_a, e_b)
        pairs = enumerate(zip(aligned(a, e - e_a), aligned(b, e - e_b)))
        return [[v if m else w for m, v, w in zip(mask(n), *rows)] for n, rows in pairs], e

    def joined(self, _, *sources):
        e = max(self.value(s)[1] for s in sources)
        parts = [aligned(self.value(s)[0], e - self.value(s)[1]) for s in sources]
        return [sum(rows, []) for rows in zip(*parts)], e

    def gain(self, node, y):
        return product(*self.value(y), node.detail)

    def counts(self, node, values, before=None):
        rows, e = self.value(values)
        others, e_b = self.value(before) if before else (rows, e)
        return [gates.repetitions(node.detail, (a, e), (b, e_b), self.format) for a, b in zip(rows, others)]

    # Backward ------------------------------------------------------------------------------------

    def back(self, error, site, seed, step):
        """Gradients {parameter's id: ([numbers], exponent)}. error: (rows, exponent) of the last node's values."""
        self.seed, self.step_number = seed, step
        self.errors, self.gradients = {self.graph.last: (*error, site)}, {}
        for node in reversed(self.graph.reached):
            if node in self.errors and node.kind not in ("input", "counts"):
                getattr(self, "back_" + node.kind)(node, *node.sources, *self.errors[node])
        return {id: (rows[0], e) for id, (rows, e) in self.gradients.items()}

    def to(self, node, rows, e, site):
        old = self.errors.get(node)
        self.errors[node] = (rows, e, site) if old is None else (*add(old[:2], (rows, e)), site)

    def to_parameter(self, matrix, numbers, e):
        old = self.gradients.get(matrix.id)
        self.gradients[matrix.id] = ([numbers], e) if old is None else add(old, ([numbers], e))

    def back_sums(self, node, source, rows, e, site):
        layer, m, batch = node.layer, self.format.m, len(rows)
        E, u = self.rounded(rows, e, site)
        q, e_q = self.operand(source)
        c = sum_shift(m, batch)
        bias = [round_shift(sum(column), c) for column in zip(*E)], u + c
        self.to_parameter(layer.bias, *(bias if batch > 1 else (rows[0], e)))
        q_columns, E_columns = list(zip(*q)), list(zip(*E))
        sums = [0] * len(layer.weights.master)
        for j, products in enumerate(layer.terms):
            for i, k in products:
                sums[k] += sum(a * b for a, b in zip(q_columns[i], E_columns[j]))
        c = sum_shift(2 * m, batch)
        self.to_parameter(layer.weights, [round_shift(v, c) for v in sums], e_q + u + c)
        if source.kind != "input":
            w = layer.weights
            c = sum_shift(2 * m, layer.most_readers)
            back = [[round_shift(sum(row[j] * w.view[k] for j, k in r), c) for r in layer.readers] for row in E]
            self.to(source, back, u + w.view_exponent + c, node.site())

    def rounded(self, rows, e, site):
        slot = self.slot(site, "error_exponent")
        u = self.exponents.choose(slot, rows, e)
        key = make_key(self.seed, self.step_number, slot[0], ROLE_ERROR, slot[2])
        width, limit = len(rows[0]), self.format.limit
        return [
            [clip(stochastic_shift(v, u - e, bits32(key, n * width + j)), limit) for j, v in enumerate(row)]
            for n, row in enumerate(rows)
        ], u

    def back_activation(self, node, z, rows, e, _):
        name = node.detail
        zs, e_z = self.value(z)
        outputs = self.operand(node)[0] if name in kinds.RECTIFIERS else zs
        result = [
            [kinds.derivative(name, v, a, e_z, q) for v, a, q in zip(*parts)] for parts in zip(rows, zs, outputs)
        ]
        self.to(z, result, e, node.site())

    def back_softmax(self, node, z, rows, e, _):
        self.to(z, *self.before_softmax(rows, e, self.values[node][0]), node.site())

    def before_softmax(self, rows, e, probabilities):
        result = []
        for row, p in zip(rows, probabilities):
            w = [mul_shift(v, p_c, P, VALUE_LIMIT) for v, p_c in zip(row, p)]
            total = clip(sum(w), VALUE_LIMIT)
            shares = [mul_shift(total, p_c, P, VALUE_LIMIT) for p_c in p]
            result.append([clip(v - s, VALUE_LIMIT) for v, s in zip(w, shares)])
        return result, e

    def back_pick(self, node, y, x, rows, e, _):
        self.back_chosen(node, y, x, rows, e, lambda n: node.detail)

    def back_choice(self, node, counts, y, x, rows, e, _):
        chosen = [count > node.detail for count in self.values[counts]]
        self.back_chosen(node, y, x, rows, e, lambda n: [chosen[n]] * len(rows[n]))

    def back_chosen(self, node, y, x, rows, e, mask):
        for source, wanted in ((y, True), (x, False)):
            part = [[v if m == wanted else 0 for m, v in zip(mask(n), row)] for n, row in enumerate(rows)]
            self.to(source, part, e, node.site())

    def back_joined(self, node, *rest):
        *sources, rows, e, _ = rest
        start = 0
        for source in sources:
            size = len(self.value(source)[0][0])
            if source.kind != "input":
                self.to(source, [row[start : start + size] for row in rows], e, node.site())
            start += size

    def back_gain(self, node, y, rows, e, _):
        self.to(y, *product(rows, e, node.detail), node.site())
