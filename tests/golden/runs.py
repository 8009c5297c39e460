"""The golden runs: small, whole, one of every algorithm on every kind of space.

`python tests/golden/runs.py` prints them anew, for when a change of the numbers is meant.
"""

import hashlib
import json
import platform
from pathlib import Path

import numpy as np
import toy

import paretide as pt

FILE = Path(__file__).with_name("runs.json")

ALGORITHMS = {
    "auto": pt.Auto(screen=None),  # what a model picks depends on the processor
    "random": pt.RandomSearch(),
    "sobol": pt.Sobol(),
    "grid": pt.Grid(),
    "nsga2": pt.NSGA2(size=20),
    "nsga2-once": pt.NSGA2(size=21, crowding="once", duplicates=None),
    "dnsga2": pt.DynamicNSGA2(start=4, max_size=24, first_tau=60, tau=40),
    "nsga2-truthful": pt.NSGA2(size=20, crowding="truthful"),
    "nsga2-balanced": pt.NSGA2(size=20, ties="balanced"),
    "concurrent-dnsga2": pt.ConcurrentDynamicNSGA2(start=4, max_size=24, base=8),
    "nsga2-steady": pt.NSGA2(size=20, mode="steady", window=9),
    "evolution": pt.Evolution(size=20, offspring=13),
}
PROBLEMS = {
    "real": toy.Schaffer(),
    "mixed": toy.Mixed(),
    "binary": pt.OneMinMax(20),
    "failing": toy.Flaky(),
}


def platform_name():
    """Bits of transcendental functions may differ between these."""
    return f"{platform.machine()} {platform.system()} {' '.join(platform.libc_ver())}"


def figures(problem, algorithm):
    """What a run is compared by: a hash of everything evaluated, and a sum that tolerates bits."""
    result = pt.minimize(problem, algorithm, budget=300, seed=2026)
    evaluations = result.run.evaluations
    X = evaluations.X[np.argsort(evaluations.ids)]
    digest = hashlib.sha256(X.tobytes() + result.population.ids.tobytes())
    F = result.population.F
    return {
        "sha256": digest.hexdigest(),
        "first": np.round(X[0].astype(float), 9).tolist(),
        "mean": F.mean(axis=0).tolist(),
        "best": F.min(axis=0).tolist(),
    }


def all_figures():
    return {
        f"{a}/{p}": figures(problem, algorithm)
        for a, algorithm in ALGORITHMS.items()
        for p, problem in PROBLEMS.items()
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps({"platform": platform_name(), "runs": all_figures()}, indent=1))
