# SPDX-License-Identifier: Apache-2.0
"""The runs that the oracle repeats: a table, and any number of random ones."""

import random
from dataclasses import dataclass, field

import optimizers

TYPES = ("int8", "int16", "int32", "int64")
TWINS = ("uint8", "uint16", "uint32", "uint64", "int", "uint")
ACTIVATIONS = ("linear", "relu", "leaky_relu", "elu", "sigmoid", "tanh", "swish", "gelu", "softmax")
OPTIMIZERS = {
    "sgd": optimizers.Sgd,
    "adam": optimizers.Adam,
    "adamw": optimizers.AdamW,
    "rmsprop": optimizers.RmsProp,
}
LOSSES = ("cross_entropy", "mean_squared_error")

NAMES_OF_OPTIONS = {"lower": "clip-lower", "upper": "clip-upper", "norm": "clip-norm"}


@dataclass
class Case:
    name: str
    type: str
    layers: str = "4x3 dense:7:relu dense:10:softmax"
    settings: dict = field(default_factory=dict)  # of the optimizer, and limits of gradients
    optimizer: str = "sgd"
    loss: str = "cross_entropy"
    schedule: tuple = ("constant",)
    samples: int = 11
    batch: int = 4
    epochs: int = 3
    seed: int = 1
    device: str = "cpu"
    storage: str = "master"
    exponents: str = "delayed"

    def make_optimizer(self):
        return OPTIMIZERS[self.optimizer](**self.settings)

    def options(self):
        """The program's options, as words."""
        values = {name: getattr(self, name) for name in ("type", "layers", "optimizer", "loss", "batch", "seed")}
        values.update(device=self.device, storage=self.storage, exponents=self.exponents)
        values["schedule"] = self.schedule[0]
        if self.schedule[0] == "step":
            values["every"], values["factor"] = self.schedule[1:]
        for name, value in self.settings.items():
            values[NAMES_OF_OPTIONS.get(name, name.replace("_", "-"))] = value
        words = []
        for name, value in values.items():
            if value is not False:
                words += [f"--{name}"] if value is True else [f"--{name}", str(value)]
        return words


PLAIN = {"rate": 0.1}
MOMENTUM = {"rate": 0.05, "momentum": 0.9}
NESTEROV = {"rate": 0.03, "momentum": 0.85, "nesterov": True, "weight_decay": 0.01}
LIMITS = {**MOMENTUM, "lower": -0.1, "upper": 0.05, "norm": 0.3}
ADAM = {"rate": 0.003, "beta1": 0.8, "beta2": 0.99, "epsilon": 0.01, "weight_decay": 0.01}
RMSPROP = {"rate": 0.002, "decay": 0.9, "momentum": 0.5, "weight_decay": 0.001}
DEEP = "4x3 dense:9:leaky_relu dense:8:relu dense:10:softmax"
WIDE = "20x20 dense:40:relu dense:10:softmax"
SMOOTH = "4x3 dense:6:sigmoid dense:5:elu dense:6:gelu dense:10:softmax"
MORE_SMOOTH = "4x3 dense:6:swish dense:5:softmax dense:6:tanh dense:5:linear dense:10:softmax"
LOCAL = "9x8 local:5x6:leaky_relu:field=3 local:2x3:tanh:field=3 dense:10:softmax"


