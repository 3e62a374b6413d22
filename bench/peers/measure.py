# SPDX-License-Identifier: Apache-2.0
"""Measures Paragon beside its peers, turn by turn on the same two cores, and prints one table."""

import argparse
import json
import os
import pathlib
import platform
import sys
import time
from importlib import metadata

from works import THREADS, WORKS, Paragon

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
QUIET_LOAD = 0.5
NEED_MNIST = {"epoch", "large", "online", "standard"}
OTHERS_ALLOWED = 0.1  # cores, beyond which a table says nothing


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
    heads = ["work", "threads", "ours", "peer", "ratio (lowest-highest)", "bar", "met?",
             "note"]
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
    if NEED_MNIST & set(options.only) and not (options.data / "train-images-idx3-ubyte").is_file():
        parser.error(f"no MNIST in {options.data}; get it with tools/fetch_data.sh or "
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
