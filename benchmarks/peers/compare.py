"""NSGA-II here and in other packages: whole runs side by side, their time and their hypervolume.

Round by round every package does the same run, in an order that rotates; what counts is the ratio
of times within a round. The hypervolume is that of the final front against 1.1 in every objective.
"""

import argparse
import gc
import json
import os
import re
import sys
import time
from pathlib import Path

import moocore
import numpy as np
from cases import CASES
from packages import PACKAGES
from report import OURS, machine, ratios_table, summary, times_table

SIZES = ("100x250", "1000x100", "10000x10")
ROWS = [f"{name}:{size}" for name in CASES for size in SIZES]
SLOW = ("pygmo", "pymoo")  # quadratic in the population
THREADS = ("OMP", "OPENBLAS", "MKL", "RAYON", "NUMBA", "NUMEXPR", "TBB")


def one_thread():
    """Start again with one thread each, for libraries read this when they are loaded."""
    wanted = {f"{library}_NUM_THREADS": "1" for library in THREADS}
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        os.execve(sys.executable, sys.orig_argv, {**os.environ, **wanted})


def read_row(text):
    """The problem, population and generations of, say, ZDT1:100x250."""
    match = re.fullmatch(r"(\w+):(\d+)x(\d+)", text)
    if match is None or match[1] not in CASES:
        raise argparse.ArgumentTypeError(
            f"a row is PROBLEM:POPULATIONxGENERATIONS, the problem one of {list(CASES)}; "
            f"got {text!r}"
        )
    return CASES[match[1]], int(match[2]), int(match[3])


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {number}")
    return number


def measure(peer, case, size, generations, seed):
    gc.collect()
    began = time.perf_counter()
    F = PACKAGES[peer](case, size, generations, seed)
    seconds = time.perf_counter() - began
    volume = float(moocore.hypervolume(F, ref=np.full(case.n_obj, 1.1)))
    return {"seed": seed, "seconds": seconds, "hypervolume": volume}


def compare(case, size, generations, options):
    """Runs of every peer in one row, round by round."""
    runs = {peer: [] for peer in options.peers}
    for peer in options.peers:
        PACKAGES[peer](case, 8, 2, 1)  # imports, and whatever a first call does
    for number in range(options.rounds):
        start = number % len(options.peers)
        for peer in options.peers[start:] + options.peers[:start]:
            if number < options.slow_rounds or peer not in SLOW or size < options.slow_from:
                seed = number % options.seeds + 1
                runs[peer].append(measure(peer, case, size, generations, seed))
    return {"row": f"{case.name}, {size} x {generations}", "runs": runs}


def parser():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--rows",
        nargs="+",
        type=read_row,
        default=[read_row(r) for r in ROWS],
        metavar="PROBLEM:POPULATIONxGENERATIONS",
        help=" ".join(ROWS),
    )
    parser.add_argument("--peers", nargs="+", choices=PACKAGES, default=list(PACKAGES))
    parser.add_argument("--rounds", type=positive, default=5)
    parser.add_argument(
        "--slow-rounds",
        type=positive,
        default=1,
        help=f"of {' and '.join(SLOW)} with large populations",
    )
    parser.add_argument("--slow-from", type=positive, default=10_000, metavar="SIZE")
    parser.add_argument("--seeds", type=positive, default=5, help="from 1 on, round by round")
    parser.add_argument("--output", type=Path, default=Path("build/peers"), metavar="FOLDER")
    return parser


def main():
    one_thread()
    options = parser().parse_args()
    options.peers = [OURS, *(peer for peer in options.peers if peer != OURS)]
    options.output.mkdir(parents=True, exist_ok=True)
    where, rows = machine(options.peers), []
    print(json.dumps(where))
    for row in options.rows:
        rows.append(compare(*row, options))
        print(times_table(rows[-1:], options.peers).splitlines()[-1], flush=True)
        result = {"machine": where, "rows": rows, "summary": summary(rows, options.peers)}
        (options.output / "peers.json").write_text(json.dumps(result, indent=1) + "\n")
    tables = f"{times_table(rows, options.peers)}\n\n{ratios_table(rows, options.peers)}\n"
    (options.output / "peers.md").write_text(tables)
    print(f"\n{tables}", end="")


if __name__ == "__main__":
    main()
