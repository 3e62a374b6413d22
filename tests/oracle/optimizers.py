# SPDX-License-Identifier: Apache-2.0
"""Optimizers of docs/numerics.md: from summed gradients to new masters and views."""

from math import frexp, isqrt

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
        self.state = {(p.id, name): [0] * len(p.master) for p in network.matrices() for name in self.slots}
        self.scalars = {}

    def update(self, network, gradients, count, rate, moving, key_words):
        """moving: exponents of views follow the masters; key_words: seed and step."""
        means = {id: self.mean(numbers, e, count) for id, (numbers, e) in gradients.items()}
        means = self.limit(means)
        self.step_begins()
        for p in network.matrices():
            steps, limit = self.steps(p, means[p.id], rate), 2**p.bits - 1
            masters = [clip(m - step, limit) for m, step in zip(p.master, steps)]
            p.write(masters, network.format, moving, key_words)

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

    def rated(self, value, n, rate, p):
        r, r_s = rate
        return clip(round_shift(value * r, r_s + n - p.fraction), 2**p.bits - 1)

    def factors(self, p):
        """Masters as factors of products, and their fraction bits."""
        if p.bits == 30:
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
        return [self.rated(v, 28, rate, p) for v in g]


# Mean squares and their roots -----------------------------------------------------------------------


def square_code(square):
    if square == 0:
        return 0
    x = bitlen(square) - 25
    return ((x + 24) << 25) + (square >> x if x >= 0 else square << -x)


def mean_square(code, g, n):
    """v + (g^2 - v) / 2^n"""
    E, V = code >> 25, code % 2**25
    z = 31 - bitlen(g)
    h = (abs(g) << z) >> 15
    a, x = (h * h) >> 7, 61 - 2 * z - n
    k = V - ((V + (1 << (n - 1))) >> n)
    e = max(E, x)
    S = (k >> (e - E)) + ((a + (1 << (e - x - 1)) if e > x else a) >> (e - x))
    if S >= 2**25:
        S, e = S >> 1, e + 1
    elif S < 2**24 and e > 0:
        S, e = 2 * S, e - 1
    return (e << 25) + S


def mul_rsqrt(x, code, epsilon):
    """x / sqrt(v + w) in Q22"""
    (E, V), (E_w, V_w) = divmod(code, 2**25), divmod(epsilon, 2**25)
    e = max(E, E_w)
    S = (V >> (e - E)) + (V_w >> (e - E_w))
    if S >= 2**25:
        S, e = S >> 1, e + 1
    o, h, p = e % 2, e // 2, S >> 9
    t = p - 2**15
    c0, c1, c2 = ((65327, 28517, 9679), (46193, 20165, 6844))[o]
    y = c0 - (((c1 - ((c2 * t) >> 15)) * t) >> 15)
    d = 2**31 - ((((y * y) >> 16) * p) << o)
    y += (y * (d >> 9)) >> 23
    m = abs(x)
    if h > 22:
        m = (m + (1 << (h - 23))) >> (h - 22)
    elif h < 22:
        m = min(m, 2**28 >> (22 - h)) << (22 - h)
    m = min(m, 2**28)
    q = min(((m >> 14) * y + (((m % 2**14) * y) >> 14) + 2) >> 2, 2**27)
    return q if x >= 0 else -q


def shift_of(share_left):
    """n with 2^-n nearest to 1 - beta2."""
    f, x = frexp(share_left)
    return min(max(-x if f * f > 0.5 else 1 - x, 1), 16)


def code_of_epsilon(epsilon):
    return square_code(min(max(llround(epsilon * 2**28), 1), 2**30 - 1) ** 2)


class Adam(Optimizer):
    slots = ("mean", "mean_square")
    decoupled = False

    def __init__(self, rate, beta1=0.9, beta2=0.999, epsilon=1e-8, **rest):
        super().__init__(rate, **rest)
        self.n = shift_of(1 - beta2)
        self.B1, self.B2 = llround(beta1 * 2**30), 2**30 - 2 ** (30 - self.n)
        self.gain = max(llround((1 - beta1) * 2**15), 1)
        self.epsilon = code_of_epsilon(epsilon)

    def begin(self, network):
        super().begin(network)
        self.scalars = {"beta1_power": 2**30, "beta2_power": 2**30}

    def step_begins(self):
        P1 = self.scalars["beta1_power"] = (self.scalars["beta1_power"] * self.B1) >> 30
        P2 = self.scalars["beta2_power"] = (self.scalars["beta2_power"] * self.B2) >> 30
        self.correction = min(div_round(isqrt((2**30 - P2) << 30) << 15, 2**30 - P1), VALUE_LIMIT)

    def steps(self, p, g, rate):
        if not self.decoupled:
            g = self.decayed(p, g)
        m, v = self.state[p.id, "mean"], self.state[p.id, "mean_square"]
        m = [a + mul_shift(x - a, self.gain, 15, VALUE_LIMIT) for a, x in zip(m, g)]
        v = [mean_square(a, x, self.n) for a, x in zip(v, g)]
        self.state[p.id, "mean"], self.state[p.id, "mean_square"] = m, v
        product = rate[0] * self.correction
        x = max(bitlen(product) - 15, 0)
        corrected = (align(product, x, 2**15 - 1), rate[1] + 15 - x)
        steps = [self.rated(mul_rsqrt(a, b, self.epsilon), 22, corrected, p) for a, b in zip(m, v)]
        if self.decoupled and self.weight_decay:
            d, d_s = to_mantissa15(self.weight_decay)
            masters, f = self.factors(p)
            decay = [self.rated(mul_shift(w, d, d_s + f - 28, VALUE_LIMIT), 28, rate, p) for w in masters]
            steps = [clip(s + w, 2**p.bits - 1) for s, w in zip(steps, decay)]
        return steps


class AdamW(Adam):
    decoupled = True

    def __init__(self, rate, weight_decay=0.01, **rest):
        super().__init__(rate, weight_decay=weight_decay, **rest)


class RmsProp(Optimizer):
    def __init__(self, rate, decay=0.99, epsilon=1e-8, momentum=0.0, **rest):
        super().__init__(rate, **rest)
        self.n, self.epsilon, self.momentum = shift_of(1 - decay), code_of_epsilon(epsilon), momentum
        self.slots = ("mean_square", "momentum") if momentum else ("mean_square",)

    def steps(self, p, g, rate):
        g = self.decayed(p, g)
        v = [mean_square(a, x, self.n) for a, x in zip(self.state[p.id, "mean_square"], g)]
        self.state[p.id, "mean_square"] = v
        u = [mul_rsqrt(x, a, self.epsilon) for a, x in zip(v, g)]
        if self.momentum:
            beta, old = share(self.momentum), self.state[p.id, "momentum"]
            u = [clip(mul_shift(o, beta, 15, VALUE_LIMIT) + x, VALUE_LIMIT) for o, x in zip(old, u)]
            self.state[p.id, "momentum"] = u
        return [self.rated(x, 22, rate, p) for x in u]


def check_values_of_the_page():
    """Values that the page gives to test with."""
    assert square_code(9) == 119537664
    assert mean_square(0, 123456789, 10) == 1471229630
    assert mean_square(square_code(2**50), -98765, 10) == 1677688832
    assert mul_rsqrt(-1000000, square_code(2**45), square_code(9)) == -707092
    assert mul_rsqrt(77, square_code(500), square_code(9)) == 14314916
