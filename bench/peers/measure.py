# SPDX-License-Identifier: Apache-2.0
"""Measures Paragon beside its peers, turn by turn on the same two cores, and prints one table."""

import argparse
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib import metadata

from worker import Worker

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
THREADS = 2
EPOCHS = 4  # the first one of each run is not counted: caches and clocks settle in it
FORWARDS = 1000
STEPS = 1000
GEMM_SECONDS = 0.6  # for each line that the program prints
GEMM_LIMITS = {"float32": 0.8, "int8": 0.7}
GEMM_LINE = re.compile(r"(\w+) +(\d+) +ours +([\d.]+) +packed +([\d.]+) +oneDNN +([\d.]+)")
QUIET_LOAD = 0.5
OTHERS_ALLOWED = 0.1  # cores, beyond which a table says nothing


@dataclass
class Row:
    """One line of the table: figures of every round, and the limit of their ratio if there is one.

    The ratio is ours / peer, taken round by round; what counts is the median over the rounds.
    """

    work: str
    unit: str
    ours: list
    peer: list
    peer_name: str
    at_most: float | None = None
    at_least: float | None = None
    ours_at_most: float | None = None
    note: str = ""

    @property
    def ratios(self):
        return [ours / peer for ours, peer in zip(self.ours, self.peer)]

    @property
    def met(self):
        ratio = statistics.median(self.ratios)
        if self.at_most is not None:
            return ratio <= self.at_most
        if self.at_least is not None:
            return ratio >= self.at_least
        if self.ours_at_most is not None:
            return statistics.median(self.ours) <= self.ours_at_most
        return None

    @property
    def bar(self):
        if self.at_most is not None:
            return f"<= {self.at_most:g}x"
        if self.at_least is not None:
            return f">= {self.at_least:g}x"
        return f"<= {self.ours_at_most:g} {self.unit}" if self.ours_at_most is not None else "-"

    def cells(self):
        ours, peer, ratio = map(statistics.median, (self.ours, self.peer, self.ratios))
        return [self.work, f"{ours:.3g} {self.unit}", f"{peer:.3g} {self.unit} ({self.peer_name})",
                f"{ratio:.2f} ({min(self.ratios):.2f}-{max(self.ratios):.2f})", self.bar,
                {True: "yes", False: "NO", None: "-"}[self.met], self.note]

    def record(self):
        return {**asdict(self), "ratio": statistics.median(self.ratios), "ratios": self.ratios,
                "met": self.met}


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


def steady(seconds):
    return statistics.median(seconds[1:])


def measure_epoch(options, paragon):
    """784-256-10, batch 64, SGD with momentum: seconds of an epoch over 60,000 images."""
    units, batch, rate = [784, 256, 10], 64, 0.05
    limits = {"float32": 1.15, "int8": 0.75}
    ours = {kind: [] for kind in limits}
    peers = {"scan": [], "step": []}
    accuracy = {kind: [] for kind in (*limits, *peers)}
    with Worker(HERE / "jax_peer.py") as jax:
        for seed in range(1, options.rounds + 1):
            for mode, kind in zip(peers, limits):
                peer = jax("train", folder=str(options.data), mode=mode, units=units, batch=batch,
                           rate=rate, epochs=EPOCHS, seed=seed)
                peers[mode].append(steady(peer["seconds"]))
                accuracy[mode].append(peer["accuracy"])
                result = paragon(
                    "train", "--data", options.data, "--type", kind, "--layers", layers(units),
                    "--epochs", EPOCHS, "--batch", batch, "--optimizer", "sgd", "--momentum", 0.9,
                    "--rate", rate, "--schedule", "constant", "--threads", THREADS, "--seed", seed)
                ours[kind].append(steady([epoch["seconds"] for epoch in result["epochs"]]))
                accuracy[kind].append(result["test"]["accuracy"])
    best = min(peers, key=lambda mode: statistics.median(peers[mode]))
    percent = {key: statistics.mean(values) for key, values in accuracy.items()}
    for kind, limit in limits.items():
        yield Row(f"epoch of 784-256-10, batch 64, SGD, {kind}", "s", ours[kind], peers[best],
                  f"JAX {best}", at_most=limit,
                  note=f"accuracy after {EPOCHS} epochs {percent[kind]:.2f} %, "
                       f"JAX {percent[best]:.2f} %")


def measure_gemm(options, _):
    """Square products against oneDNN; one program alternates them and prints a line a size."""
    found = {}
    for _ in range(options.rounds):
        for line in run([options.gemm, THREADS, GEMM_SECONDS]).splitlines():
            if match := GEMM_LINE.match(line):
                kind, size, *rates = match.groups()
                found.setdefault((kind, int(size)), []).append([float(rate) for rate in rates])
    if {kind for kind, _ in found} != set(GEMM_LIMITS):
        raise RuntimeError(f"{options.gemm} printed no table that this script can read")
    for (kind, size), rates in found.items():
        plain, packed, peer = map(list, zip(*rates))
        unpacked = statistics.median(ours / theirs for ours, theirs in zip(plain, peer))
        yield Row(f"GEMM {size} x {size} x {size}, {kind}", "Gop/s", packed, peer, "oneDNN",
                  at_least=GEMM_LIMITS[kind],
                  note=f"weights packed beforehand by both; ours unpacked {unpacked:.2f}x")


