"""Non-dominated ranks against moocore, as ratios: 36 cells of size, objectives and kind of data.

    OMP_NUM_THREADS=1 python benchmarks/ranks.py [--json ranks.json] [--seconds 1.0]

Both functions get the same C-contiguous float64 matrix and are called in turn in one process, so
that whatever else the machine does falls on both; their ranks are compared first. Printed are the
medians, their ratio (above 1: paretide is faster), and the geometric mean and least of the ratios.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import moocore
import numpy as np

from paretide.cext.dominance import nondominated_rank

OBJECTIVES = (2, 3, 5, 10)
SIZES = (200, 2000, 20000)


def cube(rng, n, n_obj):
    """Uniform in the unit cube: the usual case, fewer fronts the more objectives there are."""
    return rng.random((n, n_obj))


def front(rng, n, n_obj):
    """On the positive part of the unit sphere: no point dominates another."""
    F = np.abs(rng.standard_normal((n, n_obj)))
    return F / np.linalg.norm(F, axis=1, keepdims=True)


def ties(rng, n, n_obj):
    """Integers from 0 to 19 in each objective."""
    return rng.integers(0, 20, (n, n_obj)).astype(np.float64)


KINDS = (cube, front, ties)


def medians(F, seconds, least=5):
    """Median seconds of (paretide, moocore) in `least` rounds or more, until time is up."""
    times = [], []
    stop = time.perf_counter() + seconds
    while len(times[0]) < least or time.perf_counter() < stop:
        for function, measured in zip((nondominated_rank, moocore.pareto_rank), times, strict=True):
            start = time.perf_counter()
            function(F)
            measured.append(time.perf_counter() - start)
    return [statistics.median(measured) for measured in times]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="also write the cells to this file")
    parser.add_argument("--seconds", type=float, default=1.0, help="least time for each cell")
    options = parser.parse_args()
    rng = np.random.default_rng(1)
    cells = []
    print("| objectives | points | data | paretide | moocore | ratio |")
    print("|---:|---:|:---|---:|---:|---:|")
    for n_obj in OBJECTIVES:
        for n in SIZES:
            for kind in KINDS:
                F = np.ascontiguousarray(kind(rng, n, n_obj))
                np.testing.assert_array_equal(nondominated_rank(F), moocore.pareto_rank(F))
                ours, theirs = medians(F, options.seconds)
                ratio = theirs / ours
                cells.append(
                    {
                        "objectives": n_obj,
                        "points": n,
                        "data": kind.__name__,
                        "paretide_seconds": ours,
                        "moocore_seconds": theirs,
                        "ratio": ratio,
                    }
                )
                print(
                    f"| {n_obj} | {n} | {kind.__name__} | {ours * 1e6:.1f} us "
                    f"| {theirs * 1e6:.1f} us | {ratio:.2f} |"
                )
                sys.stdout.flush()
    ratios = [cell["ratio"] for cell in cells]
    mean, least = statistics.geometric_mean(ratios), min(ratios)
    if options.json:
        result = {"cells": cells, "geometric_mean": mean, "minimum": least}
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    print(f"\ngeometric mean {mean:.2f}, minimum {least:.2f}")


if __name__ == "__main__":
    main()
