"""What telling one outcome in steady state costs survival, against a full selection of N + 1 rows.

In each of three populations: "one front" in which nobody dominates anybody; "cloud", uniform in the
unit cube; and "twins", two fronts of which every newcomer pushes half back, where each row of the
second is dominated by a single one of the first: the case in which a telling is not O(m N).
"""

import argparse
import statistics
import time

import numpy as np

import paretide as pt
from paretide.engine.algorithms.members import Members
from paretide.operators.survival import nondominated_rank, survive
from paretide.problems.definition import read_definition


class Nothing(pt.Problem):
    """Only its shape counts."""

    space = pt.Real(0, 1, n=10)

    def __init__(self, n_obj):
        self.objectives = {f"f{j}": "min" for j in range(n_obj)}

    def evaluate(self, x, ctx):
        raise NotImplementedError


def simplex(rng, n, n_obj):
    """(n, n_obj) points of sum 1, uniform."""
    return rng.dirichlet(np.ones(n_obj), n)


def one_front(rng, n, n_obj, tellings):
    return simplex(rng, n, n_obj), simplex(rng, tellings, n_obj)


def cloud(rng, n, n_obj, tellings):
    return rng.random((n, n_obj)), rng.random((tellings, n_obj))


def twins(rng, n, n_obj, tellings):
    """Newcomers dominate half of each front: the points with no objective below ``low``."""
    low = (1 - 0.5 ** (1 / (n_obj - 1))) / n_obj
    front = simplex(rng, n // 2, n_obj)
    return np.concatenate([front, front + 1e-9]), np.full((tellings, n_obj), low - 1e-9)


def measure(make, n, n_obj, tellings, selections):
    """Median microseconds of a telling and of a full selection, each of the same population."""
    rng = np.random.default_rng(n)
    definition = read_definition(Nothing(n_obj))
    first, newcomers = make(rng, n, n_obj, tellings)
    G, X = np.empty(0), rng.random((n + 1, definition.space.n_var))
    population = Members(definition, n, pt.RankAndCrowding())
    for id, F in enumerate(first):
        population.add(id, X[id], b"", F, G, F, 0.0, rng)
    told, selected = [], []
    for k, F in enumerate(newcomers):
        members = population.copy()
        everyone = np.concatenate([members.minimized[:n], F[None]])
        violation = np.zeros(n + 1)
        began = time.perf_counter()
        members.add(n, X[n], b"", F, G, F, 0.0, rng)
        told.append(time.perf_counter() - began)
        if k < selections:
            began = time.perf_counter()
            survive(everyone, violation, n, rng)
            selected.append(time.perf_counter() - began)
    np.testing.assert_array_equal(members.rank[:n], nondominated_rank(members.minimized[:n]))
    return 1e6 * statistics.median(told), 1e6 * statistics.median(selected)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument("--tellings", type=int, default=100)
    options = parser.parse_args()
    print("| objectives | population | N | telling, us | full selection, us | full / telling |")
    print("|---|---|---|---|---|---|")
    for n_obj in (2, 3):
        for make in (one_front, cloud, twins):
            for n in options.sizes:
                selections = max(5, 20_000 // n)
                told, selected = measure(make, n, n_obj, options.tellings, selections)
                name = make.__name__.replace("_", " ")
                print(f"| {n_obj} | {name} | {n} | {told:.0f} | {selected:.0f} "
                      f"| {selected / told:.1f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
