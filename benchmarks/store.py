"""What keeping a run costs: the same run with and without a store, interleaved, as a ratio.

Once with evaluations of 1 ms, once vectorized with 20 us each; then size and reading of the file.
"""

import argparse
import logging
import tempfile
import time
from pathlib import Path

import numpy as np

import paretide as pt


def wait(seconds: float) -> None:
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        pass


class Single(pt.Problem):
    """ZDT1, 1 ms a candidate."""

    space = pt.Real(0, 1, n=30)
    objectives = {"f1": "min", "f2": "min"}

    def evaluate(self, x, ctx):
        wait(1e-3)
        g = 1 + 9 * x[1:].mean()
        return {"f1": x[0], "f2": g * (1 - np.sqrt(x[0] / g))}


class Vectorized(pt.Problem):
    """ZDT1, 20 us a candidate."""

    space = pt.Real(0, 1, n=30)
    objectives = {"f1": "min", "f2": "min"}

    def evaluate_batch(self, X):
        wait(20e-6 * len(X))
        g = 1 + 9 * X[:, 1:].mean(axis=1)
        return np.stack([X[:, 0], g * (1 - np.sqrt(X[:, 0] / g))], axis=1)


def seconds(problem: pt.Problem, budget: int, store: Path | None) -> float:
    if store is not None:
        store.unlink(missing_ok=True)
    began = time.perf_counter()
    pt.minimize(problem, pt.NSGA2(size=100), budget=budget, seed=1, store=store)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # that a script's own class must be named to resume
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.h5"
        seconds(Vectorized(), 200, path)  # imports
        for problem, budget in ((Single(), 5_000), (Vectorized(), 100_000)):
            pairs = [
                (seconds(problem, budget, None), seconds(problem, budget, path))
                for _ in range(options.repeats)
            ]
            share = np.median([1 - without / kept for without, kept in pairs])
            print(f"{problem.__doc__} {budget} evaluations: the store takes {share:.1%} of the run")
        raw = 100_000 * 8 * (30 + 2 + 1)
        size = path.stat().st_size
        began = time.perf_counter()
        pt.open_run(path)
        opened = time.perf_counter() - began
        print(
            f"100000 x 30: {size} bytes, {size / raw:.3f} of X, F and ids; opened in {opened:.3f} s"
        )


if __name__ == "__main__":
    main()
