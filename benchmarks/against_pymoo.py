"""NSGA-II here and in pymoo: hypervolume and time, the same problems, sizes and operators.

Runs are interleaved; the medians of the time ratios are printed with the quartiles.
"""

import argparse
import time

import moocore
import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.optimize import minimize
from pymoo.problems import get_problem

import paretide as pt

ROWS = [("zdt1", {}, 1.1), ("zdt2", {}, 1.1), ("zdt3", {}, 1.1), ("dtlz2", {}, 1.1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--generations", type=int, default=250)
    options = parser.parse_args()
    print("| problem | hypervolume here / pymoo | time pymoo / here, quartiles |\n|---|---|---|")
    for name, arguments, corner in ROWS:
        problem = get_problem(name, **arguments)
        reference = np.full(problem.n_obj, corner)
        volumes, times = [], []
        for seed in range(1, options.seeds + 1):
            began = time.perf_counter()
            ours = pt.minimize(
                problem, pt.NSGA2(size=100), budget=100 * options.generations, seed=seed
            )
            between = time.perf_counter()
            theirs = minimize(
                problem, NSGA2(pop_size=100), ("n_gen", options.generations), seed=seed
            )
            ended = time.perf_counter()
            volumes.append([moocore.hypervolume(F, ref=reference) for F in (ours.F, theirs.F)])
            times.append((ended - between) / (between - began))
        here, there = np.median(volumes, axis=0)
        low, middle, high = np.percentile(times, [25, 50, 75])
        print(
            f"| {name} | {here:.5f} / {there:.5f} = {here / there:.4f} "
            f"| {middle:.1f} ({low:.1f} to {high:.1f}) |"
        )


if __name__ == "__main__":
    main()
