"""Is this installation sound? Each check is tried, not looked up."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes:
        what: Was checked.
        ok: False if runs would fail; None if something optional is missing.
        detail: What was found, or what to do.
    """

    what: str
    ok: bool | None
    detail: str


def examine() -> list[Finding]:
    """All checks."""
    checks: list[tuple[str, Callable[[], str]]] = [
        ("compiled core", _kernels),
        ("store", _store),
        ("hypervolume", _hypervolume),
    ]
    findings = [Finding("python", True, f"{platform.python_version()} on {platform.platform()}")]
    for what, check in checks:
        try:
            findings.append(Finding(what, True, check()))
        except Exception as error:  # a doctor reports whatever is wrong
            findings.append(Finding(what, False, f"{type(error).__name__}: {error}"))
    extras = {"ray": "ray", "scikit-learn": "demo", "matplotlib": "plot"}
    for package, extra in extras.items():
        try:
            findings.append(Finding(package, True, version(package)))
        except PackageNotFoundError:
            findings.append(
                Finding(package, None, f"not installed: pip install 'paretide[{extra}]'")
            )
    return findings


def _kernels() -> str:
    """The compiled ranks and distances equal those of the plain oracle."""
    from .cext import crowding, dominance, reference

    rng = np.random.default_rng(1)
    for n_obj in (1, 2, 3, 5):
        F = rng.integers(0, 12, size=(200, n_obj)).astype(np.float64)  # many ties
        if not np.array_equal(dominance.nondominated_rank(F), reference.nondominated_rank(F)):
            raise RuntimeError(f"wrong ranks with {n_obj} objectives: install again")
        order = crowding.sort_objectives(F)
        if not np.array_equal(
            crowding.crowding_distance(F, order), reference.crowding_distance(F, order)
        ):
            raise RuntimeError(f"wrong distances with {n_obj} objectives: install again")
    return f"paretide {version('paretide')}, NumPy {np.__version__}, kernels equal their oracles"


def _store() -> str:
    """A run is written, killed in its journal, resumed, and equal to the uninterrupted one."""
    import h5py

    from .engine.algorithms.nsga2 import NSGA2
    from .engine.runs.minimize import minimize
    from .engine.runs.resume import resume
    from .problems.suites.onemax import OneMinMax

    whole = minimize(OneMinMax(n=16), NSGA2(size=8), budget=64, seed=1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.h5"
        minimize(OneMinMax(n=16), NSGA2(size=8), budget=37, seed=1, store=path)
        resumed = resume(path, budget=27)
    if not np.array_equal(whole.X, resumed.X):
        raise RuntimeError("a resumed run differs from an uninterrupted one")
    return f"h5py {h5py.__version__}, HDF5 {h5py.version.hdf5_version}: written, resumed, equal"


def _hypervolume() -> str:
    from .operators.indicators import hypervolume

    value = hypervolume(np.array([[0.0, 0.5], [0.5, 0.0]]), np.array([1.0, 1.0]))
    if value != 0.75:
        raise RuntimeError(f"moocore gives {value} instead of 0.75")
    return f"moocore {version('moocore')}"
