"""What passing an evaluation through workers costs: 10 000 evaluations that take no time.

Once one candidate at a time (``evaluate``), once in chunks (``evaluate_batch``).
"""

import argparse
import time

import numpy as np

import paretide as pt

EXECUTORS = {
    "serial": pt.SerialExecutor,
    "2 processes": lambda: pt.ProcessExecutor(workers=2),
    "2 Ray actors": lambda: pt.RayExecutor(workers=2),
}


class Single(pt.Problem):
    """One at a time."""

    space = pt.Real(0, 1, n=10)
    objectives = {"f": "min", "g": "min"}

    def evaluate(self, x, ctx):
        return {"f": float(x[0]), "g": float(1 - x[0])}


class Batched(pt.Problem):
    """In chunks of 250."""

    space = pt.Real(0, 1, n=10)
    objectives = {"f": "min", "g": "min"}
    batch_size = 250

    def evaluate_batch(self, X):
        return np.stack([X[:, 0], 1 - X[:, 0]], axis=1)


def microseconds(problem, executor, evaluations):
    """Of one evaluation, from the end of the first generation to the end of the run."""
    began = []

    def note(progress):
        began.append((time.perf_counter(), progress.evaluations))

    pt.minimize(
        problem, pt.NSGA2(size=500), budget=evaluations, seed=1, executor=executor, callbacks=[note]
    )
    return 1e6 * (began[-1][0] - began[0][0]) / (began[-1][1] - began[0][1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--evaluations", type=int, default=10_000)
    options = parser.parse_args()
    print("| executor | one at a time, us each | in chunks of 250, us each |\n|---|---|---|")
    for name, make in EXECUTORS.items():
        costs = [microseconds(p, make(), options.evaluations) for p in (Single(), Batched())]
        print(f"| {name} | {costs[0]:.0f} | {costs[1]:.0f} |", flush=True)


if __name__ == "__main__":
    main()