def table():
    for t in TYPES:
        yield Case(f"{t}, plain", t, settings=PLAIN, samples=16, epochs=8)
        yield Case(f"{t}, a batch of one, cosine", t, settings=MOMENTUM, batch=1, samples=5, schedule=("cosine",))
        yield Case(f"{t}, deep, step", t, DEEP, NESTEROV, schedule=("step", 2, 0.3), epochs=6, seed=2**64 - 7)
        yield Case(f"{t}, limits", t, settings=LIMITS)
        yield Case(f"{t}, wide", t, WIDE, MOMENTUM, samples=7)
        yield Case(f"{t}, far too large rate", t, settings={"rate": 300.0, "momentum": 0.5}, epochs=6)
        yield Case(f"{t}, smooth", t, SMOOTH, MOMENTUM)
        yield Case(f"{t}, more smooth", t, MORE_SMOOTH, MOMENTUM)
        yield Case(f"{t}, local", t, LOCAL, MOMENTUM)
        for last in ("softmax", "relu", "tanh"):
            layers = f"4x3 dense:6:relu dense:10:{last}"
            yield Case(f"{t}, squared error, {last}", t, layers, MOMENTUM, loss="mean_squared_error")
            if last != "softmax":
                yield Case(f"{t}, cross-entropy, {last}", t, layers, MOMENTUM)
        yield Case(f"{t}, dynamic exponents", t, DEEP, MOMENTUM, exponents="dynamic")
        yield Case(f"{t}, pure", t, DEEP, NESTEROV, storage="pure")
        yield Case(f"{t}, pure adamw", t, LOCAL, {"rate": 0.01}, "adamw", storage="pure", exponents="dynamic")
        yield Case(f"{t}, adam", t, settings={"rate": 0.01}, optimizer="adam", epochs=8)
        yield Case(f"{t}, adam with decay", t, LOCAL, ADAM, "adam", schedule=("cosine",))
        yield Case(f"{t}, adamw", t, settings={"rate": 0.02, "weight_decay": 0.05}, optimizer="adamw")
        yield Case(f"{t}, rmsprop", t, DEEP, {"rate": 0.01}, "rmsprop")
        yield Case(f"{t}, rmsprop with momentum", t, SMOOTH, RMSPROP, "rmsprop")
    for t in TWINS:
        yield Case(f"{t}, twin", t, settings=NESTEROV)


def random_layers(r):
    """Up to three hidden layers; windows leave no input out, as the program demands."""
    shape = (r.randint(1, 8), r.randint(1, 8))
    words = ["%dx%d" % shape]
    for _ in range(r.randint(0, 3)):
        activation = r.choice(ACTIVATIONS)
        if shape and min(shape) > 1 and r.random() < 0.5:
            size = r.randint(1, min(shape))
            least = [max(-(-(n - size) // size) + 1, min(n - size, 1) + 1) for n in shape]
            shape = tuple(n + r.randint(0, 3) for n in least)
            words.append("local:%dx%d:%s:field=%d" % (*shape, activation, size))
        else:
            shape = None
            words.append(f"dense:{r.randint(1, 12)}:{activation}")
    words.append(f"dense:10:{r.choice(ACTIVATIONS + 6 * ('softmax',))}")
    return " ".join(words)


def random_settings(r, optimizer):
    def power(least, most):
        return float(f"{10 ** r.uniform(least, most):.3g}")

    settings = {"rate": power(-5, 2.5)}
    if optimizer in ("sgd", "rmsprop") and r.random() < 0.6:
        settings["momentum"] = round(r.random() * 0.999, 3)
    if settings.get("momentum") and optimizer == "sgd" and r.random() < 0.4:
        settings["nesterov"] = True
    if optimizer in ("adam", "adamw"):
        settings["beta1"], settings["beta2"] = 1 - power(-3, -0.3), 1 - power(-5, -0.3)
    if optimizer == "rmsprop":
        settings["decay"] = 1 - power(-4, -0.3)
    if optimizer != "sgd" and r.random() < 0.5:
        settings["epsilon"] = power(-10, -1)
    optional = {
        "weight_decay": (0.3, lambda: power(-5, -0.1)),
        "lower": (0.2, lambda: -power(-4, 0)),
        "upper": (0.2, lambda: power(-4, 0)),
        "norm": (0.3, lambda: power(-3, 1)),
    }
    for name, (chance, value) in optional.items():
        if r.random() < chance:
            settings[name] = value()
    return settings


def random_case(number):
    r = random.Random(number)
    optimizer = r.choice(sorted(OPTIMIZERS))
    schedules = (("constant",), ("step", r.randint(1, 3), round(r.random(), 3)), ("cosine",))
    return Case(
        f"random {number}",
        r.choice(TYPES + TWINS),
        random_layers(r),
        random_settings(r, optimizer),
        optimizer,
        r.choice(LOSSES),
        r.choice(schedules),
        samples=r.randint(1, 20),
        batch=r.randint(1, 9),
        epochs=r.randint(1, 4),
        seed=r.choice((r.randint(0, 100), r.getrandbits(64))),
        device=r.choice(("cpu", "ref")),
        storage=r.choice(("master", "master", "pure")),
        exponents=r.choice(("delayed", "delayed", "dynamic")),
    )
