# SPDX-License-Identifier: Apache-2.0
"""JAX on the CPU: training epochs of an MLP on MNIST, and single steps of a tiny one.

Requests come on standard input, see worker.py.
"""

import pathlib
import time
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np

import worker

MOMENTUM = 0.9
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def read_images(path):
    """An idx3 file as float32 [count, rows * columns] in 0..1."""
    raw = np.fromfile(path, np.uint8)
    count, rows, columns = raw[4:16].view(">u4")
    return raw[16:].reshape(count, rows * columns).astype(np.float32) / 255


def read_labels(path):
    """An idx1 file as int32 [count]."""
    return np.fromfile(path, np.uint8)[8:].astype(np.int32)


def initial_weights(units, seed):
    """Weights and biases uniform in ±1/sqrt(fan in)."""
    generator = np.random.default_rng(seed)
    weights = []
    for inputs, outputs in zip(units, units[1:]):
        bound = inputs ** -0.5
        for shape in ((inputs, outputs), (outputs,)):
            weights.append(jnp.asarray(generator.uniform(-bound, bound, shape), jnp.float32))
    return weights


def logits(weights, x):
    *hidden, last = zip(weights[::2], weights[1::2])
    for kernel, bias in hidden:
        x = jax.nn.relu(x @ kernel + bias)
    return x @ last[0] + last[1]


def cross_entropy(weights, x, labels):
    log_probability = jax.nn.log_softmax(logits(weights, x))
    return -jnp.mean(jnp.take_along_axis(log_probability, labels[:, None], axis=1))


def sgd_step(rate, state, x, labels):
    weights, velocities = state
    gradients = jax.grad(cross_entropy)(weights, x, labels)
    velocities = [MOMENTUM * v + g for v, g in zip(velocities, gradients)]
    return [w - rate * v for w, v in zip(weights, velocities)], velocities


def sgd_state(weights):
    return weights, [jnp.zeros_like(w) for w in weights]


def adam_step(rate, state, x, labels):
    weights, means, variances, step = state
    gradients = jax.grad(cross_entropy)(weights, x, labels)
    step = step + 1
    means = [BETA1 * m + (1 - BETA1) * g for m, g in zip(means, gradients)]
    variances = [BETA2 * v + (1 - BETA2) * g * g for v, g in zip(variances, gradients)]
    scale = rate / (1 - BETA1 ** step)
    root = 1 / jnp.sqrt(1 - BETA2 ** step)
    weights = [w - scale * m / (jnp.sqrt(v) * root + EPSILON)
               for w, m, v in zip(weights, means, variances)]
    return weights, means, variances, step


def adam_state(weights):
    return (weights, [jnp.zeros_like(w) for w in weights], [jnp.zeros_like(w) for w in weights],
            jnp.float32(0))


OPTIMIZERS = {"sgd": (sgd_step, sgd_state), "adam": (adam_step, adam_state)}


class Training:
    """The same epochs, driven by one jitted step per batch or by one jitted scan per epoch."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.images = jnp.asarray(read_images(folder / "train-images-idx3-ubyte"))
        self.labels = jnp.asarray(read_labels(folder / "train-labels-idx1-ubyte"))
        self.test = (read_images(folder / "t10k-images-idx3-ubyte"),
                     read_labels(folder / "t10k-labels-idx1-ubyte"))
        self.compiled = {}

    def epoch_function(self, mode, optimizer, rate, batch):
        """A function (state, order of the samples) -> state; the last batch may be short."""
        step = OPTIMIZERS[optimizer][0]

        def batch_step(state, rows, images, labels):
            return step(rate, state, images[rows], labels[rows])

        @partial(jax.jit, donate_argnums=0)
        def scan_epoch(state, order, images, labels):
            full = len(order) // batch * batch
            state, _ = jax.lax.scan(
                lambda state, rows: (batch_step(state, rows, images, labels), None),
                state, order[:full].reshape(-1, batch))
            return batch_step(state, order[full:], images, labels) if full < len(order) else state

        jitted_step = jax.jit(batch_step, donate_argnums=0)

        def step_epoch(state, order, images, labels):
            for first in range(0, len(order), batch):
                state = jitted_step(state, order[first:first + batch], images, labels)
            return state

        chosen = {"scan": scan_epoch, "step": step_epoch}[mode]
        return lambda state, order: chosen(state, order, self.images, self.labels)

    def train(self, mode, units, batch, optimizer, rate, epochs, seed, images):
        """Seconds of each epoch over the first `images` images, and the accuracy in percent on
        the test set after the last."""
        generator = np.random.default_rng(seed)
        make_state = OPTIMIZERS[optimizer][1]
        key = (mode, tuple(units), batch, optimizer, rate, images)
        if key not in self.compiled:
            self.compiled[key] = self.epoch_function(mode, optimizer, rate, batch)
            order = np.arange(images, dtype=np.int32)
            jax.block_until_ready(
                self.compiled[key](make_state(initial_weights(units, seed)), order))
        epoch = self.compiled[key]
        state = make_state(initial_weights(units, seed))
        seconds = []
        for _ in range(epochs):
            start = time.perf_counter()
            order = generator.permutation(images).astype(np.int32)
            state = jax.block_until_ready(epoch(state, order))
            seconds.append(time.perf_counter() - start)
        test_images, labels = self.test
        right = np.asarray(jax.jit(logits)(state[0], test_images)).argmax(axis=1) == labels
        return {"seconds": seconds, "accuracy": 100 * float(right.mean())}


@cache
def tiny_function(mode, optimizer, rate):
    """A function (state, samples [calls, 1, features], labels [calls, 1]) -> state."""
    step = partial(OPTIMIZERS[optimizer][0], rate)
    if mode == "scan":
        return jax.jit(lambda state, images, labels: jax.lax.scan(
            lambda state, sample: (step(state, *sample), None), state, (images, labels))[0],
            donate_argnums=0)
    jitted = jax.jit(step, donate_argnums=0)

    def run(state, images, labels):
        for x, label in zip(images, labels):
            state = jitted(state, x, label)
        return state

    return run


def tiny_steps(mode, units, optimizer, rate, calls):
    """Microseconds of one step at batch 1: jitted and called from Python, or inside one scan."""
    generator = np.random.default_rng(0)
    images = generator.standard_normal((calls, 1, units[0])).astype(np.float32)
    labels = generator.integers(units[-1], size=(calls, 1)).astype(np.int32)
    run = tiny_function(mode, optimizer, rate)
    state = OPTIMIZERS[optimizer][1](initial_weights(units, 0))
    state = jax.block_until_ready(run(state, images, labels))
    start = time.perf_counter()
    jax.block_until_ready(run(state, images, labels))
    return {"microseconds": (time.perf_counter() - start) * 1e6 / calls}


if __name__ == "__main__":
    training = cache(Training)
    worker.serve({"train": lambda folder, **job: training(folder).train(**job),
                  "tiny_steps": tiny_steps})
