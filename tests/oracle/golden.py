# SPDX-License-Identifier: Apache-2.0
"""The networks of `paragon verify`, their data sets and the hashes of what they learn."""

import hashlib
from dataclasses import dataclass

import layers as kinds
import optimizers
import training
from fixed_point import CONTRACT_VERSION, bits32, format_of, make_key
from gates import Replay

ROLE_SYNTHETIC = 256
DENSE = "10x10 dense:33:relu dense:5:softmax"
LOCAL = "10x10 local:7x6:leaky_relu:field=4 local:5x5:relu:field=3 dense:5:softmax"


@dataclass
class Net:
    layers: str
    optimizer: object
    schedule: tuple = ("constant",)
    loss: str = "cross_entropy"
    samples: int = 90
    batch: int = 20
    epochs: int = 3
    seed: int = 2
    network_seed: int = 1
    real: bool = False
    targets: int = 0
    replay: Replay = None
    more: object = None


def momentum(**rest):
    return optimizers.Sgd(0.05, momentum=0.9, **rest)


def replayed(replay, optimizer):
    return Net("10x10 local:6x6:leaky_relu:field=5", optimizer, replay=replay)


def add_wired(net):
    first = net.layers[-1].id
    net.add(kinds.dense(24, 20, "softmax"))
    second = net.layers[-1].id
    names = ("tanh", "sigmoid", "elu", "swish", "leaky_relu")
    sources = [[(k % 2, (i * 5 + k * 3) % 20) for k in range(i % 7 + 1)] for i in range(15)]
    layer = kinds.wired([20, 24], (3, 5), sources, activations=[names[i % 5] for i in range(15)])
    net.add(layer, [second, first])
    net.add(kinds.dense(15, 5, "softmax"))


NESTEROV = optimizers.Sgd(0.05, momentum=0.8, nesterov=True)
STEP = ("step", 1, 0.3)
CHANGE = Replay(mode="loop", budget=2, gate="change", map=((1.3, 2), (1.1, 1)), otherwise=0)
ENTROPY = Replay(mode="loop", budget=2, gate="entropy", map=((0.95, 2), (0.9, 1)), otherwise=0)
EXPRESSION = Replay(
    budget=2,
    gate="expression",
    expression=("subtract", 1, ("mean", ("abs", "activations"))),
    map=((0.8, 2), (0.7, 1)),
    otherwise=0,
)
NETS = {
    "dense-sgd": Net(DENSE, optimizers.Sgd(0.1)),
    "dense-momentum": Net(DENSE, momentum(), STEP),
    "dense-nesterov": Net(DENSE, NESTEROV, ("cosine",)),
    "dense-decay": Net(DENSE, momentum(weight_decay=1e-2), ("cosine",)),
    "dense-rmsprop": Net(DENSE, optimizers.RmsProp(2e-3)),
    "dense-rmsprop-momentum": Net(
        DENSE, optimizers.RmsProp(1e-3, decay=0.9, momentum=0.5, weight_decay=1e-3), ("cosine",)
    ),
    "dense-adam": Net(DENSE, optimizers.Adam(0.01), ("cosine",)),
    "dense-adam-decay": Net(DENSE, optimizers.Adam(3e-3, beta1=0.8, beta2=0.99, weight_decay=1e-2)),
    "dense-adamw": Net(DENSE, optimizers.AdamW(5e-3, weight_decay=0.05), ("step", 2, 0.5)),
    "dense-clip-elements": Net(DENSE, momentum(lower=-0.01, upper=0.02), ("cosine",)),
    "dense-clip-norm": Net(DENSE, momentum(norm=0.5), ("cosine",)),
    "dense-squared-error": Net(DENSE, momentum(), loss="mean_squared_error"),
    "dense-regression": Net(
        "10x10 dense:24:gelu dense:7:linear",
        optimizers.Adam(0.01),
        ("cosine",),
        "mean_squared_error",
        real=True,
        targets=7,
    ),
    "dense-real-features": Net(DENSE, momentum(), real=True),
    "dense-linear": Net("10x10 dense:24:linear dense:18:linear dense:5:softmax", momentum()),
    "dense-smooth": Net(
        "10x10 dense:26:gelu dense:23:tanh dense:21:elu dense:19:swish dense:17:sigmoid dense:5:softmax",
        optimizers.Adam(0.01),
    ),
    "dense-one-sample": Net(DENSE, momentum(), batch=1, epochs=1, samples=40),
    "dense-seeds": Net(DENSE, momentum(), seed=2**64 - 3, network_seed=2**63),
    "dense-wide": Net("16x16 dense:160:relu dense:10:softmax", momentum(), batch=64, epochs=2, samples=150),
    "local-momentum": Net(LOCAL, momentum(), ("cosine",)),
    "local-adam": Net(LOCAL, optimizers.Adam(0.01)),
    "wired-adamw": Net("10x10 dense:24:gelu", optimizers.AdamW(5e-3, weight_decay=0.05), more=add_wired),
    "replay-repeat": replayed(Replay(times=1), momentum()),
    "replay-repeat-before": replayed(Replay(span=1, phase="before", times=2, gain=1.25), momentum()),
    "replay-loop": replayed(Replay(mode="loop", times=3), momentum()),
    "replay-loop-before": replayed(Replay(phase="before", mode="loop", times=2), optimizers.Adam(0.01)),
    "replay-constant": replayed(
        Replay(mode="loop", budget=3, gate="constant", gate_value=0.6, map=((0.8, 3), (0.5, 2))), momentum()
    ),
    "replay-mean": replayed(Replay(span=1, budget=3, gate="mean", map=((0.3, 1),), otherwise=0), momentum()),
    "replay-max": replayed(
        Replay(mode="loop", budget=2, gate="max", map=((1.75, 2), (1.25, 1)), otherwise=0), momentum()
    ),
    "replay-entropy": replayed(ENTROPY, optimizers.RmsProp(2e-3)),
    "replay-change": replayed(CHANGE, optimizers.Adam(0.01)),
    "replay-expression": replayed(EXPRESSION, momentum()),
}