def measure_forward(options, paragon):
    """Forwards at batch 1: microseconds a call."""
    nets = [([784, 1024, 1024, 10], {"float32": 1.5, "int8": 2.0}),
            ([784, 256, 10], {"float32": None, "int8": None})]
    with Worker(HERE / "litert_peer.py", THREADS) as litert:
        for units, limits in nets:
            for kind, limit in limits.items():
                ours, peer, bare = [], [], []
                for _ in range(2 * options.rounds):
                    theirs = litert("forward", units=units, kind=kind, calls=FORWARDS)
                    peer.append(theirs["microseconds"])
                    bare.append(theirs["microseconds_invoke_only"])
                    ours.append(paragon(
                        "bench", "forward", "--layers", layers(units), "--type", kind, "--batch",
                        1, "--iterations", FORWARDS, "--threads", THREADS)["microseconds_per_call"])
                name = "-".join(map(str, units))
                yield Row(f"forward of {name}, batch 1, {kind}", "us", ours, peer,
                          "LiteRT XNNPACK", at_most=limit,
                          note=f"LiteRT {statistics.median(bare):.3g} us without reading and "
                               "writing")


def measure_step(options, paragon):
    """A training step of 4-4-2 at batch 1: the cost of everything but arithmetic."""
    units = [4, 4, 2]
    ours, peer = [], []
    with Worker(HERE / "jax_peer.py") as jax:
        for _ in range(options.rounds):
            peer.append(jax("tiny_step", units=units, rate=0.05, calls=STEPS)["microseconds"])
            ours.append(paragon(
                "bench", "step", "--layers", layers(units), "--type", "float32", "--batch", 1,
                "--optimizer", "sgd", "--threads", 1)["microseconds_per_step"])
    yield Row("step of 4-4-2, batch 1, SGD, float32, ours on one thread", "us", ours, peer,
              "JAX step", ours_at_most=5.0)


WORKS = {"epoch": measure_epoch, "gemm": measure_gemm, "forward": measure_forward,
         "step": measure_step}


def machine(cores):
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), platform.machine())
    return {"processor": model, "cores": sorted(cores), "threads": THREADS,
            "load_at_start": os.getloadavg()[0], "cores_used_by_others": {},
            "peers": {name: metadata.version(name)
                      for name in ("jax", "jaxlib", "ai-edge-litert", "numpy")}}


def busy_seconds():
    """Processor time that the whole machine and that this process with ended children has used."""
    user, nice, system, _, _, irq, softirq, *_ = map(
        int, pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:])
    times = os.times()
    return ((user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK"),
            times.user + times.system + times.children_user + times.children_system)


def print_table(rows):
    heads = ["work", "ours", "peer", "ratio (lowest-highest)", "bar", "met?", "note"]
    lines = [heads, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    lines.insert(1, ["-" * width for width in widths])
    for line in lines:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |")


def parse(arguments):
    # The help is the shell script's, which takes options of its own.
    parser = argparse.ArgumentParser(prog="bench/peers/run", add_help=False,
                                     usage="bench/peers/run [options], see --help")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "data" / "mnist")
    parser.add_argument("--only", default=",".join(WORKS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cores", default="")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--paragon", required=True, type=pathlib.Path)
    parser.add_argument("--gemm", required=True, type=pathlib.Path)
    options = parser.parse_args(arguments)
    options.only = options.only.split(",")
    unknown = [word for word in options.only if word not in WORKS]
    if unknown:
        parser.error(f"--only knows {', '.join(WORKS)}, not {', '.join(unknown)}")
    if options.rounds < 1:
        parser.error("--rounds must be 1 or more")
    try:
        options.cores = {int(core) for core in options.cores.split(",")} if options.cores else set(
            sorted(os.sched_getaffinity(0))[:THREADS])
    except ValueError:
        parser.error(f"--cores wants two numbers, got {options.cores!r}")
    if len(options.cores) != THREADS:
        parser.error(f"{THREADS} cores are needed, got {sorted(options.cores)}")
    if "epoch" in options.only and not (options.data / "train-images-idx3-ubyte").is_file():
        parser.error(f"no MNIST in {options.data}; get it with tools/fetch_mnist.sh or "
                     "name its folder with --data")
    return options


def main():
    options = parse(sys.argv[1:])
    # Every child inherits the cores; JAX and oneDNN read their thread count from the environment.
    os.sched_setaffinity(0, options.cores)
    os.environ.update(JAX_PLATFORMS="cpu", NPROC=str(THREADS), OMP_NUM_THREADS=str(THREADS))
    about = machine(options.cores)
    if about["load_at_start"] > QUIET_LOAD:
        print(f"note: the machine is not quiet (load {about['load_at_start']:.2f})",
              file=sys.stderr)
    rows = []
    for work in options.only:
        print(f"measuring: {work}", file=sys.stderr)
        start, (machine_before, own_before) = time.monotonic(), busy_seconds()
        rows.extend(WORKS[work](options, Paragon(options.paragon)))
        machine_after, own_after = busy_seconds()
        others = (machine_after - machine_before - own_after + own_before) / (
            time.monotonic() - start)
        about["cores_used_by_others"][work] = others
        if others > OTHERS_ALLOWED:
            print(f"note: others used {others:.2f} cores during {work}: repeat it on a quiet "
                  "machine", file=sys.stderr)
    print(f"{about['processor']}, cores {sorted(options.cores)}, {THREADS} threads, "
          f"{options.rounds} rounds")
    print_table(rows)
    if options.json:
        options.json.write_text(
            json.dumps({"machine": about, "rows": [row.record() for row in rows]}, indent=1) + "\n")
    return 1 if options.strict and any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, RuntimeError) as error:
        print(f"bench/peers/run: {error}", file=sys.stderr)
        sys.exit(2)
