"""The problems: one vectorized NumPy objective for all that take one."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


def zdt1(X):
    """(n, 2) of (n, n_var >= 2) in [0, 1]. Source: Zitzler, Deb, Thiele 2000, definition 4."""
    first, n_var = X[:, 0], X.shape[1]
    g = 1 + 9 / (n_var - 1) * X[:, 1:].sum(axis=1)
    return np.stack([first, g * (1 - np.sqrt(first / g))], axis=1)


def dtlz2(X, n_obj=3):
    """(n, n_obj) of (n, n_var) in [0, 1]. Source: Deb, Thiele, Laumanns, Zitzler 2002, eq. 9."""
    angles = np.pi / 2 * X[:, : n_obj - 1]
    F = 1 + np.square(X[:, n_obj - 1 :] - 0.5).sum(axis=1, keepdims=True).repeat(n_obj, axis=1)
    F[:, :-1] *= np.cos(angles).cumprod(axis=1)[:, ::-1]
    F[:, 1:] *= np.sin(angles)[:, ::-1]
    return F


@dataclass(frozen=True)
class Case:
    """A problem in the unit cube, minimized."""

    name: str
    n_var: int
    n_obj: int
    objective: Callable


CASES = {case.name: case for case in (Case("ZDT1", 30, 2, zdt1), Case("DTLZ2", 12, 3, dtlz2))}
