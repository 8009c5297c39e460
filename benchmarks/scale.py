"""A generation of a very large population on one core: its time in parts, and its peak memory.

The algorithm is driven with ask and tell, so that the objective is not in the times. The sample and
one generation pass; the next is measured: an ask, in which n of 2 n survive and n children are
made, and a tell. Its parts are then timed alone, on the same data.

Memory is the peak of a process of its own, the objective's included, above what it was before the
sample, as a multiple of the children's X.
"""

import argparse
import multiprocessing
import resource
import sys
import time

import numpy as np
from peers.cases import dtlz2, zdt1

import paretide as pt
from paretide.engine.algorithms.breeding import Mates, breeding_for
from paretide.operators.duplicates import RowSet
from paretide.operators.survival import survive

CASES = {  # objectives, variables, population, objective
    "ZDT1": (2, 30, 1_000_000, zdt1),
    "DTLZ2": (5, 14, 100_000, lambda X: dtlz2(X, 5)),
}


def peak():
    """Bytes of memory that this process had at most so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def timed(function, *arguments):
    began = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - began, result


def measure(name, n):
    """Seconds by part, and the multiple of X."""
    n_obj, n_var, _, objective = CASES[name]

    class Shape(pt.Problem):
        space = pt.Real(0, 1, n=n_var)
        objectives = {f"f{j}": "min" for j in range(n_obj)}

        def evaluate_batch(self, X):
            raise NotImplementedError  # it is told

    before, told = peak(), []
    machine = pt.NSGA2(size=n).start(Shape(), seed=1)
    for _ in range(3):
        ask, batch = timed(machine.ask)
        told.append(objective(batch.X))
        tell, _ = timed(lambda batch=batch: machine.tell(batch, F=told[-1]))
    multiple = (peak() - before) / batch.X.nbytes
    rng, X = np.random.default_rng(1), batch.X
    everyone = np.concatenate(told[:2])  # those that were selected from
    ranks, _ = timed(pt.nondominated_rank, everyone)
    survival, kept = timed(survive, everyone, None, n, rng)
    mates = Mates(np.arange(n), X, kept.rank, kept.score, everyone[kept.rows], np.zeros(n))
    children, _ = timed(breeding_for(Shape.space).children, n, mates, rng, None)
    duplicates, _ = timed(RowSet(n_var, X.dtype).add, X)
    return {
        "ranks of 2 n": ranks,
        "survival, ranks included": survival,
        "children": children,
        "set of n rows": duplicates,
        "generation": ask + tell,
    }, multiple


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--size", type=int, metavar="N", help="of the population, for all problems")
    options = parser.parse_args()
    lines = []
    for name in options.problems:
        n_obj, n_var, usual, _ = CASES[name]
        n = options.size or usual
        with multiprocessing.get_context("spawn").Pool(1) as pool:  # a fresh process each
            seconds, multiple = pool.apply(measure, (name, n))
        if not lines:
            lines = [f"| seconds | {' | '.join(seconds)} | peak memory / X |", "|---" * 7 + "|"]
            print("\n".join(lines))
        cells = " | ".join(f"{value:.3f}" for value in seconds.values())
        print(f"| {name}, {n} x {n_var}, {n_obj} objectives | {cells} "
              f"| {multiple:.1f} ({n * n_var * 8 / 1e6:.0f} MB) |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