def data_set(net, shape, classes):
    """A pattern for each class under as much noise."""
    features = shape[0] * shape[1]
    labels, patterns, noise = (make_key(3, stream, ROLE_SYNTHETIC) for stream in range(3))
    samples, answers = [], []
    for row in range(net.samples):
        label = bits32(labels, row) % classes
        bytes_ = [
            ((bits32(patterns, label * features + i) & 255) + (bits32(noise, row * features + i) & 255)) >> 1
            for i in range(features)
        ]
        samples.append([(b - 128) / 32 for b in bytes_] if net.real else bytes_)
        targets = [(bytes_[i] - bytes_[i + 1]) / 64 for i in range(net.targets)]
        answers.append(targets if net.targets else label)
    return samples, answers


def train(net, type_name):
    width, height = (int(n) for n in net.layers.split()[0].split("x"))
    network = training.Network(format_of(type_name), net.network_seed, (height, width))
    for word in net.layers.split()[1:]:
        network.add_word(word)
    if net.replay:
        network.add(kinds.local(network.layers[-1].shape, (6, 6), 4, "leaky_relu"), replay=net.replay)
        network.add(kinds.dense(36, 5, "softmax"))
    if net.more:
        net.more(network)
    samples, answers = data_set(net, (height, width), network.layers[-1].units)
    settings = {name: getattr(net, name) for name in ("seed", "batch", "epochs", "loss", "schedule")}
    run = training.Training(network, net.optimizer, samples, answers, **settings)
    while run.advance():
        pass
    return run


def number_bytes(network):
    """The numbers that a network consists of, as little-endian int64."""
    numbers = [CONTRACT_VERSION, network.input_exponent]
    for layer in network.layers:
        numbers.append(layer.id)
        for p in (layer.weights, layer.bias):
            numbers += [p.id, *p.shape, p.view_exponent if p.pure else -p.fraction, p.view_exponent, *p.numbers()]
        numbers.append(len(layer.frozen))
        for repetition, exponent in sorted(layer.frozen.items()):
            numbers += [repetition, exponent]
    return b"".join(v.to_bytes(8, "little", signed=True) for v in numbers)


def golden_hash(network):
    return hashlib.sha256(number_bytes(network)).hexdigest()
