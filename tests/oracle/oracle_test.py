# SPDX-License-Identifier: Apache-2.0
"""Compares the program with the oracle, run by run, number by number.

oracle_test.py PROGRAM FOLDER [--only WORD] [--random FIRST COUNT]

FOLDER is for files of the runs. --only takes the runs of the table whose names have the word, --random other
random ones than the usual. Exit code 1 if a number differs: the first one is named, with the first epoch
after which it does.
"""

import argparse
import dataclasses
import pathlib
import sys
import time

import cases
import curves
import fixed_point
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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--random", type=int, nargs=2, default=(0, 30), metavar=("FIRST", "COUNT"))
    options = parser.parse_args()
    start = time.monotonic()
    fixed_point.check_values_of_the_page()
    curves.check_values_of_the_page()
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
    print(f"oracle: {len(runs) - failed} of {len(runs)} runs equal, {time.monotonic() - start:.1f} s")
    return 1 if failed or not runs else 0


if __name__ == "__main__":
    sys.exit(main())
