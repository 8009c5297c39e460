"""Guards the kernels against becoming slower, by ratios that a noisy machine hardly changes.

Every case is timed side by side with sorting 10 000 random numbers, round by round; its figure is
the median of time over time.

    python benchmarks/kernels.py                                   # prints them
    python benchmarks/kernels.py --save benchmarks/kernels.json    # keeps them
    python benchmarks/kernels.py --check benchmarks/kernels.json   # exits 1 if one has grown

Ratios carry over between processors of one kind only: on another, save before a change and check
after it.
"""

import argparse
import json
import re
import sys
import time
from functools import partial
from itertools import cycle
from pathlib import Path

import numpy as np

import paretide as pt
from paretide.engine.algorithms.breeding import Mates, breeding_for
from paretide.operators.duplicates import RowSet
from paretide.operators.mating import binary_tournament
from paretide.operators.survival import survive
from paretide.operators.survival.incremental import Ranked

SECONDS = 0.003  # of work at least in a timing
COLUMN = np.random.default_rng(0).random(10_000)


def cloud(n, n_obj, rng):
    """Uniform in the unit cube: many fronts for few objectives, few for many."""
    return rng.random((n, n_obj))


def front(n, n_obj, rng):
    """One front."""
    return rng.dirichlet(np.ones(n_obj), n)


def ladder(n, n_obj, rng):
    """As many fronts as points."""
    return rng.permutation(n)[:, None] + np.zeros(n_obj)


def tied(n, n_obj, rng):
    """Ten values in each objective."""
    return rng.integers(0, 10, (n, n_obj)).astype(float)


RANKED = [
    *((make, n, n_obj) for make in (front, cloud) for n_obj in (2, 3, 5) for n in (200, 2_000)),
    *((make, 2_000, n_obj) for make in (ladder, tied) for n_obj in (2, 3)),
    *((cloud, 20_000, n_obj) for n_obj in (2, 3)),
]
SURVIVED = [
    *((make, n, n_obj, "current") for make in (front, cloud) for n_obj in (2, 3)
      for n in (200, 2_000)),
    *((front, 200, 3, crowding) for crowding in ("once", "truthful")),
]  # fmt: skip


def cases():
    """Name and function of everything that is guarded."""
    rng = np.random.default_rng(1)
    for make, n, n_obj in RANKED:
        F = make(n, n_obj, rng)
        yield f"ranks, {make.__name__}, {n} x {n_obj}", partial(pt.nondominated_rank, F)
    for make, n, n_obj, crowding in SURVIVED:
        F = make(n, n_obj, rng)
        half = partial(survive, F, None, n // 2, rng, crowding)
        yield f"survival of half, {crowding}, {make.__name__}, {n} x {n_obj}", half
    for n_obj in (2, 3):
        F = front(2_000, n_obj, rng)
        yield f"crowding distance, {len(F)} x {n_obj}", partial(pt.crowding_distance, F)
    for n in (100, 1_000):
        rank, distance = rng.integers(0, 3, n), rng.random(n)
        yield f"tournament, {n}", partial(binary_tournament, rank, distance, n, rng)
        for what, space in (("real", pt.Real(0, 1, n=30)), ("bits", pt.Binary(100))):
            breeding = breeding_for(space)
            X = breeding.children(n, None, rng, None).X
            mates = Mates(np.arange(n), X, rank, distance, front(n, 2, rng), np.zeros(n))
            yield (
                f"children, {what}, {n} x {space.n_var}",
                partial(breeding.children, n, mates, rng, None),
            )
        X = rng.random((n, 30))
        yield f"set of rows, {n} x 30", partial(_set_of_rows, X)
    for n_obj in (2, 3):
        yield f"telling one, 1000 x {n_obj}", telling(cloud(1_001, n_obj, rng), rng)
    for n in (100, 1_000):
        yield f"generation, ask and tell, {n} x 30", generation(n)


def _set_of_rows(X):
    RowSet(X.shape[1], X.dtype).add(X)


def telling(F, rng):
    """A row joins the population of the others, in steady state, and the worst goes."""
    n, n_obj = len(F) - 1, F.shape[1]
    violation, distance, rank = np.zeros(n + 1), np.empty(n + 1), np.empty(n + 1, dtype=np.int64)
    order = np.empty((n_obj, n + 1), dtype=np.int64)
    newcomers = cycle(F.copy())
    ranked = Ranked(F, violation, rank, distance, order)
    for row in range(n):
        ranked.insert(row, rng.bit_generator)

    def tell():
        F[n] = next(newcomers)
        ranked.replace(n, rng.bit_generator)

    return tell


class Cheap(pt.Problem):
    """Two objectives that cost next to nothing."""

    space = pt.Real(0, 1, n=30)
    objectives = {"f": "min", "g": "min"}

    def evaluate_batch(self, X):
        raise NotImplementedError  # it is told


def generation(n):
    """Everything that the engine does in a generation."""
    machine = pt.NSGA2(size=n).start(Cheap(), seed=1)

    def ask_and_tell():
        batch = machine.ask()
        first = batch.X[:, 0]
        machine.tell(batch, F=np.stack([first, batch.X[:, 1] + (1 - first) ** 2], axis=1))

    return ask_and_tell


def seconds(function, calls):
    began = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - began) / calls


def measure(function, rounds):
    """Median ratio to the sorting, and median microseconds."""
    sides = function, partial(np.sort, COLUMN, kind="stable")
    calls = [max(1, round(SECONDS / min(seconds(f, 1) for _ in range(3)))) for f in sides]
    pairs = np.array([list(map(seconds, sides, calls)) for _ in range(rounds)])
    return float(np.median(pairs[:, 0] / pairs[:, 1])), 1e6 * float(np.median(pairs[:, 0]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default="", metavar="PATTERN", help="cases whose name has it")
    parser.add_argument("--save", type=Path, metavar="FILE")
    parser.add_argument("--check", type=Path, metavar="FILE")
    parser.add_argument("--tolerance", type=float, default=1.5, help="of a ratio to the kept one")
    options = parser.parse_args()
    kept = json.loads(options.check.read_text()) if options.check else {}
    ratios, worse = {}, []
    print("| kernel | us | times sorting | of the kept |\n|---|---|---|---|")
    for name, function in cases():
        if not re.search(options.only, name):
            continue
        ratio, microseconds = measure(function, options.rounds)
        if name in kept and ratio > options.tolerance * kept[name]:  # a fluke or the truth?
            ratio = min(ratio, measure(function, 3 * options.rounds)[0])
        change = f"{ratio / kept[name]:.2f}" if name in kept else ""
        print(f"| {name} | {microseconds:.1f} | {ratio:.4f} | {change} |", flush=True)
        ratios[name] = ratio
        if name in kept and ratio > options.tolerance * kept[name]:
            worse.append(f"{name}: {ratio:.4f} times sorting, {change} times what was kept")
    if options.check and not ratios.keys() & kept.keys():
        sys.exit(f"{options.check} holds none of these cases; keep them with --save")
    if options.save:
        options.save.write_text(json.dumps(ratios, indent=1) + "\n")
    if worse:
        sys.exit("slower than before:\n" + "\n".join(worse))


if __name__ == "__main__":
    main()
