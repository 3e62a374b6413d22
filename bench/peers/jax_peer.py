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


def read_images(path):
    """An idx3 file as float32 [count, rows * columns] in 0..1."""
    raw = np.fromfile(path, np.uint8)
    count, rows, columns = raw[4:16].view(">u4")
    return raw[16:].reshape(count, rows * columns).astype(np.float32) / 255


def read_labels(path):
    """An idx1 file as int32 [count]."""
    return np.fromfile(path, np.uint8)[8:].astype(np.int32)


def initial_state(units, seed):
    """Weights and biases uniform in ±1/sqrt(fan in), and zero velocities of the same shapes."""
    generator = np.random.default_rng(seed)
    weights = []
    for inputs, outputs in zip(units, units[1:]):
        bound = inputs ** -0.5
        for shape in ((inputs, outputs), (outputs,)):
            weights.append(jnp.asarray(generator.uniform(-bound, bound, shape), jnp.float32))
    return weights, [jnp.zeros_like(w) for w in weights]


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


class Training:
    """The same epochs, driven by one jitted step per batch or by one jitted scan per epoch."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.images = jnp.asarray(read_images(folder / "train-images-idx3-ubyte"))
        self.labels = jnp.asarray(read_labels(folder / "train-labels-idx1-ubyte"))
        self.test = (read_images(folder / "t10k-images-idx3-ubyte"),
                     read_labels(folder / "t10k-labels-idx1-ubyte"))
        self.compiled = {}

    def epoch_function(self, mode, rate, batch):
        """A function (state, order of the samples) -> state; the last batch may be short."""

        def batch_step(state, rows, images, labels):
            return sgd_step(rate, state, images[rows], labels[rows])

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

    def train(self, mode, units, batch, rate, epochs, seed):
        """Seconds of each epoch, and the accuracy in percent on the test set after the last."""
        generator = np.random.default_rng(seed)
        count = len(self.labels)
        key = (mode, tuple(units), batch, rate)
        if key not in self.compiled:
            self.compiled[key] = self.epoch_function(mode, rate, batch)
            order = np.arange(count, dtype=np.int32)
            jax.block_until_ready(self.compiled[key](initial_state(units, seed), order))
        epoch = self.compiled[key]
        state = initial_state(units, seed)
        seconds = []
        for _ in range(epochs):
            start = time.perf_counter()
            order = generator.permutation(count).astype(np.int32)
            state = jax.block_until_ready(epoch(state, order))
            seconds.append(time.perf_counter() - start)
        images, labels = self.test
        right = np.asarray(jax.jit(logits)(state[0], images)).argmax(axis=1) == labels
        return {"seconds": seconds, "accuracy": 100 * float(right.mean())}


def tiny_step(units, rate, calls):
    """Microseconds of one jitted SGD step at batch 1, called `calls` times from Python."""
    generator = np.random.default_rng(0)
    images = generator.standard_normal((calls, 1, units[0])).astype(np.float32)
    labels = generator.integers(units[-1], size=(calls, 1)).astype(np.int32)
    step = jax.jit(partial(sgd_step, rate), donate_argnums=0)
    state = initial_state(units, 0)

    def run(state):
        for x, label in zip(images, labels):
            state = step(state, x, label)
        return jax.block_until_ready(state)

    state = run(state)
    start = time.perf_counter()
    run(state)
    return {"microseconds": (time.perf_counter() - start) * 1e6 / calls}


if __name__ == "__main__":
    training = cache(Training)
    worker.serve({"train": lambda folder, **job: training(folder).train(**job),
                  "tiny_step": tiny_step})
