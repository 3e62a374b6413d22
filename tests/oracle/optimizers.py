# SPDX-License-Identifier: Apache-2.0
"""Optimizers of docs/numerics.md: from summed gradients to new masters and views."""

from math import isqrt

from fixed_point import (
    VALUE_LIMIT,
    align,
    bitlen,
    clip,
    div_round,
    llround,
    mul_shift,
    reciprocal15,
    round_shift,
    to_mantissa15,
)

HALF_LIMIT = 2**29 - 1


class Optimizer:
    """What all have in common: mean gradient, limits, weight decay, the write."""

    slots = ()  # names of the state, a list for each parameter

    def __init__(self, rate, weight_decay=0.0, lower=None, upper=None, norm=None):
        self.rate, self.weight_decay = rate, weight_decay
        self.lower, self.upper, self.norm = lower, upper, norm

    def begin(self, network):
        self.format = network.format
        self.master_limit = 2**self.format.master_bits - 1
        self.state = {(p.id, name): [0] * len(p.master) for p in network.matrices() for name in self.slots}
        self.scalars = {}

    def update(self, network, gradients, count, rate):
        means = {id: self.mean(numbers, e, count) for id, (numbers, e) in gradients.items()}
        means = self.limit(means)
        self.step_begins()
        for p in network.matrices():
            p.master = [
                clip(m - step, self.master_limit) for m, step in zip(p.master, self.steps(p, means[p.id], rate))
            ]
            if p.view_next is not None:
                used = p.view_next
                p.make_view(used, self.format.limit)
                p.view_next = max(p.exponent_for_view(self.format.m), used - 1)

    def mean(self, numbers, e, count):
        i, i_s = reciprocal15(count)
        return [mul_shift(v, i, i_s - (e + 28), VALUE_LIMIT) for v in numbers]

    def limit(self, means):
        lower = -VALUE_LIMIT if self.lower is None else llround(self.lower * 2**28)
        upper = VALUE_LIMIT if self.upper is None else llround(self.upper * 2**28)
        means = {id: [min(max(v, lower), upper) for v in g] for id, g in means.items()}
        if self.norm is not None:
            total = sum(clip(round_shift(v * v, 28), 2**40) for g in means.values() for v in g)
            norm = isqrt(total)
            factor = min(div_round(max(1, llround(self.norm * 2**14)) * 2**15, max(norm, 1)), 2**15)
            means = {id: [mul_shift(v, factor, 15, VALUE_LIMIT) for v in g] for id, g in means.items()}
        return means

    def step_begins(self):
        pass

    def rated(self, value, n, rate, f):
        r, r_s = rate
        if self.format.master_bits == 30:
            return mul_shift(value, r, r_s + n - f, VALUE_LIMIT)
        return clip(round_shift(value * r, r_s + n - f), 2**54 - 1)

    def factors(self, p):
        """Masters as factors of products, and their fraction bits."""
        if self.format.master_bits == 30:
            return p.master, p.fraction
        return [align(v, 24, VALUE_LIMIT) for v in p.master], p.fraction - 24

    def decayed(self, p, g):
        if not self.weight_decay:
            return g
        d, d_s = to_mantissa15(self.weight_decay)
        masters, f = self.factors(p)
        return [
            clip(clip(v, HALF_LIMIT) + mul_shift(m, d, d_s + f - 28, HALF_LIMIT), VALUE_LIMIT)
            for v, m in zip(g, masters)
        ]


def share(momentum):
    return min(llround(momentum * 2**15), 2**15 - 1)


class Sgd(Optimizer):
    def __init__(self, rate, momentum=0.0, nesterov=False, **rest):
        super().__init__(rate, **rest)
        self.momentum, self.nesterov = momentum, nesterov
        self.slots = ("momentum",) if momentum else ()

    def steps(self, p, g, rate):
        g = self.decayed(p, g)
        if self.momentum:
            beta = share(self.momentum)
            old = self.state[p.id, "momentum"]
            v = [clip(mul_shift(o, beta, 15, VALUE_LIMIT) + x, VALUE_LIMIT) for o, x in zip(old, g)]
            self.state[p.id, "momentum"] = v
            if self.nesterov:
                v = [clip(x + mul_shift(y, beta, 15, VALUE_LIMIT), VALUE_LIMIT) for x, y in zip(g, v)]
            g = v
        return [self.rated(v, 28, rate, p.fraction) for v in g]
