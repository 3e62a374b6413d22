# SPDX-License-Identifier: Apache-2.0
"""The works that are measured, our side and the peers in turn, and the bars of their ratios."""

import json
import pathlib
import re
import statistics
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from itertools import zip_longest

from worker import Worker

HERE = pathlib.Path(__file__).resolve().parent
THREADS = 2
FORWARDS = 1000
STEPS = 1000
GEMM_SECONDS = 0.6  # for each line that the program prints
GEMM_LIMITS = {"float32": 0.9, "int8": 0.9}
GEMM_LINE = re.compile(r"(\w+) +(\d+) +ours +([\d.]+) +packed +([\d.]+) +oneDNN +([\d.]+)"
                       r" +OpenBLAS +([\d.]+|-)")
IMAGES = 60000


@dataclass
class Row:
    """One line of the table: figures of every round, and the bar if there is one.

    The ratio is ours / peer, taken round by round; what counts is the median over the rounds.
    """

    work: str
    unit: str
    ours: list
    peer: list
    peer_name: str
    threads: str
    at_most: float | None = None
    at_least: float | None = None
    ours_at_most: float | None = None
    note: str = ""

    @property
    def ratios(self):
        return [ours / peer for ours, peer in zip(self.ours, self.peer)]

    @property
    def met(self):
        if self.ours_at_most is not None:
            return statistics.median(self.ours) <= self.ours_at_most
        if self.at_most is not None:
            return statistics.median(self.ratios) <= self.at_most
        if self.at_least is not None:
            return statistics.median(self.ratios) >= self.at_least
        return None

    @property
    def bar(self):
        if self.ours_at_most is not None:
            return f"<= {self.ours_at_most:g} {self.unit}"
        if self.at_most is not None:
            return f"<= {self.at_most:g}x"
        return f">= {self.at_least:g}x" if self.at_least is not None else "-"

    def cells(self):
        peer = ratio = "-"
        if self.peer:
            peer = f"{statistics.median(self.peer):.3g} {self.unit} ({self.peer_name})"
            ratio = (f"{statistics.median(self.ratios):.2f} "
                     f"({min(self.ratios):.2f}-{max(self.ratios):.2f})")
        return [self.work, self.threads, f"{statistics.median(self.ours):.3g} {self.unit}", peer,
                ratio, self.bar, {True: "yes", False: "NO", None: "-"}[self.met], self.note]

    def record(self):
        return {**asdict(self), "ours_median": statistics.median(self.ours),
                "peer_median": statistics.median(self.peer) if self.peer else None,
                "ratio": statistics.median(self.ratios) if self.peer else None,
                "ratios": self.ratios, "bar": self.bar, "met": self.met}


