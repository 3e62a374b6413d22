# SPDX-License-Identifier: Apache-2.0
"""Compares the program with the oracle, run by run, number by number.

oracle_test.py PROGRAM FOLDER [--only WORD] [--random FIRST COUNT] [--golden HASHES] [--all]

FOLDER is for files of the runs. --only takes the runs whose names have the word, --random other random ones
than the usual. --golden also computes hashes of that file: those of nets that no run is like, in one type each;
with --all those of every net in every type.
Exit code 1 if a number differs: the first one is named, with the first epoch after which it does.
"""

import argparse
import dataclasses
import json
import pathlib
import sys
import time

import cases
import curves
import fixed_point
import golden
import optimizers
import program


def first_epoch(path, case, folder):
    """Where a failed run first differs. A shorter training on a cosine is another one."""
    for epochs in range(1, case.epochs):
        if case.schedule[0] == "cosine":
            break
        try:
            program.check(path, dataclasses.replace(case, epochs=epochs), folder)
        except program.Difference as difference:
            return f"after epoch {epochs} of {case.epochs}: {difference}"
    return f"after all {case.epochs} epochs"


def compare_runs(options):
    """Numbers of runs that were done, and that differed."""
    first, count = options.random
    runs = [*cases.table(), *(cases.random_case(number) for number in range(first, first + count))]
    runs = [case for case in runs if options.only in case.name]
    failed = 0
    for case in runs:
        try:
            program.check(options.program, case, options.folder)
        except program.Difference as difference:
            failed += 1
            print(f"oracle: {case.name}: {difference}")
            print(f"  {first_epoch(options.program, case, options.folder)}\n  {case}", flush=True)
    return len(runs), failed


def compare_hashes(options):
    hashes = json.loads(options.golden.read_text())["hashes"]
    unknown = sorted(set(hashes) - set(golden.NETS))
    if unknown:
        print(f"oracle: golden.py does not describe {', '.join(unknown)}")
    done = failed = 0
    for number, (name, net) in enumerate(golden.NETS.items()):
        types = cases.TYPES if options.all else [cases.TYPES[number % len(cases.TYPES)]]
        if not (options.all or net.real or net.replay or net.more):
            continue  # the table of runs has the like of it
        for type_name in types:
            if options.only not in f"{type_name}, golden {name}":
                continue
            done += 1
            if golden.golden_hash(golden.train(net, type_name).network) != hashes[name][type_name[3:]]:
                failed += 1
                print(f"oracle: the golden hash of {name} in {type_name} differs", flush=True)
    return done, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--random", type=int, nargs=2, default=(0, 20), metavar=("FIRST", "COUNT"))
    parser.add_argument("--golden", type=pathlib.Path)
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    start = time.monotonic()
    fixed_point.check_values_of_the_page()
    curves.check_values_of_the_page()
    optimizers.check_values_of_the_page()
    done, failed = compare_runs(options)
    if options.golden:
        hashes, different = compare_hashes(options)
        done, failed = done + hashes, failed + different
    print(f"oracle: {done - failed} of {done} runs equal, {time.monotonic() - start:.1f} s")
    return 1 if failed or not done else 0


if __name__ == "__main__":
    sys.exit(main())