class Paragon:
    """Our side: the command-line program, whose --json figures are read."""

    def __init__(self, program):
        self.program = program

    def __call__(self, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "figures.json"
            run([self.program, *arguments, "--json", file])
            return json.loads(file.read_text())


def run(command):
    """The standard output of a program; RuntimeError with its words when it fails."""
    command = [str(word) for word in command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\nended with {done.returncode}:\n"
                           f"{(done.stdout + done.stderr)[-4000:]}")
    return done.stdout


def layers(units, hidden="relu"):
    """The program's spelling of a perceptron: input shape, hidden layers, softmax."""
    side = round(units[0] ** 0.5)
    words = [f"{side}x{side}", *(f"dense:{u}:{hidden}" for u in units[1:-1])]
    return " ".join([*words, f"dense:{units[-1]}:softmax"])


def spelled(units):
    return "-".join(map(str, units))


@dataclass
class Training:
    """Epochs of MNIST, or of its first images, by JAX in float32 and by us in some types."""

    units: list
    batch: int
    optimizer: str
    rate: float
    limits: dict  # type -> largest ratio
    images: int = IMAGES
    epochs: int = 4  # the first one of each run is not counted: caches and clocks settle in it
    modes: tuple = ("scan", "step")

    def jax_seconds(self, jax, data, mode, seed):
        reply = jax("train", folder=str(data), mode=mode, units=self.units, batch=self.batch,
                    optimizer=self.optimizer, rate=self.rate, epochs=self.epochs, seed=seed,
                    images=self.images)
        return statistics.median(reply["seconds"][1:]), reply["accuracy"]

    def our_seconds(self, paragon, data, kind, seed):
        extra = ["--momentum", 0.9] if self.optimizer == "sgd" else []
        reply = paragon(
            "train", "--data", data, "--train-fraction", self.images / IMAGES, "--type", kind,
            "--layers", layers(self.units), "--epochs", self.epochs, "--batch", self.batch,
            "--optimizer", self.optimizer, *extra, "--rate", self.rate, "--schedule", "constant",
            "--threads", THREADS, "--seed", seed)
        return (statistics.median(epoch["seconds"] for epoch in reply["epochs"][1:]),
                reply["test"]["accuracy"])

    def rows(self, options, paragon, jax):
        figures = {key: [] for key in (*self.modes, *self.limits)}
        for seed in range(1, options.rounds + 1):
            for mode, kind in zip_longest(self.modes, self.limits):
                if mode:
                    figures[mode].append(self.jax_seconds(jax, options.data, mode, seed))
                if kind:
                    figures[kind].append(self.our_seconds(paragon, options.data, kind, seed))
        seconds = {key: [turn[0] for turn in turns] for key, turns in figures.items()}
        percent = {key: statistics.mean(turn[1] for turn in turns)
                   for key, turns in figures.items()}
        best = min(self.modes, key=lambda mode: statistics.median(seconds[mode]))
        words = {"sgd": "SGD momentum", "adam": "Adam"}[self.optimizer]
        size = "epoch" if self.images == IMAGES else f"{self.images} images"
        for kind, limit in self.limits.items():
            yield Row(f"{size} of {spelled(self.units)}, batch {self.batch}, {words}, {kind}", "s",
                      seconds[kind], seconds[best], f"JAX {best}, float32", f"{THREADS}",
                      at_most=limit,
                      note=f"accuracy {percent[kind]:.2f} %, JAX {percent[best]:.2f} %")


def measure_trainings(options, paragon, trainings):
    with Worker(HERE / "jax_peer.py") as jax:
        for training in trainings:
            yield from training.rows(options, paragon, jax)


def measure_epoch(options, paragon):
    """784-256-10 at batch 64."""
    small = [784, 256, 10]
    yield from measure_trainings(options, paragon, [
        Training(small, 64, "sgd", 0.05, {"float32": 0.9, "int8": 0.55}),
        Training(small, 64, "adam", 0.001, {"float32": 0.95})])


def measure_large(options, paragon):
    """784-1024-1024-10 at batch 128; a quarter of MNIST, as an epoch takes several seconds."""
    large, some = [784, 1024, 1024, 10], dict(images=15360, epochs=3)
    yield from measure_trainings(options, paragon, [
        Training(large, 128, "adam", 0.001, {"float32": 0.95}, **some),
        Training(large, 128, "sgd", 0.05, {"int8": 0.5}, **some)])


def measure_online(options, paragon):
    """784-256-10 at batch 1, a tenth of MNIST."""
    yield from measure_trainings(options, paragon, [
        Training([784, 256, 10], 1, "sgd", 0.001, {"float32": 0.8}, images=6000, epochs=3,
                 modes=("scan",))])


def measure_standard(options, paragon):
    """The standard model of `paragon bench mnist` in float32: seconds of the training alone."""
    ours = [paragon("bench", "mnist", "--data", options.data, "--types", "float32", "--models",
                    "standard", "--epochs", 5, "--train-fraction", 0.8, "--jobs", 1, "--threads",
                    THREADS, "--seed", seed)["rows"][0] for seed in range(1, options.rounds + 1)]
    accuracy = statistics.mean(row["accuracy"] for row in ours)
    yield Row("standard model of bench mnist, 5 epochs of 48,000, float32", "s",
              [row["seconds"] for row in ours], [], "", f"{THREADS}", ours_at_most=0.4,
              note=f"accuracy {accuracy:.2f} %")


def measure_gemm(options, _):
    """Square products against oneDNN; one program alternates them and prints a line a size."""
    found = {}
    for _ in range(options.rounds):
        for line in run([options.gemm, THREADS, GEMM_SECONDS]).splitlines():
            if match := GEMM_LINE.match(line):
                kind, size, *rates = match.groups()
                found.setdefault((kind, int(size)), []).append(
                    [float(rate) if rate != "-" else None for rate in rates])
    if {kind for kind, _ in found} != set(GEMM_LIMITS):
        raise RuntimeError(f"{options.gemm} printed no table that this script can read")
    for (kind, size), rates in found.items():
        plain, packed, peer, blas = map(list, zip(*rates))
        unpacked = statistics.median(ours / theirs for ours, theirs in zip(plain, peer))
        note = f"weights packed beforehand by both; ours unpacked {unpacked:.2f}x"
        if None not in blas:
            note += f"; OpenBLAS {statistics.median(blas):.3g} Gop/s"
        yield Row(f"GEMM {size} x {size} x {size}, {kind}", "Gop/s", packed, peer, "oneDNN",
                  f"{THREADS}", at_least=GEMM_LIMITS[kind], note=note)


def measure_forward(options, paragon):
    """Forwards at batch 1: microseconds a call."""
    limits = {"float32": 1.1, "int8": 1.2}
    with Worker(HERE / "litert_peer.py", THREADS) as litert:
        for units in ([784, 1024, 1024, 10], [784, 256, 10]):
            for kind, limit in limits.items():
                ours, peer, bare = [], [], []
                for _ in range(2 * options.rounds):
                    theirs = litert("forward", units=units, kind=kind, calls=FORWARDS)
                    peer.append(theirs["microseconds"])
                    bare.append(theirs["microseconds_invoke_only"])
                    ours.append(paragon(
                        "bench", "forward", "--layers", layers(units), "--type", kind, "--batch",
                        1, "--iterations", FORWARDS, "--threads", THREADS)["microseconds_per_call"])
                yield Row(f"forward of {spelled(units)}, batch 1, {kind}", "us", ours, peer,
                          "LiteRT XNNPACK", f"{THREADS}", at_most=limit,
                          note=f"LiteRT {statistics.median(bare):.3g} us without reading and "
                               "writing")


def measure_step(options, paragon):
    """A training step of 4-4-2 at batch 1: the cost of everything but arithmetic."""
    units = [4, 4, 2]
    limits = {"float32": 2.0, "int8": None}
    with Worker(HERE / "jax_peer.py") as jax:
        for optimizer in ("sgd", "adam"):
            ours, peers = {kind: [] for kind in limits}, {"scan": [], "step": []}
            for _ in range(options.rounds):
                for mode, kind in zip(peers, limits):
                    peers[mode].append(jax("tiny_steps", mode=mode, units=units, rate=0.01,
                                           optimizer=optimizer, calls=STEPS)["microseconds"])
                    ours[kind].append(paragon(
                        "bench", "step", "--layers", layers(units), "--type", kind, "--batch", 1,
                        "--optimizer", optimizer, "--threads", 1)["microseconds_per_step"])
            best = min(peers, key=lambda mode: statistics.median(peers[mode]))
            for kind, limit in limits.items():
                yield Row(f"step of {spelled(units)}, batch 1, {optimizer}, {kind}", "us",
                          ours[kind], peers[best], f"JAX {best}, float32", "1",
                          ours_at_most=limit)


WORKS = {"epoch": measure_epoch, "large": measure_large, "online": measure_online,
         "standard": measure_standard, "gemm": measure_gemm, "forward": measure_forward,
         "step": measure_step}
